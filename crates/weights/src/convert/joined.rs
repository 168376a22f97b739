//! A pipeline's folder as one file in the layout of Stable Diffusion's authors.
//!
//! The configurations go into the file's metadata, so that the way back loses nothing.

use std::collections::BTreeMap;
use std::path::Path;

use super::store::convert;
use super::{Event, Options, Teller};
use crate::folder::{MODEL_INDEX, Pipeline};
use crate::single_file::{CONFIGS, join};
use crate::write::{TensorSpec, write_streamed};
use crate::{Config, Result, pretty};

/// Writes the pipeline as the file `to`.
pub(super) fn joined(
    pipeline: &Pipeline,
    to: &Path,
    options: &Options,
    teller: &mut Teller<'_>,
) -> Result<()> {
    let (tensors, weights) = join(pipeline)?;
    for name in ["safety_checker", "feature_extractor", "image_encoder"] {
        if pipeline.class(name).is_ok() {
            let folder = pipeline.folder().join(name);
            teller
                .note(format!("{} has no place in one file and is left out", folder.display()))?;
        }
    }
    let spec = |(name, tensor): (&String, &crate::single_file::Joined)| -> TensorSpec {
        let dtype = options.precision.map_or(tensor.dtype, |precision| precision.of(tensor.dtype));
        (name.clone(), dtype, tensor.shape.clone())
    };
    let specs: Vec<TensorSpec> = tensors.iter().map(spec).collect();
    write_streamed(to, &specs, &configs(pipeline)?, &mut |name| {
        let tensor = &tensors[name];
        let bytes = tensor.bytes(&weights)?;
        teller.tell(Event::Tensor { name, bytes: bytes.len() as u64 })?;
        convert((name, to), (tensor.dtype, bytes), options, teller)
    })?;
    pipeline.notes().into_iter().try_for_each(|note| teller.note(note))
}

/// The configurations of a pipeline, by their names in a folder.
fn configs(pipeline: &Pipeline) -> Result<BTreeMap<String, String>> {
    let entry =
        |name: String, config: &Config| (format!("{CONFIGS}{name}"), pretty(config.values()));
    let mut configs = BTreeMap::from([entry(MODEL_INDEX.to_owned(), pipeline.index())]);
    for (name, class) in pipeline.components() {
        if class.is_none() || name.starts_with("tokenizer") {
            continue;
        }
        let Ok(component) = pipeline.component(name) else { continue };
        let file = component.config().path().file_name().unwrap_or_default().to_string_lossy();
        configs.extend([entry(format!("{name}/{file}"), component.config())]);
    }
    Ok(configs)
}
