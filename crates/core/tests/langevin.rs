//! Langevin dynamics on Gaussians, where every stationary moment is known, and the Brownian path.

use langevin_core::langevin::{Chain, mala, ula, underdamped};
use langevin_core::rng::Philox;
use langevin_core::sde::{Brownian, BrownianNoise, langevin_corrector};
use langevin_core::{AnySolver, GaussianMixture, Level, NoiseSource, Schedule, Trajectory, Ve};

/// `x' = k x + n z` has the stationary variance `n²/(1 − k²)`; ULA's on `N(0, S²)` is `S²/(1 − h/(2S²))`.
#[test]
fn ula_has_its_stationary_variance() {
    for (s, h) in [(1.0f64, 0.1), (0.5, 0.01), (0.5, 0.3), (2.0, 4.0)] {
        let keep = ula(&1.0, &(-1.0 / (s * s)), h, &0.0).unwrap();
        let spread = ula(&0.0, &0.0, h, &1.0).unwrap();
        let found = spread * spread / (1.0 - keep * keep);
        let exact = s * s / (1.0 - h / (2.0 * s * s));
        assert!((found / exact - 1.0).abs() < 1e-12, "S {s}, h {h}: {found} and {exact}");
    }
}

/// The corrector is ULA on the noisy density, so it has ULA's variance there.
#[test]
fn the_corrector_is_ula_at_its_level() {
    let (std, at, h) = (0.7f64, Level::new(0.8, 0.6), 0.05);
    let data = GaussianMixture::new(vec![1.0], vec![vec![0.0]], vec![vec![std]]).unwrap();
    let keep = langevin_corrector(&1.0, &data.clean(&[1.0], at)[0], at, h, &0.0).unwrap();
    let spread = langevin_corrector(&0.0, &0.0, at, h, &1.0).unwrap();
    let variance = (at.alpha * std).powi(2) + at.sigma.powi(2);
    let found = spread * spread / (1.0 - keep * keep);
    assert!((found / (variance / (1.0 - h / (2.0 * variance))) - 1.0).abs() < 1e-12);
}

/// BAOAB leaves `E[x²] = S²` exactly, whatever the step: the second moments of its linear map are iterated to rest.
#[test]
fn underdamped_positions_have_the_exact_variance() {
    for (s, h, friction) in [(1.0f64, 0.1, 1.0), (0.5, 0.5, 2.0), (2.0, 1.0, 0.3)] {
        let score = |x: &f64| Ok(-x / (s * s));
        let apply = |x: f64, v: f64, z: f64| {
            let (x, v, _) =
                underdamped((&x, &v, &score(&x).unwrap()), h, friction, &z, &score).unwrap();
            (x, v)
        };
        let (a, b, n) = (apply(1.0, 0.0, 0.0), apply(0.0, 1.0, 0.0), apply(0.0, 0.0, 1.0));
        let (mut xx, mut xv, mut vv) = (0.0, 0.0, 0.0);
        for _ in 0..20_000 {
            (xx, xv, vv) = (
                a.0 * a.0 * xx + 2.0 * a.0 * b.0 * xv + b.0 * b.0 * vv + n.0 * n.0,
                a.0 * a.1 * xx + (a.0 * b.1 + a.1 * b.0) * xv + b.0 * b.1 * vv + n.0 * n.1,
                a.1 * a.1 * xx + 2.0 * a.1 * b.1 * xv + b.1 * b.1 * vv + n.1 * n.1,
            );
        }
        assert!((xx / (s * s) - 1.0).abs() < 1e-10, "S {s}, h {h}: {xx}");
    }
}

/// MALA on a mixture of two modes: mean and second moment of 200,000 steps within five standard errors, which are
/// estimated from 100 batches, and both modes visited. ULA of the same step is off by more.
#[test]
fn mala_is_unbiased_and_visits_both_modes() {
    let data = GaussianMixture::new(
        vec![0.5, 0.5],
        vec![vec![-1.2], vec![1.2]],
        vec![vec![0.6], vec![0.6]],
    )
    .unwrap();
    let density = |x: &[f64]| (data.log_density(x, Level::CLEAN), data.score(x, Level::CLEAN));
    let (log_density, score) = density(&[0.0]);
    let mut chain = Chain { x: vec![0.0], log_density, score };
    let mut random = Philox::new(3, 0, 0);
    let (batches, length) = (100, 2000);
    let (mut means, mut squares, mut right, mut moved) = (vec![], vec![], 0, 0);
    for _ in 0..batches {
        let (mut mean, mut square) = (0.0, 0.0);
        for _ in 0..length {
            let noise = vec![random.normal()];
            let (next, accepted) = mala(&chain, 0.35, &noise, random.uniform(), &density).unwrap();
            chain = next;
            moved += usize::from(accepted);
            right += usize::from(chain.x[0] > 0.0);
            mean += chain.x[0] / f64::from(length);
            square += chain.x[0].powi(2) / f64::from(length);
        }
        means.push(mean);
        squares.push(square);
    }
    let check = |values: &[f64], exact: f64| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let spread =
            values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64;
        let error = (spread / values.len() as f64).sqrt();
        assert!((mean - exact).abs() < 5.0 * error, "{mean} ± {error}, not {exact}");
        assert!(error < 0.05);
    };
    check(&means, 0.0);
    check(&squares, 1.44 + 0.36);
    let total = (batches * length as usize) as f64;
    assert!((0.3..0.7).contains(&(right as f64 / total)), "{right} right of 0");
    assert!(moved as f64 > 0.3 * total && (moved as f64) < total, "{moved} accepted");
}

#[test]
fn a_brownian_path_is_a_function_of_time() {
    let path = Brownian::new(9, 2);
    assert_eq!(path.at(0.0), [0.0, 0.0]);
    let (a, b) = (path.at(0.3), path.at(0.7));
    assert_eq!((path.at(0.7), path.at(0.3)), (b.clone(), a.clone()));
    assert_eq!(path.increment(0.3, 0.7), [b[0] - a[0], b[1] - a[1]]);
    assert_ne!(Brownian::new(10, 2).at(0.3), a);
    let errors = BrownianNoise::new(path, vec![0.0, 1.0]).noise(1).unwrap_err();
    assert_eq!(errors.to_string(), "step is 1, but must be below the number of the path's steps");
}

/// Covariance `min(s, t)` over 40,000 coordinates, within five standard errors; nearby times too.
#[test]
fn brownian_covariance() {
    let path = Brownian::new(4, 40_000);
    let times = [0.1, 0.25, 0.251, 0.7, 1.0];
    let values = times.map(|t| path.at(t));
    for (i, s) in times.iter().enumerate() {
        for (j, t) in times.iter().enumerate().skip(i) {
            let products: Vec<f64> = values[i].iter().zip(&values[j]).map(|(a, b)| a * b).collect();
            let mean = products.iter().sum::<f64>() / products.len() as f64;
            let error = ((s * t + s * s) / products.len() as f64).sqrt();
            assert!((mean - s).abs() < 5.0 * error, "{s}, {t}: {mean}");
        }
    }
}

/// With noise from one path, runs of more and more steps converge to one end; with noise per step they do not.
#[test]
fn a_path_does_not_depend_on_the_number_of_steps() {
    let data = GaussianMixture::new(
        vec![0.4, 0.6],
        vec![vec![-1.0], vec![1.0]],
        vec![vec![0.5], vec![0.5]],
    )
    .unwrap();
    let schedule = Ve::new(0.05, 5.0).unwrap();
    let path = Brownian::new(5, 1);
    let end = |n: usize| {
        let times: Vec<f64> = (0..=n).map(|k| 1.0 - k as f64 / n as f64).collect();
        let levels = times.iter().map(|t| schedule.level(*t)).collect();
        let noise = BrownianNoise::new(path, times);
        Trajectory::new(vec![2.0], levels, AnySolver::Ancestral, 1.0, &data, &noise).run().unwrap()
            [0]
    };
    let exact = end(16_384);
    let errors = [64, 1024].map(|n| (end(n) - exact).abs());
    // Strong order 1 with additive noise: 16 times as many steps, a sixteenth of the error; a quarter allows for luck.
    assert!(errors[1] < errors[0] / 4.0, "{errors:?}");
}
