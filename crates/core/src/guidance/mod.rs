//! Denoisers that wrap a denoiser, one per file; they stack.

mod classifier_free;
mod clip;

pub use classifier_free::ClassifierFree;
pub use clip::Clip;
