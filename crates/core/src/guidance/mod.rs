//! Denoisers that wrap a denoiser, one per file; they stack.
//!
//! Guidance mixes several estimates of one state: [`Branches`] is the seam by which a model computes them in one batched
//! forward pass.

mod autoguidance;
mod branches;
mod classifier_free;
mod clip;
mod interval;
mod rescale;

pub use autoguidance::Autoguidance;
pub use branches::{Branch, Branches};
pub use classifier_free::ClassifierFree;
pub use clip::Clip;
pub use interval::Interval;
pub use rescale::Rescale;

use crate::{Level, Result, State};

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
