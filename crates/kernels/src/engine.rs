//! What computes an operation: this crate's kernel, or the same operation composed of Burn's own.

use std::sync::atomic::{AtomicBool, Ordering};

/// The two ways to compute every operation of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The kernels, for the tensors that they take.
    Kernels,
    /// Burn's own operations, for all tensors: slower, and an independent check of the kernels.
    Composed,
}

static COMPOSED: AtomicBool = AtomicBool::new(false);

/// What computes now: the kernels, unless [`set_engine`] chose otherwise.
pub fn engine() -> Engine {
    if COMPOSED.load(Ordering::Relaxed) { Engine::Composed } else { Engine::Kernels }
}

/// Makes every operation of this process use `engine` from now on, for example to compare two trainings.
///
/// A backward pass follows its forward pass whatever is chosen in between.
pub fn set_engine(engine: Engine) {
    COMPOSED.store(engine == Engine::Composed, Ordering::Relaxed);
}
