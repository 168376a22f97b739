//! SA-Solver: exponential Adams–Bashforth and Adams–Moulton for the diffusion SDE with a share `τ` of its noise
//! (Xue et al. 2023, eqs. 14 to 18, algorithm 1).
//!
//! `x' = e^{−τ²h} (sigma'/sigma) · x + Σ_j b_j · clean_j + sigma' √(1 − e^{−2τ²h}) · z`,
//! `b_j = alpha' ∫₀¹ ℓ_j(θ) · H e^{−H(1−θ)} dθ` with `H = (1 + τ²) h`; in noise form
//! `x' = (alpha'/alpha) · x + Σ_j b_j · noise_j + τ sigma' √(e^{2h} − 1) · z`.

use super::exponential::{Curvature, Form, Rule, Slope, advance};
use super::{Eval, Solver, Step, current};
use crate::{Denoiser, Level, Result, State};

/// One evaluation per step. The driver draws [`Self::fresh`]; `τ = 0` is the ODE, `τ = 1` the SDE of ancestral sampling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sa {
    /// How many evaluations predict; at least 1.
    pub predictor: usize,
    /// How many evaluations correct, the one at the predicted state among them; 0 corrects nothing.
    pub corrector: usize,
    /// The noise of the steps, `τ`.
    pub tau: f64,
    /// Data or noise.
    pub form: Form,
    /// The first moment where two evaluations count; the published code takes [`Slope::Half`].
    pub slope: Slope,
}

impl Sa {
    /// `sigma' · √(1 − e^{−2τ²h})`, in noise form `τ sigma' √(e^{2h} − 1)`: what the driver draws anew on the way.
    pub fn fresh(self, from: Level, to: Level) -> f64 {
        let h = to.half_log_snr() - from.half_log_snr();
        if to.sigma == 0.0 || self.tau == 0.0 || h <= 0.0 {
            return 0.0;
        }
        match self.form {
            Form::Data => to.sigma * (-(-2.0 * self.tau.powi(2) * h).exp_m1()).sqrt(),
            Form::Noise => to.sigma * self.tau * (2.0 * h).exp_m1().sqrt(),
        }
    }

    fn rule(self) -> Rule {
        Rule { form: self.form, slope: self.slope, curvature: Curvature::EXACT }
    }

    fn predict<X: State>(self, past: &[Eval<X>], step: Step) -> Result<X> {
        let now = current(past);
        let nodes: Vec<_> = past.iter().rev().take(self.predictor.max(1)).collect();
        advance(now, &nodes, now, step, self.rule())
    }
}

impl<X: State> Solver<X> for Sa {
    fn memory(&self) -> usize {
        (self.predictor + 1).max(self.corrector).max(2)
    }

    fn step(&self, past: &[Eval<X>], step: Step, _: &dyn Denoiser<X>) -> Result<X> {
        self.predict(past, step)
    }

    /// The predictor and the corrector keep the same noise, so the correction is the difference of the two without it.
    ///
    /// `self` must be the value that made the step before, in `predictor` and `tau`.
    fn correct(&self, past: &[Eval<X>]) -> Result<Option<Eval<X>>> {
        let now = current(past);
        let Some(start) = past.len().checked_sub(2).map(|at| &past[at]) else { return Ok(None) };
        let h = now.level.half_log_snr() - start.level.half_log_snr();
        if self.corrector == 0 || !h.is_finite() {
            return Ok(None);
        }
        let step = Step { to: now.level, fresh: self.fresh(start.level, now.level) };
        let predicted = self.predict(&past[..past.len() - 1], step)?;
        let nodes: Vec<_> = past.iter().rev().take(self.corrector).collect();
        let corrected = advance(start, &nodes, now, step, self.rule())?;
        let x = X::combine(&[(1.0, &now.x), (1.0, &corrected), (-1.0, &predicted)])?;
        Eval::moved(now, x, self.form).map(Some)
    }
}
