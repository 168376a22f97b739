//! The discrete bound: exact where the reverse steps are, a closed-form sum of divergences where they are not.
//!
//! All terms of a linear denoiser are quadratic in the noise, so their mean over the noise −1 and +1 is their expectation.

use langevin_core::likelihood::{
    DdpmBound, DiscretisedDecoder, FixedVariance, InterpolatedVariance, OptimalVariance,
    ReverseVariance, Terms, bits_per_dimension, log_normal_interval, log_normal_tail,
    posterior_variance,
};
use langevin_core::rng::Philox;
use langevin_core::{DdpmSchedule, GaussianMixture, Level, Result, Schedule};
use proptest::prelude::*;

/// Standard deviation of the data.
const STD: f64 = 0.6;

fn gaussian() -> GaussianMixture {
    GaussianMixture::new(vec![1.0], vec![vec![0.0]], vec![vec![STD]]).unwrap()
}

fn levels(count: usize) -> Vec<Level> {
    let schedule = DdpmSchedule::linear();
    (1..=count).map(|i| schedule.level(i as f64 / count as f64)).collect()
}

/// `Var[clean | x]` of the Gaussian.
fn spread(_: &Vec<f64>, at: Level) -> Result<Vec<f64>> {
    let variance = STD * STD;
    Ok(vec![variance * at.sigma.powi(2) / ((at.alpha * STD).powi(2) + at.sigma.powi(2))])
}

/// The expectation over the noise of all terms for the clean number `x`.
fn expected(bound: &DdpmBound<'_, Vec<f64>>, x: f64) -> Terms {
    let at = |noise: f64| bound.terms(&vec![x], |_| Ok(vec![noise])).unwrap().remove(0);
    let (a, b) = (at(-1.0), at(1.0));
    let mean = |a: &f64, b: &f64| 0.5 * (a + b);
    Terms {
        prior: a.prior,
        denoising: a.denoising.iter().zip(&b.denoising).map(|(a, b)| mean(a, b)).collect(),
        reconstruction: mean(&a.reconstruction, &b.reconstruction),
    }
}

/// With the true variance of the reverse steps and the true prior the bound is `−ln p` at every number, for any chain.
#[test]
fn the_gap_is_zero_for_exact_reverse_steps() {
    let data = gaussian();
    let optimal = OptimalVariance(spread);
    for steps in [1, 2, 10, 1000] {
        let levels = levels(steps);
        let last = levels[steps - 1];
        let prior = (last.alpha * STD).powi(2) + last.sigma.powi(2);
        let bound = DdpmBound::new(levels, &data, &optimal).unwrap().with_prior(prior);
        for x in [-2.0, -0.3, 0.0, 0.6, 1.7] {
            let truth = -data.log_density(&[x], Level::CLEAN);
            let found = expected(&bound, x).total();
            assert!((found - truth).abs() < 1e-10, "{steps} steps at {x}: {found}, not {truth}");
        }
    }
}

/// With a fixed variance the gap is the sum of the divergences between the true reverse steps and the model's, which have
/// the same means: `½ (r − 1 − ln r)` each, `r` the quotient of their variances.
#[test]
fn the_gap_of_fixed_variances_is_a_sum_of_divergences() {
    let data = gaussian();
    let halves = InterpolatedVariance(|_: &Vec<f64>, _: Level| Ok(vec![0.5]));
    let choices: [(&str, &dyn ReverseVariance<Vec<f64>>); 3] =
        [("small", &FixedVariance::Small), ("large", &FixedVariance::Large), ("half", &halves)];
    for (name, variance) in choices {
        let levels = levels(50);
        let last = levels[49];
        let prior = (last.alpha * STD).powi(2) + last.sigma.powi(2);
        let bound = DdpmBound::new(levels.clone(), &data, variance).unwrap().with_prior(prior);
        let mut gap = 0.0;
        for (index, &from) in levels.iter().enumerate() {
            let to = if index == 0 { Level::CLEAN } else { levels[index - 1] };
            // The true reverse step, by Gaussian conditioning of (x_s, x_t).
            let variance_of = |at: Level| (at.alpha * STD).powi(2) + at.sigma.powi(2);
            let kept = from.alpha / to.alpha;
            let truth = variance_of(to) - (kept * variance_of(to)).powi(2) / variance_of(from);
            let model = variance.variances(&vec![0.0], from, to, 1).unwrap()[0];
            gap += 0.5 * (truth / model - 1.0 - (truth / model).ln());
        }
        // The expectation over the data too, quadratic as it is: the numbers −STD and STD.
        let mean = 0.5 * (expected(&bound, STD).total() + expected(&bound, -STD).total());
        let entropy = 0.5 * (std::f64::consts::TAU * std::f64::consts::E * STD * STD).ln();
        assert!((mean - entropy - gap).abs() < 1e-10, "{name}: {} {gap}", mean - entropy);
        assert!(gap > 1e-3);
    }
}

/// Data that are unit noise make the large variance exact; unit noise is then the prior, too.
#[test]
fn large_variance_is_exact_for_unit_noise() {
    let data = GaussianMixture::new(vec![1.0], vec![vec![0.0]], vec![vec![1.0]]).unwrap();
    let bound = DdpmBound::new(levels(20), &data, &FixedVariance::Large).unwrap();
    for x in [-1.0, 0.2, 2.0] {
        let truth = -data.log_density(&[x], Level::CLEAN);
        assert!((expected(&bound, x).total() - truth).abs() < 1e-10);
    }
}

/// `β̃_t` as in the DDPM paper.
#[test]
fn posterior_variance_is_ddpms() {
    let schedule = DdpmSchedule::linear();
    for t in [1, 10, 500, 999] {
        let at = |i: usize| schedule.level(schedule.time_of_timestep(i as f64));
        let (now, before) = (schedule.alpha_bar(t), schedule.alpha_bar(t - 1));
        let expected = (1.0 - before) / (1.0 - now) * schedule.beta(t);
        let found = posterior_variance(at(t), at(t - 1));
        assert!((found / expected - 1.0).abs() < 1e-9, "{t}: {found} {expected}");
    }
}

/// The interpolated variance runs from the small to the large one, on a logarithmic scale.
#[test]
fn learned_variance_lies_between_the_fixed_ones() {
    let levels = levels(100);
    let (to, from) = (levels[40], levels[41]);
    let x = vec![0.0];
    let at = |v: f64| {
        let learned = InterpolatedVariance(move |_: &Vec<f64>, _: Level| Ok(vec![v]));
        learned.variances(&x, from, to, 1).unwrap()[0]
    };
    let fixed = |kind: FixedVariance| kind.variances(&x, from, to, 1).unwrap()[0];
    let (small, large) = (fixed(FixedVariance::Small), fixed(FixedVariance::Large));
    assert!((at(0.0) / small - 1.0).abs() < 1e-12 && (at(1.0) / large - 1.0).abs() < 1e-12);
    assert!((at(0.5) / (small * large).sqrt() - 1.0).abs() < 1e-12);
}

/// A mixture's bound, averaged over many draws, is above its entropy by more than its error, and the gap goes with one
/// over the number of steps.
#[test]
fn a_mixtures_bound_is_above_the_truth_and_tightens() {
    let data = GaussianMixture::new(
        vec![0.4, 0.6],
        vec![vec![-1.0, 0.5], vec![1.0, 0.0]],
        vec![vec![0.2, 0.3], vec![0.3, 0.2]],
    )
    .unwrap();
    let gap = |steps: usize| {
        // Levels even in log-SNR, whose last is 1e-5 of clean data: the decoder's error is negligible.
        let levels: Vec<Level> = (0..steps)
            .map(|i| {
                let ratio = (1e-2_f64.ln() + 11.0 * i as f64 / (steps - 1) as f64).exp();
                Level::new(1.0 / 1.0_f64.hypot(ratio), ratio / 1.0_f64.hypot(ratio))
            })
            .collect();
        let bound = DdpmBound::new(levels, &data, &FixedVariance::Small).unwrap();
        let count = 1500;
        let gaps: Vec<f64> = (0..count)
            .map(|index| {
                let mut random = Philox::new(3, 0, index);
                let clean = data.draw(&mut random);
                let truth = -data.log_density(&clean, Level::CLEAN);
                let noise = |_| Ok(vec![random.normal(), random.normal()]);
                bound.terms(&clean, noise).unwrap()[0].total() - truth
            })
            .collect();
        let n = count as f64;
        let mean = gaps.iter().sum::<f64>() / n;
        let error = (gaps.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / n / n).sqrt();
        (mean, error)
    };
    let ((coarse, e1), (fine, e2)) = (gap(100), gap(400));
    assert!(fine > 5.0 * e2 && coarse - fine > 5.0 * (e1 + e2), "{coarse} ± {e1}, {fine} ± {e2}");
    // Each step's divergence is of second order in its length, so the gap goes with one over their number.
    assert!(
        (4.0 * fine - coarse).abs() < 5.0 * e1.hypot(4.0 * e2),
        "{coarse} ± {e1}, {fine} ± {e2}"
    );
}

proptest! {
    /// The bins of all values are a partition: their masses add up to 1.
    #[test]
    fn decoder_masses_add_up(mean in -1.5..1.5f64, log_std in -7.0..1.0f64, values in 2usize..300) {
        let decoder = DiscretisedDecoder::new(values).unwrap();
        let value = |i: usize| 2.0 * i as f64 / (values - 1) as f64 - 1.0;
        let variance = (2.0 * log_std).exp();
        let total: f64 = (0..values).map(|i| decoder.log_mass(value(i), mean, variance).exp()).sum();
        prop_assert!((total - 1.0).abs() < 1e-12, "{total}");
    }

    /// Intervals add up, and mirror.
    #[test]
    fn intervals_add_up(a in -12.0..12.0f64, b in 0.001..3.0f64, c in 0.001..3.0f64) {
        let (x, y, z) = (a, a + b, a + b + c);
        let sum = log_normal_interval(x, y).exp() + log_normal_interval(y, z).exp();
        let whole = log_normal_interval(x, z);
        prop_assert!((sum.ln() - whole).abs() < 1e-11, "{} {whole}", sum.ln());
        let mirrored = log_normal_interval(-z, -x);
        prop_assert!((mirrored - whole).abs() < 1e-13 * (1.0 + whole.abs()));
    }
}

/// Values by SciPy's `log_ndtr` and by 50-digit arithmetic.
#[test]
fn normal_logarithms_are_right() {
    let close = |found: f64, expected: f64| {
        assert!((found - expected).abs() <= 2e-14 * expected.abs().max(1e-6), "{found} {expected}");
    };
    for (z, expected) in [
        (-9.5, -1.0494515075362606e-21),
        (-2.5, -0.006229025485860002),
        (-1.0, -0.17275377902344988),
        (0.0, -std::f64::consts::LN_2),
        (0.5, -1.1759117615936185),
        (1.9, -3.5502813255421346),
        (2.1, -4.024944222243985),
        (3.0, -6.607726221510349),
        (5.0, -15.064998393988725),
        (10.0, -53.23128515051247),
        (40.0, -804.6084420137538),
    ] {
        close(log_normal_tail(z), expected);
    }
    for (low, high, expected) in [
        (0.1, 0.2, -3.233180851568642),
        (-0.3, 0.4, -1.2970638476386886),
        (1.9, 2.1, -4.523393052238179),
        (5.0, 5.125, -15.796862522734521),
        (40.0, 40.125, -804.6151290326835),
        (-3.0, 3.0, -0.002703447085475963),
    ] {
        close(log_normal_interval(low, high), expected);
        close(log_normal_interval(-high, -low), expected);
    }
    assert_eq!(log_normal_interval(1.0, 1.0), f64::NEG_INFINITY);
    assert_eq!(log_normal_interval(f64::NEG_INFINITY, f64::INFINITY), 0.0);
    assert!(log_normal_tail(1e3).is_finite());
}

#[test]
fn bits_are_nats_over_ln_2() {
    assert!((bits_per_dimension(std::f64::consts::LN_2 * 12.0, 4) - 3.0).abs() < 1e-15);
}

#[test]
fn hostile_chains_are_refused() {
    let data = gaussian();
    let small = FixedVariance::Small;
    let at = Level::from_alpha_bar;
    for levels in
        [vec![], vec![at(0.5), at(0.9)], vec![Level::CLEAN, at(0.5)], vec![at(0.5), Level::NOISE]]
    {
        assert!(DdpmBound::new(levels, &data, &small).is_err());
    }
    let bound = DdpmBound::new(vec![at(0.9), at(0.5)], &data, &small).unwrap();
    assert!(bound.term(0, &vec![0.0, 1.0], &vec![0.0, 0.0]).is_err());
    let wrong = |_: &Vec<f64>, _: Level, _: Level| Ok(vec![]);
    let bound = DdpmBound::new(vec![at(0.9), at(0.5)], &data, &wrong).unwrap();
    assert!(bound.term(1, &vec![0.0], &vec![0.0]).is_err());
    assert!(DiscretisedDecoder::new(1).is_err());
}
