//! The continuous cosine schedule: `alpha = cos(π/2 · (t + s)/(1 + s)) / cos(π/2 · s/(1 + s))`, `sigma = √(1 − alpha²)`
//! (Nichol and Dhariwal 2021, eq. 17), without the clipping of the discrete form.

use std::f64::consts::FRAC_PI_2;

use serde::{Deserialize, Serialize};

use crate::{Level, Rates, Schedule};

/// Offset that keeps the first noise levels from being vanishingly small.
const S: f64 = 0.008;

/// The continuous cosine schedule with `s = 0.008`; pure noise at `t = 1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cosine;

impl Schedule for Cosine {
    fn level(&self, t: f64) -> Level {
        if t >= 1.0 {
            return Level::NOISE;
        }
        let t = t.max(0.0);
        // The angle at 0, and how far it has turned by now.
        let (zero, turn) = (S / (1.0 + S) * FRAC_PI_2, t / (1.0 + S) * FRAC_PI_2);
        // 1 − alpha² as a product keeps its digits near the clean end:
        // cos²a − cos²b = sin(a + b) · sin(b − a).
        let sigma = ((2.0 * zero + turn).sin() * turn.sin()).sqrt() / zero.cos();
        Level::new((zero + turn).cos() / zero.cos(), sigma)
    }

    fn time(&self, level: Level) -> f64 {
        if level.alpha == 0.0 {
            return 1.0;
        }
        let zero = S / (1.0 + S) * FRAC_PI_2;
        let norm = level.alpha.hypot(level.sigma);
        // The angle by its sine and cosine, since the cosine alone loses digits near the clean end:
        // cos(angle) = alpha · cos(zero), so sin²(angle) = sin²(zero) + sigma² · cos²(zero).
        let sine = zero.sin().hypot(level.sigma / norm * zero.cos());
        let turn = sine.atan2(level.alpha / norm * zero.cos()) - zero;
        (turn / FRAC_PI_2 * (1.0 + S)).clamp(0.0, 1.0)
    }

    fn rates(&self, t: f64) -> Rates {
        let zero = S / (1.0 + S) * FRAC_PI_2;
        let speed = FRAC_PI_2 / (1.0 + S);
        let angle = zero + t.clamp(0.0, 1.0) * speed;
        // d(sigma²)/dt = −2 alpha · d alpha/dt.
        let variance = (2.0 * angle).sin() * speed / zero.cos().powi(2);
        Rates { log_alpha: -speed * angle.tan(), variance }
    }
}
