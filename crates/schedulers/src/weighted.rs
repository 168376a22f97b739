//! A step given by its coefficients on the last evaluations: `x' = state · x + Σ_j on_j · q_j`, where `q` is the clean
//! estimate or the noise.
//!
//! Classes whose coefficients diffusers computes in float32 are translated to those coefficients.

use langevin_core::solver::Form;
use langevin_core::{Denoiser, Eval, Result, Solver, State, Step};

/// A linear multistep step of given coefficients, wherever it leads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weighted {
    /// Which quantity of the evaluations counts.
    pub form: Form,
    /// The share of the current state.
    pub state: f64,
    /// The shares of the evaluations, the current one first.
    pub on: [f64; 5],
}

impl Weighted {
    /// Whether every coefficient is a number.
    pub(crate) fn is_finite(&self) -> bool {
        self.state.is_finite() && self.on.iter().all(|share| share.is_finite())
    }

    fn apply<X: State>(&self, past: &[Eval<X>]) -> Result<X> {
        let now = past.last().expect("a step starts from an evaluation");
        let mut terms = vec![(self.state, &now.x)];
        for (share, eval) in self.on.iter().zip(past.iter().rev()) {
            match self.form {
                Form::Data => terms.push((*share, &eval.clean)),
                Form::Noise => {
                    let share = share / eval.level.sigma;
                    terms.extend([(share, &eval.x), (-share * eval.level.alpha, &eval.clean)]);
                }
            }
        }
        X::combine(&terms)
    }
}

impl<X: State> Solver<X> for Weighted {
    fn memory(&self) -> usize {
        self.on.iter().rposition(|share| *share != 0.0).map_or(1, |last| last + 1)
    }

    fn step(&self, past: &[Eval<X>], _: Step, _: &dyn Denoiser<X>) -> Result<X> {
        self.apply(past)
    }

    /// As a corrector the coefficients give the state that takes the current one's place; the quantity stays.
    fn correct(&self, past: &[Eval<X>]) -> Result<Option<Eval<X>>> {
        let now = past.last().expect("a correction follows an evaluation");
        let x = self.apply(past)?;
        let clean = match self.form {
            Form::Data => now.clean.clone(),
            Form::Noise => {
                let share = 1.0 / now.level.alpha;
                X::combine(&[(1.0, &now.clean), (share, &x), (-share, &now.x)])?
            }
        };
        Ok(Some(Eval { level: now.level, x, clean }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use langevin_core::Level;

    #[test]
    fn a_correction_keeps_the_quantity() {
        let level = Level::new(0.8, 0.6);
        let eval = |x: f64, clean: f64| Eval { level, x, clean };
        let noise = |eval: &Eval<f64>| (eval.x - 0.8 * eval.clean) / 0.6;
        let past = [eval(1.0, 0.3), eval(0.7, 0.5)];
        let on = [0.25, -0.5, 0.0, 0.0, 0.0];
        let data = Weighted { form: Form::Data, state: 1.0, on }.correct(&past).unwrap().unwrap();
        assert!((data.x - (0.7 + 0.25 * 0.5 - 0.5 * 0.3)).abs() < 1e-15);
        assert_eq!(data.clean, 0.5);
        let other = Weighted { form: Form::Noise, state: 1.0, on }.correct(&past).unwrap().unwrap();
        assert!((other.x - (0.7 + 0.25 * noise(&past[1]) - 0.5 * noise(&past[0]))).abs() < 1e-15);
        assert!((noise(&other) - noise(&past[1])).abs() < 1e-15);
    }
}
