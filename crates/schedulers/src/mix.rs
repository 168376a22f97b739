//! A step given by its two coefficients: `x' = state · x + clean · E[clean | x]`.
//!
//! Every first-order step has this form. Classes whose coefficients diffusers rounds to float32 on the way, or that are
//! no remixing of data and noise at all, are translated to the coefficients themselves.

use langevin_core::{Denoiser, Eval, Result, Solver, State, Step};

/// A step of given coefficients, wherever it leads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mix {
    /// The share of the state.
    pub state: f64,
    /// The share of the clean estimate.
    pub clean: f64,
}

impl<X: State> Solver<X> for Mix {
    fn memory(&self) -> usize {
        1
    }

    fn step(&self, past: &[Eval<X>], _: Step, _: &dyn Denoiser<X>) -> Result<X> {
        let now = past.last().expect("a step starts from an evaluation");
        X::combine(&[(self.state, &now.x), (self.clean, &now.clean)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use langevin_core::Level;

    /// The posterior mean of DDPM between two levels, from its textbook coefficients and from the remixing of the core.
    #[test]
    fn the_posterior_mean_is_a_mix() {
        let (from, to) = (Level::from_alpha_bar(0.3), Level::from_alpha_bar(0.45));
        let beta = 1.0 - 0.3 / 0.45;
        let mix = Mix {
            state: (1.0f64 - beta).sqrt() * (1.0 - 0.45) / (1.0 - 0.3),
            clean: to.alpha * beta / (1.0 - 0.3),
        };
        let past = [Eval { level: from, x: 1.7, clean: -0.4 }];
        let step = Step { to, fresh: langevin_core::solver::posterior_noise(from, to, 1.0) };
        let none = |_: &f64, _: Level| Ok(0.0);
        let mixed = mix.step(&past, step, &none).unwrap();
        let remixed = langevin_core::solver::Euler.step(&past, step, &none).unwrap();
        assert!((mixed - remixed).abs() < 1e-14, "{mixed} {remixed}");
    }
}
