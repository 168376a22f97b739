//! One first-order step is every published one: on exact mixtures it agrees to 1e-12 with the DDPM posterior, DDIM,
//! VE Euler, ancestral Euler, flow Euler, LCM, DPM-Solver++ and SDE-DPM-Solver++, each written in its own coordinate.
//!
//! The published forms take what they predict (clean data, noise, velocity, score) from the mixture's density, and the
//! step runs through the whole loop, so fresh noise is drawn and added where a sampler would.

use langevin_core::{AnySolver, GaussianMixture, Level, Trajectory};
use proptest::prelude::*;

const TOLERANCE: f64 = 1e-12;

/// Two or three components in two dimensions, a state and standard normal noise.
#[derive(Clone, Debug)]
struct Case {
    data: GaussianMixture,
    x: Vec<f64>,
    z: Vec<f64>,
}

fn cases() -> impl Strategy<Value = Case> {
    let pair = |low: f64, high: f64| prop::collection::vec(low..high, 2);
    let component = (0.1..1.0, pair(-2.0, 2.0), pair(0.2, 1.5));
    (prop::collection::vec(component, 2..4), pair(-3.0, 3.0), pair(-2.0, 2.0)).prop_map(
        |(components, x, z)| {
            let weights = components.iter().map(|c| c.0).collect();
            let means = components.iter().map(|c| c.1.clone()).collect();
            let stds = components.into_iter().map(|c| c.2).collect();
            Case { data: GaussianMixture::new(weights, means, stds).unwrap(), x, z }
        },
    )
}

impl Case {
    fn clean(&self, at: Level) -> Vec<f64> {
        self.data.clean(&self.x, at)
    }

    /// `E[noise | x] = −sigma · score`.
    fn noise(&self, at: Level) -> Vec<f64> {
        self.data.score(&self.x, at).iter().map(|score| -at.sigma * score).collect()
    }

    /// The library's step.
    fn step(&self, from: Level, to: Level, solver: AnySolver, eta: f64) -> Vec<f64> {
        let noise = |_: usize| Ok(self.z.clone());
        Trajectory::new(self.x.clone(), vec![from, to], solver, eta, &self.data, &noise)
            .run()
            .unwrap()
    }

    /// The published step: a formula for each dimension `i`.
    fn agrees(&self, found: &[f64], published: impl Fn(usize) -> f64) -> Result<(), TestCaseError> {
        for (i, found) in found.iter().enumerate() {
            let expected = published(i);
            let error = (found - expected).abs() / (1.0 + expected.abs());
            prop_assert!(error < TOLERANCE, "dimension {i}: {found} instead of {expected}");
        }
        Ok(())
    }
}

proptest! {
    /// Ho et al. 2020, eq. 6 and 7, in betas: mean `(√ᾱ' β x0 + √(1−β) (1−ᾱ') x)/(1−ᾱ)`, variance
    /// `β (1−ᾱ')/(1−ᾱ)`.
    #[test]
    fn ddpm_posterior(case in cases(), before in 0.01..0.999f64, beta in 1e-4..0.9f64) {
        let after = before * (1.0 - beta);
        let (from, to) = (Level::from_alpha_bar(after), Level::from_alpha_bar(before));
        let variance = beta * (1.0 - before) / (1.0 - after);
        let fresh = AnySolver::Ancestral.fresh(from, to, 0.0);
        prop_assert!((fresh * fresh - variance).abs() < TOLERANCE);

        let clean = case.clean(from);
        let mean = |i: usize| {
            (before.sqrt() * beta * clean[i] + (1.0 - beta).sqrt() * (1.0 - before) * case.x[i])
                / (1.0 - after)
        };
        let still = Case { z: vec![0.0; 2], ..case.clone() };
        case.agrees(&still.step(from, to, AnySolver::Ancestral, 0.0), mean)?;
        let draw = |i: usize| mean(i) + variance.sqrt() * case.z[i];
        case.agrees(&case.step(from, to, AnySolver::Ancestral, 0.0), draw)?;
        // Euler with the whole posterior's noise is the same sampler.
        case.agrees(&case.step(from, to, AnySolver::Euler, 1.0), draw)?;
    }

    /// Song et al. 2021 (DDIM), eq. 12 and 16, in `ᾱ`.
    #[test]
    fn ddim(
        case in cases(),
        before in 0.01..0.999f64,
        ratio in 0.01..0.999f64,
        eta in prop_oneof![Just(0.0), Just(1.0), 0.0..1.0f64],
    ) {
        let after = before * ratio;
        let (from, to) = (Level::from_alpha_bar(after), Level::from_alpha_bar(before));
        let noise = case.noise(from);
        let sigma = eta * ((1.0 - before) / (1.0 - after)).sqrt() * (1.0 - after / before).sqrt();
        case.agrees(&case.step(from, to, AnySolver::Euler, eta), |i| {
            let clean = (case.x[i] - (1.0 - after).sqrt() * noise[i]) / after.sqrt();
            before.sqrt() * clean
                + (1.0 - before - sigma * sigma).sqrt() * noise[i]
                + sigma * case.z[i]
        })?;
    }

    /// Euler for `dx/dσ = (x − D)/σ` (Karras et al. 2022, algorithm 1 without its second half).
    #[test]
    fn variance_exploding_euler(case in cases(), sigma in 0.05..80.0f64, ratio in 0.0..1.0f64) {
        let next = sigma * ratio;
        let from = Level::new(1.0, sigma);
        let clean = case.clean(from);
        case.agrees(&case.step(from, Level::new(1.0, next), AnySolver::Euler, 0.0), |i| {
            case.x[i] + (next - sigma) * (case.x[i] - clean[i]) / sigma
        })?;
    }

    /// Ancestral Euler in `σ`: down to `σ_down`, up by `σ_up`.
    #[test]
    fn ancestral_euler(case in cases(), sigma in 0.05..80.0f64, ratio in 0.0..0.999f64) {
        let next = sigma * ratio;
        let from = Level::new(1.0, sigma);
        let noise = case.noise(from);
        let up = (next.powi(2) * (sigma.powi(2) - next.powi(2)) / sigma.powi(2)).sqrt();
        let down = (next.powi(2) - up.powi(2)).sqrt();
        case.agrees(&case.step(from, Level::new(1.0, next), AnySolver::Ancestral, 0.0), |i| {
            case.x[i] + (down - sigma) * noise[i] + up * case.z[i]
        })?;
    }

    /// Euler for `dx/dt = E[noise − clean | x]` (Lipman et al. 2023), from pure noise and to clean data too.
    #[test]
    fn flow_euler(
        case in cases(),
        t in prop_oneof![Just(1.0), 0.05..1.0f64],
        ratio in prop_oneof![Just(0.0), 0.0..1.0f64],
    ) {
        let next = t * ratio;
        let from = Level::new(1.0 - t, t);
        let (clean, noise) = (case.clean(from), case.noise(from));
        case.agrees(&case.step(from, Level::new(1.0 - next, next), AnySolver::Euler, 0.0), |i| {
            case.x[i] + (next - t) * (noise[i] - clean[i])
        })?;
    }

    /// Song et al. 2023, algorithm 1, and Luo et al. 2023, algorithm 3: the clean estimate, noised anew.
    #[test]
    fn latent_consistency(case in cases(), before in 0.01..0.999f64, ratio in 0.0..0.999f64) {
        let (from, to) = (Level::from_alpha_bar(before * ratio), Level::from_alpha_bar(before));
        let clean = case.clean(from);
        case.agrees(&case.step(from, to, AnySolver::Lcm, 0.0), |i| {
            before.sqrt() * clean[i] + (1.0 - before).sqrt() * case.z[i]
        })?;
    }

    /// DPM-Solver++ of first order: `x' = σ'/σ · x − α' (e^(−h) − 1) · D`, `h = λ' − λ` (Lu et al. 2022), at levels
    /// of any kind; [`AnySolver::Dpm2M`] has nothing to look back on at its first step.
    #[test]
    fn dpm_solver_plus_plus(case in cases(), from in levels(), to in levels()) {
        prop_assume!(from.half_log_snr() < to.half_log_snr());
        let clean = case.clean(from);
        let h = to.half_log_snr() - from.half_log_snr();
        let published = |i: usize| {
            to.sigma / from.sigma * case.x[i] - to.alpha * (-h).exp_m1() * clean[i]
        };
        case.agrees(&case.step(from, to, AnySolver::Euler, 0.0), published)?;
        case.agrees(&case.step(from, to, AnySolver::Dpm2M, 0.0), published)?;
    }

    /// SDE-DPM-Solver++ of first order: `x' = σ'/σ · e^(−h) x + α' (1 − e^(−2h)) D + σ' √(1 − e^(−2h)) z`.
    #[test]
    fn sde_dpm_solver_plus_plus(case in cases(), from in levels(), to in levels()) {
        prop_assume!(from.half_log_snr() < to.half_log_snr());
        let clean = case.clean(from);
        let h = to.half_log_snr() - from.half_log_snr();
        let published = |i: usize| {
            let renewed = -(-2.0 * h).exp_m1();
            to.sigma / from.sigma * (-h).exp() * case.x[i]
                + to.alpha * renewed * clean[i]
                + to.sigma * renewed.sqrt() * case.z[i]
        };
        case.agrees(&case.step(from, to, AnySolver::Ancestral, 0.0), published)?;
        case.agrees(&case.step(from, to, AnySolver::Dpm2M, 1.0), published)?;
    }

    /// The step does not depend on how states are scaled: `x/alpha` is the same for states `c·x` at `(c·alpha, c·sigma)`.
    #[test]
    fn scale_does_not_matter(
        case in cases(),
        from in levels(),
        to in levels(),
        scales in (0.1..10.0f64, 0.1..10.0f64),
        eta in 0.0..1.0f64,
    ) {
        let scaled = Case { x: case.x.iter().map(|x| scales.0 * x).collect(), ..case.clone() };
        let by = |scale: f64, level: Level| Level::new(scale * level.alpha, scale * level.sigma);
        for solver in [AnySolver::Euler, AnySolver::Ancestral, AnySolver::Heun, AnySolver::HeunFlow, AnySolver::Dpm2M] {
            let plain = case.step(from, to, solver, eta);
            let found = scaled.step(by(scales.0, from), by(scales.1, to), solver, eta);
            let spread = to.sigma / from.sigma;
            for (found, plain) in found.iter().zip(plain) {
                let expected = scales.1 * plain;
                prop_assert!((found - expected).abs() < 1e-10 * scales.1 * (1.0 + plain.abs() + spread), "{solver}");
            }
        }
    }
}

/// Levels of any overall scale, with `sigma/alpha` from 0.05 to 20.
fn levels() -> impl Strategy<Value = Level> {
    (-3.0..3.0f64, 0.3..3.0f64).prop_map(|(log, alpha)| Level::new(alpha, alpha * log.exp()))
}
