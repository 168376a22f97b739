//! Sample quality, measured without a download.
//!
//! - [`judge_samples`] and [`judge_images`] make a [`Verdict`]: every distance beside its floor.
//! - [`Judge`]: the embedded classifier of digits, for class accuracy and features.
//! - [`frechet`]: distance between the Gaussians fitted to two feature sets.
//! - [`sliced_wasserstein`]: optimal transport along random directions.
//! - [`nearest`] and [`memorisation`]: does a generator repeat its training images?
//!
//! ```
//! use langevin_data::digits;
//! use langevin_eval::{Gaussian, Points, frechet};
//!
//! // Any two sets of points will do; here the columns of grey of two halves of the test digits.
//! let pixels: Vec<f32> = digits::test().pixels().iter().map(|&p| f32::from(p) / 255.0).collect();
//! let (a, b) = pixels.split_at(pixels.len() / 2);
//! let a = Gaussian::fit(Points::new(a, 500 * 28, 28)?)?;
//! let b = Gaussian::fit(Points::new(b, 500 * 28, 28)?)?;
//! assert!(frechet(&a, &a)? < 1e-9 && frechet(&a, &b)? > 1e-3);
//! # Ok::<(), langevin_eval::Error>(())
//! ```

mod error;
mod frechet;
mod images;
pub mod judge;
mod memorisation;
mod nearest;
mod points;
mod random_features;
mod sliced_wasserstein;
mod verdict;

pub use error::{Error, Result};
pub use frechet::{Gaussian, frechet};
pub use images::Images;
pub use judge::{Examined, Judge, JudgeNetwork};
pub use memorisation::{Memorisation, Pair, memorisation};
pub use nearest::{Neighbour, nearest, nearest_other};
pub use points::Points;
pub use sliced_wasserstein::{sliced_wasserstein, wasserstein_1d_squared};
pub use verdict::{Verdict, judge_images, judge_samples};
