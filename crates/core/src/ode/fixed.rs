//! Explicit Runge–Kutta methods with fixed steps: Euler, Heun, and the classical method of order 4
//! (Hairer, Nørsett and Wanner 1993, §II.1).

use super::Field;
use crate::{Result, State};

/// A method of fixed steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixed {
    /// Order 1, one evaluation per step.
    Euler,
    /// Order 2, two evaluations per step.
    Heun,
    /// Order 4, four evaluations per step.
    Rk4,
}

impl Fixed {
    /// One step of length `h`, which may be negative.
    ///
    /// # Errors
    /// What the field or the states return.
    pub fn step<X: State>(self, field: &dyn Field<X>, t: f64, x: &X, h: f64) -> Result<X> {
        let a = field.velocity(t, x)?;
        let moved = |k: &X, h: f64| X::combine(&[(1.0, x), (h, k)]);
        match self {
            Self::Euler => moved(&a, h),
            Self::Heun => {
                let b = field.velocity(t + h, &moved(&a, h)?)?;
                X::combine(&[(1.0, x), (0.5 * h, &a), (0.5 * h, &b)])
            }
            Self::Rk4 => {
                let b = field.velocity(t + 0.5 * h, &moved(&a, 0.5 * h)?)?;
                let c = field.velocity(t + 0.5 * h, &moved(&b, 0.5 * h)?)?;
                let d = field.velocity(t + h, &moved(&c, h)?)?;
                let sixth = h / 6.0;
                let (once, twice) = (sixth, 2.0 * sixth);
                X::combine(&[(1.0, x), (once, &a), (twice, &b), (twice, &c), (once, &d)])
            }
        }
    }

    /// From `from` to `to` in `steps` equal steps.
    ///
    /// # Errors
    /// What the field or the states return.
    pub fn solve<X: State>(
        self,
        field: &dyn Field<X>,
        x: X,
        [from, to]: [f64; 2],
        steps: usize,
    ) -> Result<X> {
        let h = (to - from) / steps as f64;
        (0..steps).try_fold(x, |x, k| self.step(field, from + k as f64 * h, &x, h))
    }
}
