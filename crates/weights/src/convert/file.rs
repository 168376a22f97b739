//! A file of tensors as another file, names and shapes unchanged.

use std::path::Path;

use super::store::{specs, write};
use super::{Listener, Options, Teller};
use crate::{Result, Weights};

/// Writes the tensors of the file or index `from` to the safetensors file `to`.
///
/// # Errors
/// Those of [`Weights::open`] and of writing; [`Error::Stopped`](crate::Error::Stopped) where the listener says so.
pub fn convert_file<'a>(
    from: &Path,
    to: &Path,
    options: &Options,
    listener: &'a mut Listener<'a>,
) -> Result<()> {
    let mut teller = Teller(listener);
    let weights = Weights::open(from)?;
    let specs = specs(&weights, options)?;
    write(&weights, to, &specs, &Default::default(), options, &mut teller)?;
    weights.notes().into_iter().try_for_each(|note| teller.note(note))
}
