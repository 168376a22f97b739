//! The coefficients of multistep methods as diffusers has them: computed in float32 from float32 levels, in its order.
//!
//! They are those of the core's solvers up to rounding. At hundreds of steps the rounding is what counts, because the
//! formulae subtract nearly equal numbers: the states of diffusers then differ from the method's own by up to 1e-3.

mod deis;
mod dpm;
mod sa;

pub(crate) use deis::deis;
pub(crate) use dpm::{Kind, dpm};
pub(crate) use sa::{Noise, corrector, predictor};

use crate::torch_sqrt::sqrt;

/// A level in float32.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    pub(crate) alpha: f32,
    pub(crate) sigma: f32,
}

impl Level {
    /// The variance-preserving level with this `sigma/alpha`.
    pub(crate) fn variance_preserving(sigma: f32) -> Self {
        let alpha = 1.0 / sqrt(sigma * sigma + 1.0);
        Self { alpha, sigma: sigma * alpha }
    }

    /// `ln alpha − ln sigma`.
    fn lambda(self) -> f32 {
        ln(self.alpha) - ln(self.sigma)
    }
}

/// The noise that an ancestral step from one level to another draws anew, and the level before it:
/// `up² = to² (from² − to²)/from²`, at most `to²`, and `down² = to² − up²`, whose digits are lost where `to` is much
/// smaller than `from`.
pub(crate) fn ancestral(from: f64, to: f64) -> Option<(f64, f64)> {
    let square = |x: f64| (x as f32) * (x as f32);
    let most = to as f32;
    let (from, to) = (square(from), square(to));
    let up = sqrt(to * (from - to) / from).min(most);
    let down = sqrt(to - up * up);
    (up.is_finite() && down.is_finite()).then_some((f64::from(up), f64::from(down)))
}

/// The level half-way between two in the logarithm.
pub(crate) fn half_way(from: f64, to: f64) -> f64 {
    let (from, to) = (ln(from as f32), ln(to as f32));
    f64::from(exp(to - (to - from) * 0.5))
}

/// Levels as they come back from `t = −ln sigma`: that of a level itself, or half-way to another.
pub(crate) fn through_log(sigma: f64, other: f64, share: f32) -> f64 {
    let (t, end) = (-ln(sigma as f32), -ln(other as f32));
    // The other end itself: going there by the difference would round.
    let at = if share == 1.0 { end } else { t + (end - t) * share };
    f64::from(exp(-at))
}

fn ln(x: f32) -> f32 {
    f64::from(x).ln() as f32
}

/// Correctly rounded, which a system's own `expf` is not always.
pub(crate) fn exp(x: f32) -> f32 {
    f64::from(x).exp() as f32
}
