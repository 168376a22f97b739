//! The continuous sigmoid schedule: `alpha_bar = (S(end/τ) − S((start + t (end − start))/τ))/(S(end/τ) − S(start/τ))`
//! with the logistic function `S` (Jabri et al. 2023; Chen 2023, algorithm 1), here with `start = −3`, `end = 3`, `τ = 1`.

use serde::{Deserialize, Serialize};

use crate::{Level, Rates, Schedule};

/// The range of the argument of `S`, over `τ`: from `−EDGE` to `EDGE`.
const EDGE: f64 = 3.0;

/// The sigmoid schedule; pure noise at `t = 1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sigmoid;

impl Schedule for Sigmoid {
    fn level(&self, t: f64) -> Level {
        if t >= 1.0 {
            return Level::NOISE;
        }
        let t = t.max(0.0);
        // With u = EDGE (2t − 1): S(E) − S(u) and S(u) − S(−E) as tanh(x/2) = 2S(x) − 1, whose differences are products:
        // tanh a − tanh b = sinh(a − b)/(cosh a cosh b).
        let half = 0.5 * EDGE;
        let u = half * (2.0 * t - 1.0);
        let total = (2.0 * half).sinh() / half.cosh();
        let left = (half - u).sinh() / u.cosh() / total;
        let gone = (half + u).sinh() / u.cosh() / total;
        Level::new(left.sqrt(), gone.sqrt())
    }

    fn time(&self, level: Level) -> f64 {
        // sigma²/alpha² = sinh(E/2 + u)/sinh(E/2 − u) is a Möbius function of tanh u.
        let ratio = level.ratio().powi(2);
        if ratio.is_infinite() {
            return 1.0;
        }
        // E t = E/2 + u as one inverse hyperbolic tangent, which keeps its digits near the clean end.
        let tanh = (0.5 * EDGE).tanh();
        let sum = 2.0 * ratio * tanh / (1.0 + ratio + tanh * tanh * (ratio - 1.0));
        (sum.atanh() / EDGE).clamp(0.0, 1.0)
    }

    fn rates(&self, t: f64) -> Rates {
        let t = t.clamp(0.0, 1.0);
        let half = 0.5 * EDGE;
        let u = half * (2.0 * t - 1.0);
        // d alpha_bar/dt = −EDGE / (2 tanh(E/2) cosh² u).
        let slope = -EDGE / (2.0 * half.tanh() * u.cosh().powi(2));
        let level = self.level(t);
        Rates { log_alpha: 0.5 * slope / level.alpha.powi(2), variance: -slope }
    }
}
