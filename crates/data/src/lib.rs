//! Images to train on, from wherever they are, and pictures to files.
//!
//! [`open`] reads a [`DataSource`] — the embedded [`digits`], a folder or tar of images, IDX files — into a [`Dataset`]:
//! images of one size in memory, with classes and captions where there are any.
//! A [`Loader`] makes batches of it, each a pure function of (seed, step).
//! A [`Picture`] is one image, to be written as PNG, GIF or contact sheet.
//!
//! ```
//! use std::sync::Arc;
//! use langevin_data::{Loader, LoaderConfig, Options};
//!
//! # fn main() -> langevin_data::Result<()> {
//! let (digits, notes) = langevin_data::open(&"digits".parse()?, &Options::default())?;
//! assert_eq!((digits.len(), notes.to_string()), (9_000, String::new()));
//! let loader = Loader::new(Arc::new(digits), LoaderConfig { seed: 1, batch_size: 64, ..Default::default() })?;
//! assert_eq!(loader.batch(0).images.len(), 64 * 28 * 28);
//! # Ok(())
//! # }
//! ```

pub mod dataset;
pub mod digits;
pub mod error;
pub mod folder;
pub mod idx;
pub mod loader;
pub mod notes;
pub mod options;
pub mod picture;
pub mod signed;
mod size;
pub mod source;
pub mod transform;

pub use dataset::{Dataset, Record};
pub use error::{Error, Result};
pub use loader::{Batch, Flip, Loader, LoaderConfig, Tail};
pub use notes::{Notes, Skipped};
pub use options::{Classes, Options, Strictness};
pub use picture::Picture;
pub use source::{DataSource, Split, open};
