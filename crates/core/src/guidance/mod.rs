//! Denoisers that wrap a denoiser, one per file; they stack.
//!
//! Guidance mixes several estimates of one state: [`Branches`] is the seam by which a model computes them in one batched
//! forward pass.

mod adaptive_projected;
mod autoguidance;
mod branches;
mod classifier;
mod classifier_free;
mod clip;
mod dynamic_threshold;
mod interval;
mod perp_neg;
mod rescale;

pub use adaptive_projected::AdaptiveProjected;
pub use autoguidance::Autoguidance;
pub use branches::{Branch, Branches};
pub use classifier::{Classifier, ClassifierGuidance, MixtureClassifier};
pub use classifier_free::ClassifierFree;
pub use clip::Clip;
pub use dynamic_threshold::DynamicThreshold;
pub use interval::Interval;
pub use perp_neg::PerpNeg;
pub use rescale::{Rescale, rescaled};

use crate::{Level, Result, Samples, State};

/// `second + scale · (first − second)`; where one of the two does not count, it is not evaluated.
fn extrapolate<X: State>(
    branches: &impl Branches<X, 2>,
    scale: f64,
    x: &X,
    at: Level,
) -> Result<X> {
    if scale == 1.0 {
        return branches.one(0, x, at);
    }
    if scale == 0.0 {
        return branches.one(1, x, at);
    }
    let [first, second] = branches.all(x, at)?;
    X::combine(&[(scale, &first), (1.0 - scale, &second)])
}

/// Each sample's component along `direction`, `⟨x, d⟩/⟨d, d⟩ · d`; none where the direction is zero.
fn along<X: Samples>(x: &X, direction: &X) -> Result<X> {
    let dots = x.sum_pairs(direction, |x, d| x * d)?;
    let norms = direction.sum_pairs(direction, |a, b| a * b)?;
    let share = |(dot, norm): (f64, f64)| if norm > 0.0 { dot / norm } else { 0.0 };
    direction.scaled(&dots.into_iter().zip(norms).map(share).collect::<Vec<_>>())
}
