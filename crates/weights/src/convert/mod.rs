//! Models written anew: in another precision, in shards, under the name of a variant.
//!
//! Tensors pass one after the other, so the memory is that of the largest one, twice where its
//! precision changes.
//! What is no weights is copied byte for byte.
//! The result appears as a whole, or not at all.

mod folder;
mod joined;
mod precision;
mod split;
mod store;

pub use precision::Precision;

use std::ops::ControlFlow;
use std::path::Path;

use crate::folder::ModelFolder;
use crate::{Error, Result, Weights};

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

/// What is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reading<'a> {
    /// The variant of a folder's weights to read where there is one.
    pub variant: Option<&'a str>,
    /// A folder with the tokenizers of a model that is one file.
    pub tokenizers: Option<&'a Path>,
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

/// Writes the model `from`, a folder or a file, as `to`: a file if its name ends in `.safetensors`, a
/// folder otherwise.
///
/// A folder becomes a folder with the same other files. A pipeline's folder becomes a file in the
/// layout of Stable Diffusion's authors, and such a file a folder. A component's folder or any file of
/// tensors becomes a file of the same tensors.
///
/// # Errors
/// [`Error::NoModel`] and [`Error::Checkpoint`] where there is no model, [`Error::NoLayout`] for a
/// pipeline that cannot be one file, [`Error::Stopped`] where the listener says so, and those of reading
/// and writing.
pub fn convert<'a>(
    from: &Path,
    to: &Path,
    reading: Reading<'_>,
    options: &Options,
    listener: &'a mut Listener<'a>,
) -> Result<()> {
    let mut teller = Teller(listener);
    let to_file = to.extension().is_some_and(|ending| ending == "safetensors");
    let from_file = from.is_file();
    if from_file && to_file {
        return tensors(&Weights::open(from)?, to, options, &mut teller);
    }
    if !from_file && !to_file {
        return folder::folder(from, to, reading.variant, options, &mut teller);
    }
    match ModelFolder::open(from)?.with_variant(reading.variant).with_tokenizers(reading.tokenizers)
    {
        model if from_file => split::split(&model, to, options, &mut teller),
        ModelFolder::Pipeline(pipeline) => joined::joined(&pipeline, to, options, &mut teller),
        ModelFolder::Component(component) => {
            tensors(&component.weights()?, to, options, &mut teller)
        }
    }
}

/// Writes tensors to one file, their names and shapes unchanged.
fn tensors(weights: &Weights, to: &Path, options: &Options, teller: &mut Teller<'_>) -> Result<()> {
    let specs = store::specs(weights, options)?;
    store::write(weights, to, &specs, options, teller)?;
    weights.notes().into_iter().try_for_each(|note| teller.note(note))
}
