//! The density along the probability flow against the mixture's own, and the traces it is made of.

use langevin_core::likelihood::{
    Divergence, ExactTrace, FiniteDifference, FlowDensity, Hutchinson, Jacobian, Probe,
};
use langevin_core::rng::Philox;
use langevin_core::{Denoiser, GaussianMixture, Level, Result};
use proptest::prelude::*;

/// Three components with unequal weights and shapes.
fn mixture(d: usize) -> GaussianMixture {
    let part = |k: usize, i: usize| 1.5 * ((3 * k + 2 * i) as f64).sin();
    let std = |k: usize, i: usize| 0.25 + 0.1 * ((k + i) % 3) as f64;
    let table = |f: &dyn Fn(usize, usize) -> f64| {
        (0..3).map(|k| (0..d).map(|i| f(k, i)).collect()).collect()
    };
    GaussianMixture::new(vec![0.5, 0.3, 0.2], table(&part), table(&std)).unwrap()
}

/// Draws of the data, as noisy as the level says.
fn draws(data: &GaussianMixture, at: Level, count: u64) -> Vec<Vec<f64>> {
    (0..count)
        .map(|index| {
            let mut random = Philox::new(7, 1, index);
            let clean = data.draw(&mut random);
            clean.into_iter().map(|c| at.alpha * c + at.sigma * random.normal()).collect()
        })
        .collect()
}

proptest! {
    /// Products of the closed form, of differences, and the traces of both agree.
    #[test]
    fn jacobians_agree(
        x in prop::collection::vec(-2.0..2.0f64, 4),
        v in prop::collection::vec(-1.0..1.0f64, 4),
        alpha in 0.0..1.5f64,
        sigma in 0.2..3.0f64,
    ) {
        let (data, at) = (mixture(4), Level::new(alpha, sigma));
        let differences = FiniteDifference::new(mixture(4), 1e-4);
        let (exact, found) =
            (data.product(&x, &v, at).unwrap(), differences.product(&x, &v, at).unwrap());
        for (exact, found) in exact.iter().zip(&found) {
            // The third derivative is at most of the order of (spread/sigma²)³.
            prop_assert!((exact - found).abs() < 1e-8 * (1.0 + (3.0 * alpha / sigma / sigma).powi(3)), "{exact} {found}");
        }
        let (clean, trace) = data.denoise_with_trace(&x, at).unwrap();
        prop_assert_eq!(clean, data.clean(&x, at));
        let (_, summed) = ExactTrace(data).denoise_with_trace(&x, at).unwrap();
        prop_assert!((trace[0] - summed[0]).abs() < 1e-10 * (1.0 + trace[0].abs()));
    }
}

/// In 2 and 8 dimensions, for a variance-preserving, a variance-exploding and a straight level: within 1e-4 of the truth.
#[test]
fn flow_density_is_the_density() {
    for d in [2, 8] {
        let data = mixture(d);
        for at in
            [Level::new(0.999, 0.002_f64.sqrt() / 2.0), Level::new(1.0, 0.01), Level::new(0.9, 0.1)]
        {
            let flow = FlowDensity::new(at, Level::new(1e-6, 1.0), 400).unwrap();
            for x in draws(&data, at, 30) {
                let found = flow.encode(&x, &data).unwrap().log_density[0];
                let truth = data.log_density(&x, at);
                assert!(
                    (found - truth).abs() < 1e-4,
                    "{d} dimensions at {at:?}: {found}, not {truth}"
                );
            }
        }
    }
}

/// The trace may come one diagonal entry at a time, or from differences of the denoiser alone.
#[test]
fn any_exact_trace_will_do() {
    let (data, at) = (mixture(2), Level::new(0.95, 0.1));
    let flow = FlowDensity::new(at, Level::new(1e-6, 1.0), 300).unwrap();
    for x in draws(&data, at, 5) {
        let truth = data.log_density(&x, at);
        let diagonal = flow.encode(&x, &ExactTrace(mixture(2))).unwrap().log_density[0];
        assert!((diagonal - truth).abs() < 1e-4);
        let differences = ExactTrace(FiniteDifference::new(mixture(2), 1e-5));
        let found = flow.encode(&x, &differences).unwrap().log_density[0];
        assert!((found - truth).abs() < 1e-4, "{found} {truth}");
    }
}

/// The error of the density falls with the fourth power of the step.
#[test]
fn flow_density_has_order_four() {
    let (data, at) = (mixture(2), Level::new(1.0, 0.05));
    let x = draws(&data, at, 1).remove(0);
    let density = |steps: usize| {
        let flow = FlowDensity::new(at, Level::new(1e-3, 1.0), steps).unwrap();
        flow.encode(&x, &data).unwrap().log_density[0]
    };
    let reference = density(6400);
    let error = |steps: usize| (density(steps) - reference).abs();
    let order = (error(200) / error(400)).log2();
    assert!((order - 4.0).abs() < 0.3, "order {order}");
}

/// For one Gaussian the flow is a scaling, so state and density are known in closed form at any noisy end.
#[test]
fn one_gaussian_is_scaled() {
    let (std, at) = (0.5, Level::new(1.0, 0.1));
    let data = GaussianMixture::new(vec![1.0], vec![vec![0.0]], vec![vec![std]]).unwrap();
    let flow = FlowDensity::new(at, Level::new(0.1, 1.0), 400).unwrap();
    let encoded = flow.encode(&vec![0.7], &data).unwrap();
    let spread = |at: Level| (at.alpha * std).hypot(at.sigma) / at.alpha.hypot(at.sigma);
    let start = 0.7 / at.alpha.hypot(at.sigma);
    let factor = spread(Level::new(0.1, 1.0)) / spread(at);
    assert!((encoded.latent[0] - factor * start).abs() < 1e-9);
    let normal = |z: f64| -0.5 * (z * z + std::f64::consts::TAU.ln());
    let expected = normal(factor * start) + factor.ln() - at.alpha.hypot(at.sigma).ln();
    assert!((encoded.log_density[0] - expected).abs() < 1e-9);
}

/// Both probes are right on average: the mean of many estimates is within its standard error (4.5 of them) of the truth,
/// and the spread of single traces is Hutchinson's formula.
#[test]
fn hutchinson_is_unbiased() {
    let (data, at) = (mixture(8), Level::new(0.9, 0.4));
    let x = draws(&data, at, 1).remove(0);
    let flow = FlowDensity::new(at, Level::new(1e-6, 1.0), 150).unwrap();
    let exact = flow.encode(&x, &data).unwrap().log_density[0];
    let (_, trace) = data.denoise_with_trace(&x, at).unwrap();
    let unit = |i: usize| (0..8).map(|n| f64::from(u8::from(n == i))).collect::<Vec<_>>();
    let rows: Vec<_> = (0..8).map(|i| data.product(&x, &unit(i), at).unwrap()).collect();
    let square: f64 = rows.iter().flatten().map(|j| j * j).sum();
    let diagonal: f64 = (0..8).map(|i| rows[i][i].powi(2)).sum();
    for (probe, variance) in
        [(Probe::Rademacher, 2.0 * (square - diagonal)), (Probe::Gaussian, 2.0 * square)]
    {
        let check = |name: &str, truth: f64, variance: Option<f64>, one: &dyn Fn(u64) -> f64| {
            let count = 600;
            let all: Vec<f64> = (0..count).map(one).collect();
            let n = count as f64;
            let mean = all.iter().sum::<f64>() / n;
            let found = all.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / (n - 1.0);
            let error = (found / n).sqrt();
            assert!(
                (mean - truth).abs() < 4.5 * error,
                "{probe:?} {name}: {mean} ± {error}, not {truth}"
            );
            if let Some(variance) = variance {
                assert!(
                    (found / variance - 1.0).abs() < 0.35,
                    "{probe:?}: {found}, not {variance}"
                );
            }
        };
        check("trace", trace[0], Some(variance), &|seed| {
            let estimate = Hutchinson::new(mixture(8), probe, 1, seed);
            estimate.denoise_with_trace(&x, at).unwrap().1[0]
        });
        check("density", exact, None, &|seed| {
            let estimate = Hutchinson::new(mixture(8), probe, 1, seed);
            flow.encode(&x, &estimate).unwrap().log_density[0]
        });
    }
}

/// Of a diagonal Jacobian signs see the trace exactly, with one probe.
#[test]
fn signs_are_exact_for_diagonal_jacobians() {
    let one =
        GaussianMixture::new(vec![1.0], vec![vec![0.3, -1.0, 2.0]], vec![vec![0.2, 1.0, 3.0]]);
    let (one, at, x) = (one.unwrap(), Level::new(0.8, 0.6), vec![0.1, 0.2, -0.4]);
    let exact = one.denoise_with_trace(&x, at).unwrap().1[0];
    let found =
        Hutchinson::new(one, Probe::Rademacher, 1, 3).denoise_with_trace(&x, at).unwrap().1[0];
    assert!((exact - found).abs() < 1e-14);
}

#[test]
fn hostile_flows_are_refused() {
    let (at, end) = (Level::new(1.0, 0.1), Level::new(0.1, 1.0));
    for (data, noise, steps) in
        [(end, at, 10), (Level::CLEAN, end, 10), (at, Level::NOISE, 10), (at, end, 0)]
    {
        assert!(FlowDensity::new(data, noise, steps).is_err());
    }
    let flow = FlowDensity::new(at, end, 4).unwrap();
    assert!(flow.encode(&vec![0.0; 3], &mixture(2)).is_err());
    let fails = |_: &Vec<f64>, _: Level| -> Result<Vec<f64>> {
        Err(langevin_core::Error::Denoiser("no weights".to_owned()))
    };
    assert!(FiniteDifference::new(fails, 1e-5).denoise(&vec![0.0], at).is_err());
}
