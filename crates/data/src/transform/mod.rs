//! Pictures brought to one size, when they are read; mirroring is the loader's.

mod crop;
mod fit;
mod pillow;
mod resize;

pub use crop::centre_crop;
pub use fit::{Fit, fit};
pub use pillow::{PillowFilter, pillow_grey, pillow_resize, pillow_rgb};
pub use resize::{Filter, resize};
