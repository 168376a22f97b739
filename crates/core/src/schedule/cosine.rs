//! The continuous cosine schedule: `alpha = cos(π/2 · (t + s)/(1 + s)) / cos(π/2 · s/(1 + s))`, `sigma = √(1 − alpha²)`
//! (Nichol and Dhariwal 2021, eq. 17), without the clipping of the discrete form.

use std::f64::consts::FRAC_PI_2;

use serde::{Deserialize, Serialize};

use crate::{Level, Schedule};

/// Offset that keeps the first noise levels from being vanishingly small.
const S: f64 = 0.008;

/// The continuous cosine schedule with `s = 0.008`; pure noise at `t = 1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cosine;

impl Schedule for Cosine {
    fn level(&self, t: f64) -> Level {
        let angle = |t: f64| (t + S) / (1.0 + S) * FRAC_PI_2;
        if t >= 1.0 {
            return Level::NOISE;
        }
        let alpha = angle(t.max(0.0)).cos() / angle(0.0).cos();
        // 1 − alpha² as a product keeps its digits near the clean end:
        // cos²a − cos²b = sin(a + b) · sin(b − a).
        let (zero, now) = (angle(0.0), angle(t.max(0.0)));
        let sigma = ((zero + now).sin() * (now - zero).sin()).max(0.0).sqrt() / zero.cos();
        Level::new(alpha, sigma)
    }

    fn time(&self, level: Level) -> f64 {
        let alpha = level.alpha / level.alpha.hypot(level.sigma);
        let start = S / (1.0 + S) * FRAC_PI_2;
        let angle = (alpha * start.cos()).acos();
        (angle / FRAC_PI_2 * (1.0 + S) - S).clamp(0.0, 1.0)
    }
}
