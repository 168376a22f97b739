//! DPM++(2M) with fresh noise is the published SDE-DPM-Solver++(2M) in its midpoint form, in `σ` as k-diffusion's users
//! know it (`dpmpp_2m_sde`) and in `(α, σ, λ)` as the paper writes it.

use langevin_core::solver::Solver;
use langevin_core::{AnySolver, Denoiser, Eval, GaussianMixture, Level, Step, Trajectory};
use proptest::prelude::*;

fn mixture() -> GaussianMixture {
    GaussianMixture::new(vec![0.3, 0.7], vec![vec![-1.0], vec![1.5]], vec![vec![0.3], vec![0.6]])
        .unwrap()
}

/// Noise that differs from step to step, known in advance.
fn noise(step: usize) -> f64 {
    (1.7 * step as f64 + 0.3).sin()
}

/// The whole published sampler in `σ`: with `t = −ln σ`, `h = t' − t` and `r` the last `h` over this one,
/// `x' = σ'/σ e^(−ηh) x + (1 − e^(−h−ηh)) (D + (D − D_last)/(2r)) + σ' √(1 − e^(−2ηh)) z`, and `D` at `σ' = 0`.
fn published(start: f64, sigmas: &[f64], eta: f64) -> Vec<f64> {
    let data = mixture();
    let mut x = start;
    let mut last: Option<(f64, f64)> = None;
    let mut visited = vec![x];
    for (step, pair) in sigmas.windows(2).enumerate() {
        let (sigma, next) = (pair[0], pair[1]);
        let denoised = data.denoise(&vec![x], Level::new(1.0, sigma)).unwrap()[0];
        if next == 0.0 {
            x = denoised;
        } else {
            let h = sigma.ln() - next.ln();
            let weight = -(-h - eta * h).exp_m1();
            x = next / sigma * (-eta * h).exp() * x + weight * denoised;
            if let Some((denoised_last, h_last)) = last {
                let r = h_last / h;
                x += 0.5 * weight / r * (denoised - denoised_last);
            }
            x += next * (-(-2.0 * eta * h).exp_m1()).sqrt() * noise(step);
            last = Some((denoised, h));
        }
        visited.push(x);
    }
    visited
}

fn falling() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.5..0.97f64, 2..12).prop_map(|ratios| {
        let mut sigmas = vec![40.0];
        ratios.iter().for_each(|ratio| sigmas.push(ratio * sigmas[sigmas.len() - 1]));
        sigmas.push(0.0);
        sigmas
    })
}

proptest! {
    /// The loop at eta 1 and 0: the two samplers with the same noise visit the same states.
    #[test]
    fn the_loop_is_the_published_sampler(sigmas in falling(), start in -60.0..60.0f64) {
        for eta in [0.0, 1.0] {
            let levels = sigmas.iter().map(|&sigma| Level::new(1.0, sigma)).collect();
            let (data, source) = (mixture(), |step: usize| Ok(vec![noise(step)]));
            let mut run =
                Trajectory::new(vec![start], levels, AnySolver::Dpm2M, eta, &data, &source);
            for expected in published(start, &sigmas, eta) {
                let found = run.state()[0];
                prop_assert!((found - expected).abs() < 1e-11 * (1.0 + start.abs()), "{found} {expected}");
                run.next();
            }
        }
    }

    /// A step with the published amount of fresh noise, `σ' √(1 − e^(−2ηh))`, is the published step for any eta, also
    /// on levels with any alpha: `x' = σ'/σ e^(−ηh) x + α' (1 − e^(−h−ηh)) (D + (D − D_last)/(2r)) + …`.
    #[test]
    fn a_step_is_the_published_step_for_any_eta(
        logs in (-3.0..0.0f64, 0.05..1.0f64, 0.05..1.0f64),
        alphas in prop::array::uniform3(0.2..2.0f64),
        values in prop::array::uniform4(-3.0..3.0f64),
        eta in 0.0..1.0f64,
    ) {
        let lambdas = [logs.0, logs.0 + logs.1, logs.0 + logs.1 + logs.2];
        let [before, from, to] =
            [0, 1, 2].map(|i| Level::new(alphas[i], alphas[i] * (-lambdas[i]).exp()));
        let [x_before, clean_before, x, clean] = values;
        let (h_last, h) = (logs.1, logs.2);
        let past = [
            Eval { level: before, x: x_before, clean: clean_before },
            Eval { level: from, x, clean },
        ];
        let fresh = to.sigma * (-(-2.0 * eta * h).exp_m1()).sqrt();
        let unused = |_: &f64, _: Level| -> langevin_core::Result<f64> { unreachable!("one evaluation per step") };
        let found = AnySolver::Dpm2M.step(&past, Step { to, fresh }, &unused).unwrap();
        let extrapolated = clean + 0.5 * h / h_last * (clean - clean_before);
        let expected = to.sigma / from.sigma * (-eta * h).exp() * x
            - to.alpha * (-h - eta * h).exp_m1() * extrapolated;
        prop_assert!((found - expected).abs() < 1e-11 * (1.0 + expected.abs()), "{found} {expected}");
    }
}

/// From pure noise and to clean data `λ` is infinite: the step is of first order there, and finite.
#[test]
fn infinite_log_snr_falls_back_to_first_order() {
    let eval = |level: Level, x: f64, clean: f64| Eval { level, x, clean };
    let (middle, low) = (Level::new(0.6, 0.8), Level::new(0.9, 0.4));
    let unused = |_: &f64, _: Level| -> langevin_core::Result<f64> { unreachable!() };
    for (past, to) in [
        (vec![eval(Level::NOISE, 0.7, 0.1)], middle),
        (vec![eval(Level::NOISE, 0.7, 0.1), eval(middle, 0.5, 0.2)], low),
        (vec![eval(middle, 0.5, 0.2), eval(low, 0.4, 0.3)], Level::CLEAN),
        (vec![eval(Level::NOISE, 0.7, 0.1), eval(low, 0.4, 0.3)], Level::CLEAN),
        // The same level twice.
        (vec![eval(middle, 0.5, 0.2), eval(middle, 0.4, 0.3)], low),
    ] {
        let step = Step { to, fresh: 0.0 };
        let found = AnySolver::Dpm2M.step(&past, step, &unused).unwrap();
        let expected = AnySolver::Euler.step(&past, step, &unused).unwrap();
        assert_eq!(found, expected, "{past:?} to {to:?}");
        assert!(found.is_finite());
    }
}
