//! Nearest neighbours and the check for memorising.

use langevin_eval::{Error, Points, memorisation, nearest, nearest_other};
use proptest::prelude::*;

/// Plain search over all pairs in f64: index of the first closest point.
fn plain(query: &[f32], reference: &[f32], dim: usize, skipped: Option<usize>) -> (usize, f64) {
    let squared =
        |r: &[f32]| query.iter().zip(r).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
    let all = reference.chunks(dim).map(squared).enumerate().filter(|(i, _)| Some(*i) != skipped);
    let (index, squared) = all.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    (index, squared.sqrt())
}

/// Reproducible values in [−1, 1) without a generator: fractional parts of multiples of the golden ratio.
fn spread(n: usize, offset: usize) -> Vec<f32> {
    (0..n)
        .map(|i| (((i + offset) as f64 * 0.618_033_988_749_894_9).fract() * 2.0 - 1.0) as f32)
        .collect()
}

proptest! {
    #[test]
    fn blocks_find_what_a_plain_search_finds(
        dim in 1..9_usize,
        (n, m) in (1..200_usize, 2..1200_usize),
        seed in any::<u32>(),
    ) {
        // Small whole numbers: products are exact in f32, so that even the order among equals must agree.
        let draw = |i: usize| ((seed.wrapping_add(i as u32).wrapping_mul(2_654_435_761) >> 24) % 17) as f32 - 8.0;
        let queries: Vec<f32> = (0..n * dim).map(draw).collect();
        let reference: Vec<f32> = (0..m * dim).map(|i| draw(i + 1_000_003)).collect();
        let (q, r) = (Points::new(&queries, n, dim).unwrap(), Points::new(&reference, m, dim).unwrap());
        for (found, query) in nearest(q, r).unwrap().iter().zip(queries.chunks(dim)) {
            prop_assert_eq!((found.index, found.distance), plain(query, &reference, dim, None));
        }
        let chosen = [m - 1, 0, m / 2, 0];
        for (found, &i) in nearest_other(r, &chosen).unwrap().iter().zip(&chosen) {
            let expected = plain(&reference[i * dim..(i + 1) * dim], &reference, dim, Some(i));
            prop_assert_eq!((found.index, found.distance), expected);
        }
    }
}

#[test]
fn copies_are_at_distance_zero_at_any_thread_count() {
    let (count, dim) = (700, 97);
    let reference = spread(count * dim, 0);
    let reference = Points::new(&reference, count, dim).unwrap();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| nearest(reference, reference).unwrap())
    };
    let found = run(1);
    assert!(found.iter().enumerate().all(|(i, n)| n.index == i && n.distance == 0.0));
    assert_eq!(found, run(3));
}

#[test]
fn copies_are_counted_and_fresh_points_are_not() {
    let (dim, half) = (12, 400);
    let all = spread(3 * half * dim, 7);
    let training = Points::new(&all[..2 * half * dim], 2 * half, dim).unwrap();
    let held_out = Points::new(&all[2 * half * dim..], half, dim).unwrap();

    let fresh = memorisation(held_out, Some(held_out), training, 5).unwrap();
    assert!(fresh.memorised_share <= 0.01, "{fresh:?}");
    assert_eq!(fresh.nearest_median, fresh.nearest_median_floor);

    // 30 of 100 samples are training points, a little disturbed.
    let mut samples = held_out.values()[..100 * dim].to_vec();
    for i in 0..30 {
        let copied = training.point(5 * i);
        samples[i * dim..(i + 1) * dim].iter_mut().zip(copied).for_each(|(s, c)| *s = c + 1e-4);
    }
    let found =
        memorisation(Points::new(&samples, 100, dim).unwrap(), Some(held_out), training, 40)
            .unwrap();
    assert!(found.near_copies >= 30 && found.memorised_share >= 0.3, "{found:?}");
    assert_eq!(found.closest.len(), 40);
    for pair in &found.closest[..30] {
        assert_eq!(pair.training, 5 * pair.sample);
        assert!((pair.distance - 1e-4 * (dim as f64).sqrt()).abs() < 1e-6, "{pair:?}");
    }
}

#[test]
fn without_held_out_images_the_training_images_are_their_own_floor() {
    let training = [0.0_f32, 1.0, 3.0, 6.0, 10.0];
    let training = Points::new(&training, 5, 1).unwrap();
    let samples = [0.5_f32, 2.0, 8.0];
    let found = memorisation(Points::new(&samples, 3, 1).unwrap(), None, training, 9).unwrap();
    // Distances to the nearest other: 1, 1, 2, 3, 4.
    assert_eq!((found.memorised_threshold, found.nearest_median_floor), (1.0, 2.0));
    assert_eq!((found.memorised_share, found.nearest_median), (1.0 / 3.0, 1.0));
    // 0.5 from 0, whose fellow is at 1: half as far, a near-copy by definition; 2.0 is 1 from 1, whose fellow is at 1.
    assert_eq!(found.near_copies, 1);
    assert_eq!(
        (found.closest[0].sample, found.closest[0].training, found.closest[0].spacing),
        (0, 0, 1.0)
    );
}

#[test]
fn bad_input_is_refused() {
    let line = Points::new(&[1.0, 2.0], 2, 1).unwrap();
    let plane = Points::new(&[1.0, 2.0], 1, 2).unwrap();
    let none = Points::new(&[], 0, 1).unwrap();
    assert!(matches!(nearest(line, plane), Err(Error::Dimensions { first: 1, second: 2 })));
    assert!(matches!(nearest(line, none), Err(Error::TooFew { .. })));
    assert!(matches!(nearest_other(plane, &[0]), Err(Error::TooFew { .. })));
    assert!(matches!(nearest_other(line, &[2]), Err(Error::PointRange { index: 2, count: 2 })));
    assert!(matches!(memorisation(none, Some(line), line, 1), Err(Error::TooFew { .. })));
    assert!(nearest(none, line).unwrap().is_empty());
}
