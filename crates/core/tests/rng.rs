//! The generators: known answers, exact relations between draws, distributions, and PyTorch's numbers.

use langevin_core::rng::{Philox, TorchGenerator, philox4x32};
use proptest::prelude::*;

/// Known answers of Random123 1.14 (`kat_vectors`, philox4x32 with 10 rounds).
#[test]
fn philox_known_answers() {
    let cases = [
        ([0; 2], [0; 4], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
        ([u32::MAX; 2], [u32::MAX; 4], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
        (
            [0xa409_3822, 0x299f_31d0],
            [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
        ),
    ];
    for (key, counter, words) in cases {
        assert_eq!(philox4x32(key, counter), words);
    }
}

#[test]
fn streams_are_counters_under_the_seed() {
    let (seed, purpose, index) = (0x299f_31d0_a409_3822, 0x85a3_08d3, 0x0370_7344_1319_8a2e);
    let mut stream = Philox::new(seed, purpose, index);
    for block in 0..3 {
        let words =
            philox4x32([0xa409_3822, 0x299f_31d0], [block, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344]);
        assert_eq!([(); 4].map(|()| stream.next_u32()), words);
    }
    // The high half of a purpose counts, folded into the low one.
    let mut folded = Philox::new(seed, purpose ^ 7 | 7 << 32, index);
    assert_eq!(folded.next_u32(), Philox::new(seed, purpose, index).next_u32());
    let mut other = Philox::new(seed, purpose | 7 << 32, index);
    assert_ne!(other.next_u64(), Philox::new(seed, purpose, index).next_u64());
}

#[test]
fn fills_use_the_words_of_whole_blocks() {
    let mut words = Philox::new(5, 6, 7);
    let mut stream = Philox::new(5, 6, 7);
    let mut uniform = [0.0; 101];
    stream.fill_uniform(&mut uniform);
    for number in uniform {
        assert_eq!(number, (words.next_u32() >> 8) as f32 / 16_777_216.0);
    }
    // 101 numbers end in block 25, so both go on with block 26.
    (0..3).for_each(|_| _ = words.next_u32());
    assert_eq!(stream.next_u64(), words.next_u64());

    // A fill within a block starts at the next one: block 27.
    let mut normal = [0.0; 50];
    stream.fill_normal(&mut normal);
    (0..2).for_each(|_| _ = words.next_u32());
    for pair in normal.chunks_exact(2) {
        let u = (f64::from(words.next_u32()) + 0.5) / 4_294_967_296.0;
        let v = f64::from(words.next_u32()) / 4_294_967_296.0;
        let (r, theta) = ((-2.0 * u.ln()).sqrt(), std::f64::consts::TAU * v);
        for (number, expected) in pair.iter().zip([r * theta.cos(), r * theta.sin()]) {
            let error = (f64::from(*number) - expected).abs();
            assert!(error <= 6e-8 * expected.abs() + 1e-15, "{number} is not {expected}");
        }
    }
}

#[test]
fn scalar_draws_are_the_documented_functions_of_the_words() {
    let mut words = Philox::new(1, 2, 3);
    let mut stream = Philox::new(1, 2, 3);
    for _ in 0..1000 {
        let (low, high) = (u64::from(words.next_u32()), u64::from(words.next_u32()));
        let bits = (high << 32 | low) >> 11;
        assert_eq!(stream.uniform(), bits as f64 / (1_u64 << 53) as f64);
    }
    for _ in 0..1000 {
        let (u, v) = (1.0 - words.uniform(), words.uniform());
        let expected = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
        assert!((stream.normal() - expected).abs() < 1e-14);
    }
}

/// The first numbers of seed 0, to the bit: a change of any of them changes every picture made with a seed.
#[test]
fn numbers_stay_the_same() {
    let mut normal = [0.0; 8];
    Philox::new(0, 0, 0).fill_normal(&mut normal);
    let bits = [
        1065204531, 3211572912, 3206421407, 3203846578, 3189592919, 1043933805, 1062530200,
        1045048739,
    ];
    assert_eq!(normal.map(f32::to_bits), bits);
    assert_eq!(Philox::new(0, 0, 0).normal().to_bits(), 13833369040774220211);
}

/// Largest distance between the empirical distribution of `numbers` and `cdf` (Kolmogorov–Smirnov).
fn ks_distance(numbers: &mut [f64], cdf: impl Fn(f64) -> f64) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let n = numbers.len() as f64;
    let steps = numbers.iter().enumerate();
    steps.fold(0.0, |d, (i, &x)| {
        d.max((cdf(x) - i as f64 / n).abs()).max((i as f64 + 1.0) / n - cdf(x))
    })
}

/// Φ by Simpson's rule on the density from 0 to `x`, right to 1e-9 for |x| < 7.
fn normal_cdf(x: f64) -> f64 {
    let density = |t: f64| (-0.5 * t * t).exp() / std::f64::consts::TAU.sqrt();
    let h = x / 100.0;
    let odd: f64 = (0..50).map(|i| density(h * f64::from(2 * i + 1))).sum();
    let even: f64 = (1..50).map(|i| density(h * f64::from(2 * i))).sum();
    0.5 + h / 3.0 * (density(0.0) + 4.0 * odd + 2.0 * even + density(x))
}

/// Means of the first four powers.
fn moments(numbers: &[f64]) -> [f64; 4] {
    [1, 2, 3, 4]
        .map(|power| numbers.iter().map(|x| x.powi(power)).sum::<f64>() / numbers.len() as f64)
}

/// Draws of many streams in one sample, so that streams are tested against each other as well.
fn sample(draw: impl Fn(&mut Philox) -> Vec<f64>) -> Vec<f64> {
    (0..200).flat_map(|index| draw(&mut Philox::new(2024, 1, index))).collect()
}

const DRAWS: usize = 1001;

/// Moments within 4.5 standard errors, and the Kolmogorov–Smirnov distance below its quantile for a chance of 1e-4.
#[track_caller]
fn assert_distribution(mut numbers: Vec<f64>, expected: [f64; 8], cdf: impl Fn(f64) -> f64) {
    let n = numbers.len() as f64;
    let found = moments(&numbers);
    for power in 1..=4 {
        let mean = expected[power - 1];
        let error = ((expected[2 * power - 1] - mean * mean) / n).sqrt();
        let found = found[power - 1];
        assert!(
            (found - mean).abs() < 4.5 * error,
            "moment {power} is {found}, not {mean} ± {error}"
        );
    }
    let distance = ks_distance(&mut numbers, cdf);
    assert!(distance < 2.23 / n.sqrt(), "Kolmogorov–Smirnov distance {distance} of {n} numbers");
}

/// The first eight moments.
const UNIFORM: [f64; 8] =
    [1.0 / 2.0, 1.0 / 3.0, 1.0 / 4.0, 1.0 / 5.0, 1.0 / 6.0, 1.0 / 7.0, 1.0 / 8.0, 1.0 / 9.0];
const NORMAL: [f64; 8] = [0.0, 1.0, 0.0, 3.0, 0.0, 15.0, 0.0, 105.0];

#[test]
fn uniform_numbers_are_uniform() {
    assert_distribution(sample(|p| (0..DRAWS).map(|_| p.uniform()).collect()), UNIFORM, |x| x);
    let fill = |p: &mut Philox| {
        let mut numbers = [0.0; DRAWS];
        p.fill_uniform(&mut numbers);
        numbers.map(f64::from).to_vec()
    };
    assert_distribution(sample(fill), UNIFORM, |x| x);
}

#[test]
fn normal_numbers_are_normal() {
    assert_distribution(sample(|p| (0..DRAWS).map(|_| p.normal()).collect()), NORMAL, normal_cdf);
    let fill = |p: &mut Philox| {
        let mut numbers = [0.0; DRAWS];
        p.fill_normal(&mut numbers);
        numbers.map(f64::from).to_vec()
    };
    assert_distribution(sample(fill), NORMAL, normal_cdf);
    let mut generator = TorchGenerator::new(2024);
    let mut numbers = vec![0.0; 200 * DRAWS];
    generator.randn(&mut numbers);
    assert_distribution(numbers.into_iter().map(f64::from).collect(), NORMAL, normal_cdf);
    let mut numbers = vec![0.0; 200 * DRAWS];
    numbers.chunks_mut(15).for_each(|short| generator.randn(short));
    assert_distribution(numbers.into_iter().map(f64::from).collect(), NORMAL, normal_cdf);
}

/// Products of neighbours, of numbers `lag` apart and of neighbouring streams have mean 0.
#[test]
fn normal_numbers_are_uncorrelated() {
    let streams: Vec<Vec<f32>> = (0..100)
        .map(|index| {
            let mut numbers = vec![0.0; 1024];
            Philox::new(7, 0, index).fill_normal(&mut numbers);
            numbers
        })
        .collect();
    let check = |what: &str, products: Vec<f32>| {
        let n = products.len() as f32;
        let mean = products.iter().sum::<f32>() / n;
        assert!(mean.abs() < 4.5 / n.sqrt(), "{what}: {mean}");
    };
    for lag in 1..=32 {
        let lagged = streams.iter().flat_map(|s| s.iter().zip(&s[lag..])).map(|(a, b)| a * b);
        check(&format!("lag {lag}"), lagged.collect());
    }
    let across = streams.windows(2).flat_map(|w| w[0].iter().zip(&w[1])).map(|(a, b)| a * b);
    check("streams", across.collect());
}

/// χ² of `counts` against equal counts, in standard deviations from its mean.
fn chi_squared(counts: &[u32]) -> f64 {
    let expected = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
    let chi: f64 = counts.iter().map(|&c| (f64::from(c) - expected).powi(2) / expected).sum();
    let freedom = counts.len() as f64 - 1.0;
    (chi - freedom) / (2.0 * freedom).sqrt()
}

#[test]
fn below_has_no_bias() {
    for n in [1, 2, 3, 10, 97] {
        let mut stream = Philox::new(3, 0, n);
        let mut counts = vec![0; n as usize];
        (0..100_000).for_each(|_| counts[stream.below(n) as usize] += 1);
        if n > 1 {
            assert!(chi_squared(&counts) < 5.0, "below({n}): {counts:?}");
        }
    }
    // With n = 3/4 · 2^64, the high product alone would give half the numbers twice the chance.
    let n = 3_u64 << 62;
    let mut stream = Philox::new(3, 1, 0);
    let mut counts = [0; 3];
    (0..30_000).for_each(|_| counts[(stream.below(n) % 3) as usize] += 1);
    assert!(chi_squared(&counts) < 5.0, "{counts:?}");
    assert_eq!(stream.below(0), 0);
}

#[test]
fn shuffle_gives_every_order_equally_often() {
    let mut counts = [0; 24];
    for index in 0..24_000 {
        let mut items = [0, 1, 2, 3];
        Philox::new(11, 2, index).shuffle(&mut items);
        // Lehmer code: the rank of the order.
        let rank = |i: usize| items[i + 1..].iter().filter(|&&x| x < items[i]).count();
        counts[rank(0) * 6 + rank(1) * 2 + rank(2)] += 1;
    }
    assert!(chi_squared(&counts) < 5.0, "{counts:?}");
}

proptest! {
    #[test]
    fn a_shorter_fill_is_the_start_of_a_longer_one(seed: u64, purpose: u64, index: u64, n in 0_usize..200, more in 0_usize..200) {
        let fill = |n| {
            let mut numbers = vec![0.0; n];
            Philox::new(seed, purpose, index).fill_normal(&mut numbers);
            numbers
        };
        prop_assert_eq!(&fill(n + more)[..n], &fill(n));
    }

    #[test]
    fn fills_in_parts_of_whole_blocks_join(seed: u64, blocks in 0_usize..50, rest in 0_usize..200) {
        let (mut whole, mut parts) = (vec![0.0; 4 * blocks + rest], vec![0.0; 4 * blocks + rest]);
        Philox::new(seed, 0, 0).fill_uniform(&mut whole);
        let mut stream = Philox::new(seed, 0, 0);
        stream.fill_uniform(&mut parts[..4 * blocks]);
        stream.fill_uniform(&mut parts[4 * blocks..]);
        prop_assert_eq!(whole, parts);
    }

    #[test]
    fn shuffle_keeps_the_items(seed: u64, n in 0_usize..300) {
        let mut items: Vec<usize> = (0..n).collect();
        Philox::new(seed, 0, 0).shuffle(&mut items);
        items.sort_unstable();
        prop_assert_eq!(items, (0..n).collect::<Vec<_>>());
    }

    #[test]
    fn numbers_are_in_range(seed: u64, n in 1_u64..) {
        let mut stream = Philox::new(seed, 0, 0);
        for _ in 0..100 {
            prop_assert!(stream.below(n) < n);
            prop_assert!((0.0..1.0).contains(&stream.uniform()));
            prop_assert!(stream.normal().abs() < 8.6);
        }
        let mut numbers = [0.0; 100];
        stream.fill_uniform(&mut numbers);
        prop_assert!(numbers.iter().all(|x| (0.0..1.0).contains(x)));
        stream.fill_normal(&mut numbers);
        prop_assert!(numbers.iter().all(|x| x.abs() < 6.77));
    }
}

/// Everything that torch.randn drew, within 1e-6: PyTorch's logarithm, sine and cosine differ between processors.
#[test]
fn torch_randn_goldens() {
    let mut generator = None;
    let (mut draws, mut largest) = (0, 0_f32);
    for line in include_str!("golden/torch_randn.txt").lines() {
        let mut words = line.split(' ');
        match words.next() {
            Some("seed") => {
                let seed = words.next().and_then(|seed| seed.parse().ok()).expect("a seed");
                generator = Some(TorchGenerator::new(seed));
            }
            Some("draw") => {
                let expected: Vec<f32> =
                    words.map(|word| word.parse().expect("a number")).collect();
                let mut found = vec![0.0; expected.len()];
                generator.as_mut().expect("a seed before the draws").randn(&mut found);
                draws += 1;
                for (a, b) in found.iter().zip(&expected) {
                    largest = largest.max((a - b).abs());
                }
            }
            _ => assert!(line.starts_with('#'), "{line}"),
        }
    }
    assert_eq!(draws, 43);
    assert!(largest <= 1e-6, "largest difference {largest}");
}
