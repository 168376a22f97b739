//! Discrete data made of a mixture's bins, whose probabilities are known: every bound is below them, in the known order.

use langevin_core::likelihood::{
    Dequantisation, LogitNormal, UniformDequantisation, importance_weighted, log_normal_interval,
};
use langevin_core::rng::Philox;
use langevin_core::{GaussianMixture, Level};

const WIDTH: f64 = 0.5;

fn mixture() -> GaussianMixture {
    GaussianMixture::new(
        vec![0.3, 0.7],
        vec![vec![-1.0, 0.4], vec![0.8, -0.2]],
        vec![vec![0.4, 0.3], vec![0.3, 0.5]],
    )
    .unwrap()
}

/// `ln P(values)`: the mixture's mass in the bins around them.
fn truth(values: &[f64]) -> f64 {
    let data = mixture();
    let masses = data.components().map(|(weight, mean, std)| {
        let log: f64 = (0..2)
            .map(|i| {
                let at = |side: f64| (values[i] + side * 0.5 * WIDTH - mean[i]) / std[i];
                log_normal_interval(at(-1.0), at(1.0))
            })
            .sum();
        weight * log.exp()
    });
    masses.sum::<f64>().ln()
}

/// Mean and standard error of the bound with `k` draws in each of `count` estimates.
fn bound(noise: &dyn Dequantisation, values: &[f64], k: usize, count: u64) -> (f64, f64) {
    let data = mixture();
    let estimates: Vec<f64> = (0..count)
        .map(|index| {
            let mut random = Philox::new(5, 0, index);
            let weights: Vec<f64> = (0..k)
                .map(|_| {
                    let noised = noise.draw(values, &mut random).unwrap();
                    data.log_density(&noised.x, Level::CLEAN) + noised.log_weight
                })
                .collect();
            importance_weighted(&weights)
        })
        .collect();
    let n = count as f64;
    let mean = estimates.iter().sum::<f64>() / n;
    (mean, (estimates.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / n / n).sqrt())
}

/// Uniform noise gives the least, noise that follows the density's slope more, and with many draws both give the truth.
#[test]
fn bounds_are_ordered_and_reach_the_truth() {
    // A bin on the slope of the first component, and one on that of the second.
    for values in [[-1.5, 0.0], [1.5, -1.0]] {
        let truth = truth(&values);
        let uniform = UniformDequantisation { width: WIDTH };
        // Towards the nearer mode; the scale 1.6 is nearly flat within a bin.
        let side = move |v: &[f64]| {
            let sign = |i: usize| {
                if v[i] + [1.0, 0.2][i] * f64::from(v[0] < 0.0) < 0.5 { 1.0 } else { -1.0 }
            };
            Ok(vec![(0.8 * sign(0), 1.4), (0.0, 1.6)])
        };
        let variational = LogitNormal::new(WIDTH, side);
        let (u, eu) = bound(&uniform, &values, 1, 20_000);
        let (v, ev) = bound(&variational, &values, 1, 20_000);
        assert!(
            u + 5.0 * eu < v - 5.0 * ev,
            "{values:?}: uniform {u} ± {eu}, variational {v} ± {ev}"
        );
        assert!(v + 5.0 * ev < truth, "{values:?}: {v} ± {ev}, truth {truth}");
        let mut before = u;
        for k in [4, 64] {
            let (found, error) = bound(&uniform, &values, k, 4_000);
            assert!(found > before, "{k} draws give {found}, fewer gave {before}");
            assert!(found < truth + 5.0 * error);
            before = found;
        }
        let (many, error) = bound(&uniform, &values, 1000, 200);
        assert!(
            (many - truth).abs() < 5.0 * error + 1e-3,
            "{values:?}: {many} ± {error}, not {truth}"
        );
        let (many, error) = bound(&variational, &values, 1000, 200);
        assert!(
            (many - truth).abs() < 5.0 * error + 1e-3,
            "{values:?}: {many} ± {error}, not {truth}"
        );
    }
}

/// The weights are densities: `E[1/q] = ∫ du` over the bins, their whole volume.
#[test]
fn noise_has_the_density_it_claims() {
    let variational = LogitNormal::new(WIDTH, |_: &[f64]| Ok(vec![(0.3, 1.2), (-0.5, 1.5)]));
    let count = 200_000;
    let (mut sum, mut square) = (0.0, 0.0);
    for index in 0..count {
        let noised = variational.draw(&[0.0, 1.0], &mut Philox::new(9, 0, index)).unwrap();
        assert!(noised.x[0].abs() <= 0.5 * WIDTH && (noised.x[1] - 1.0).abs() <= 0.5 * WIDTH);
        sum += noised.log_weight.exp();
        square += (2.0 * noised.log_weight).exp();
    }
    let mean = sum / count as f64;
    let error = ((square / count as f64 - mean * mean) / count as f64).sqrt();
    assert!((mean - WIDTH * WIDTH).abs() < 5.0 * error, "{mean} ± {error}");
    let uniform = UniformDequantisation { width: WIDTH };
    let noised = uniform.draw(&[0.0, 1.0], &mut Philox::new(9, 0, 0)).unwrap();
    assert!((noised.log_weight - (WIDTH * WIDTH).ln()).abs() < 1e-15);
}

#[test]
fn few_or_endless_weights_are_handled() {
    assert_eq!(importance_weighted(&[]), f64::NEG_INFINITY);
    assert_eq!(importance_weighted(&[-3.0]), -3.0);
    assert!((importance_weighted(&[-1e4, -1e4]) + 1e4).abs() < 1e-9);
    let wrong = LogitNormal::new(WIDTH, |_: &[f64]| Ok(vec![]));
    assert!(wrong.draw(&[0.0], &mut Philox::new(0, 0, 0)).is_err());
}
