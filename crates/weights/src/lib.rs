//! Safetensors, diffusers folders and configuration files: read defensively, written atomically.
//!
//! Nothing here knows a tensor library: tensors are names, shapes and slices of numbers.
//! Every file is taken to be hostile until it has been checked, and every failure is one sentence
//! that names the file.
//!
//! ```
//! use langevin_weights::{TensorFile, write};
//!
//! # let folder = tempfile::tempdir()?;
//! let path = folder.path().join("model.safetensors");
//! let bias = ("conv_in.bias".to_owned(), vec![2], vec![0.5, -1.0]);
//! write(&path, &[bias], &Default::default())?;
//!
//! let file = TensorFile::open(&path)?;
//! assert_eq!(file.shape("conv_in.bias")?, [2]);
//! assert_eq!(file.f32("conv_in.bias")?, [0.5, -1.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod atomic;
mod config;
pub mod convert;
mod elements;
mod error;
pub mod folder;
mod from_json;
mod header;
mod json;
mod layout;
mod nearest;
mod non_finite;
mod pretty;
mod sharded;
mod single_file;
mod strided;
mod tensor_file;
mod torch;
mod view;
mod write;

pub use config::Config;
pub use error::{Error, Hint, Result};
pub use from_json::FromJson;
pub use nearest::nearest;
pub use pretty::pretty;
pub use safetensors::Dtype;
pub use sharded::Weights;
pub use tensor_file::TensorFile;
pub use view::Edit;
pub use write::{NamedTensor, TensorRef, Values, write, write_tensors};
