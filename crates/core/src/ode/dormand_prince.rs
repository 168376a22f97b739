//! The adaptive method of Dormand and Prince, order 5 with an error estimate of order 4
//! (Dormand and Prince 1980; Hairer, Nørsett and Wanner 1993, table II.5.2), with PI control of the step
//! (`h' = h · 0.9 · e^{−0.7/5} · e_prev^{0.4/5}`, Gustafsson 1991).

use super::{Field, Scaled};
use crate::{Error, Result};

/// The nodes, and the rows of the tableau; the last row is the solution of order 5.
const NODES: [f64; 7] = [0.0, 0.2, 0.3, 0.8, 8.0 / 9.0, 1.0, 1.0];
const ROWS: [&[f64]; 6] = [
    &[1.0 / 5.0],
    &[3.0 / 40.0, 9.0 / 40.0],
    &[44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0],
    &[19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0],
    &[9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0],
    &[35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
];
/// Order 5 minus order 4.
const ERROR: [f64; 7] = [
    71.0 / 57600.0,
    0.0,
    -71.0 / 16695.0,
    71.0 / 1920.0,
    -17253.0 / 339_200.0,
    22.0 / 525.0,
    -1.0 / 40.0,
];

/// Tolerances and bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DormandPrince {
    /// Error allowed per step, relative to the state.
    pub relative: f64,
    /// Error allowed per step near zero.
    pub absolute: f64,
    /// Steps tried, accepted or not, before the method gives up.
    pub max_steps: usize,
}

impl Default for DormandPrince {
    fn default() -> Self {
        Self { relative: 1e-5, absolute: 1e-5, max_steps: 10_000 }
    }
}

/// The state at the end and what it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution<X> {
    /// The state.
    pub x: X,
    /// Evaluations of the field.
    pub evaluations: usize,
    /// Steps made.
    pub accepted: usize,
    /// Steps that were too long and tried again.
    pub rejected: usize,
}

impl DormandPrince {
    /// From `from` to `to`, which may lie before it.
    ///
    /// # Errors
    /// Where the tolerances are not positive or the steps run out, or what the field or the states return.
    pub fn solve<X: Scaled>(
        &self,
        field: &dyn Field<X>,
        x: X,
        [from, to]: [f64; 2],
    ) -> Result<Solution<X>> {
        if !(self.relative > 0.0 && self.absolute > 0.0) {
            let found = format!("{} and {}", self.relative, self.absolute);
            return Err(Error::Value { name: "tolerances", found, expected: "positive" });
        }
        let mut slope = field.velocity(from, &x)?;
        let mut done = Solution { x, evaluations: 1, accepted: 0, rejected: 0 };
        let (mut t, mut before) = (from, 1e-4f64);
        let mut h = self.first(field, &mut done, &slope, [from, to])?;
        while t != to {
            if done.accepted + done.rejected >= self.max_steps {
                let found = format!("{} at time {t}", self.max_steps);
                return Err(Error::Value {
                    name: "steps",
                    found,
                    expected: "enough for the tolerances",
                });
            }
            let last = (h.abs() * (1.0 + 1e-12)) >= (to - t).abs();
            if last {
                h = to - t;
            }
            let (next, end_slope, error) = self.attempt(field, &done.x, &slope, t, h)?;
            done.evaluations += 6;
            // A NaN is an error too large.
            if error <= 1.0 {
                t = if last { to } else { t + h };
                (done.x, slope) = (next, end_slope);
                done.accepted += 1;
                let error = error.max(1e-10);
                h *= (0.9 * error.powf(-0.7 / 5.0) * before.powf(0.4 / 5.0)).clamp(0.2, 10.0);
                before = error;
            } else {
                done.rejected += 1;
                h *= if error.is_finite() { (0.9 * error.powf(-0.2)).max(0.2) } else { 0.2 };
            }
        }
        Ok(done)
    }

    /// The state after a step, the slope there, and the scaled error.
    fn attempt<X: Scaled>(
        &self,
        field: &dyn Field<X>,
        x: &X,
        slope: &X,
        t: f64,
        h: f64,
    ) -> Result<(X, X, f64)> {
        let mut slopes = vec![slope.clone()];
        let mut at = x.clone();
        for (row, node) in ROWS.iter().zip(&NODES[1..]) {
            let mut terms = vec![(1.0, x)];
            terms.extend(row.iter().zip(&slopes).map(|(c, k)| (h * c, k)));
            at = X::combine(&terms)?;
            slopes.push(field.velocity(t + node * h, &at)?);
        }
        let terms: Vec<_> = ERROR.iter().zip(&slopes).map(|(c, k)| (h * c, k)).collect();
        let error = X::scaled(&X::combine(&terms)?, x, &at, self.absolute, self.relative);
        let end = slopes.swap_remove(6);
        Ok((at, end, error))
    }

    /// A first step from the sizes of the state, its slope and the change of the slope (Hairer et al. 1993, §II.4).
    fn first<X: Scaled>(
        &self,
        field: &dyn Field<X>,
        done: &mut Solution<X>,
        slope: &X,
        [from, to]: [f64; 2],
    ) -> Result<f64> {
        let x = &done.x;
        let size = |e: &X| X::scaled(e, x, x, self.absolute, self.relative);
        let (value, speed) = (size(x), size(slope));
        let guess = if value < 1e-5 || speed < 1e-5 { 1e-6 } else { 0.01 * value / speed };
        let guess = guess.min((to - from).abs()).copysign(to - from);
        let moved = X::combine(&[(1.0, x), (guess, slope)])?;
        let after = field.velocity(from + guess, &moved)?;
        let change = size(&X::combine(&[(1.0, &after), (-1.0, slope)])?) / guess.abs();
        done.evaluations += 1;
        let most = speed.max(change);
        let h =
            if most <= 1e-15 { (1e-3 * guess.abs()).max(1e-6) } else { (0.01 / most).powf(0.2) };
        Ok(h.min(100.0 * guess.abs()).min((to - from).abs()).copysign(to - from))
    }
}
