//! Pictures brought to one size, when they are read; mirroring is the loader's.

mod crop;
mod fit;
mod resize;

pub use crop::centre_crop;
pub use fit::{Fit, fit};
pub use resize::{Filter, resize};
