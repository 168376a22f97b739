//! Models written anew: in another precision, in shards, under the name of a variant.
//!
//! Tensors pass one after the other, so the memory is that of the largest one, twice where its
//! precision changes.
//! What is no weights is copied byte for byte.
//! The result appears as a whole, or not at all.

mod file;
mod folder;
mod precision;
mod store;

pub use file::convert_file;
pub use folder::convert_folder;
pub use precision::Precision;

use std::ops::ControlFlow;

use crate::{Error, Result};

/// What is to change.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The precision of floats; as they are, if none is given.
    pub precision: Option<Precision>,
    /// The most bytes of tensors in one file; all in one, if none is given.
    pub shard_size: Option<u64>,
    /// The variant that the files are named after, such as `fp16`.
    pub variant: Option<String>,
}

/// What happens while a model is written.
#[derive(Debug)]
pub enum Event<'a> {
    /// A tensor of so many bytes has been read.
    Tensor {
        /// Its name.
        name: &'a str,
        /// Its length as it was stored.
        bytes: u64,
    },
    /// Something worth saying that stops nothing.
    Note(String),
}

/// Hears of [`Event`]s, and may stop the work.
pub type Listener<'a> = dyn FnMut(Event<'_>) -> ControlFlow<()> + 'a;

/// Tells a listener, and turns its wish to stop into an error.
struct Teller<'a>(&'a mut Listener<'a>);

impl Teller<'_> {
    fn tell(&mut self, event: Event<'_>) -> Result<()> {
        match (self.0)(event) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Stopped),
        }
    }

    fn note(&mut self, text: String) -> Result<()> {
        self.tell(Event::Note(text))
    }
}
