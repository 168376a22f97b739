//! A file that holds a pipeline, or one network, as a folder.

use std::fs;
use std::path::Path;

use super::store::store;
use super::{Options, Teller};
use crate::folder::{Component, MODEL_INDEX, ModelFolder, Pipeline};
use crate::{Config, Error, Result, atomic, pretty};

/// The longest file of a tokenizer that is copied, in bytes.
const LONGEST: u64 = 1 << 26;

/// Writes what an open file holds as the folder `to`.
pub(super) fn split(
    model: &ModelFolder,
    to: &Path,
    options: &Options,
    teller: &mut Teller<'_>,
) -> Result<()> {
    atomic::write_dir(to, |temporary| match model {
        ModelFolder::Component(component) => network(component, temporary, options, teller),
        ModelFolder::Pipeline(pipeline) => all(pipeline, temporary, options, teller),
    })?;
    let notes = match model {
        ModelFolder::Component(component) => component.notes(),
        ModelFolder::Pipeline(pipeline) => pipeline.notes(),
    };
    notes.into_iter().try_for_each(|note| teller.note(note))
}

fn all(pipeline: &Pipeline, to: &Path, options: &Options, teller: &mut Teller<'_>) -> Result<()> {
    config(pipeline.index(), &to.join(MODEL_INDEX))?;
    let present = pipeline.components().filter_map(|(name, class)| Some((name, class?)));
    for (name, _) in present {
        let folder = to.join(name);
        fs::create_dir(&folder).map_err(|reason| Error::writing(&folder, reason))?;
        if name.starts_with("tokenizer") {
            tokenizer(pipeline, name, &folder, teller)?;
        } else if name == "scheduler" {
            let file = folder.join("scheduler_config.json");
            config(pipeline.component(name)?.config(), &file)?;
        } else {
            network(&pipeline.component(name)?, &folder, options, teller)?;
        }
    }
    Ok(())
}

fn network(
    component: &Component,
    to: &Path,
    options: &Options,
    teller: &mut Teller<'_>,
) -> Result<()> {
    config(component.config(), &to.join("config.json"))?;
    let transformers = component.config().values().contains_key("architectures");
    let stem = if transformers { "model" } else { "diffusion_pytorch_model" };
    store(&component.weights()?, (to, stem), options, teller)
}

fn config(config: &Config, to: &Path) -> Result<()> {
    atomic::write_bytes(to, pretty(config.values()).as_bytes())
}

/// Copies the files of a tokenizer, if there is one to be had.
fn tokenizer(pipeline: &Pipeline, name: &str, to: &Path, teller: &mut Teller<'_>) -> Result<()> {
    let place = match pipeline.tokenizer(name) {
        Ok(place) => place,
        Err(error @ Error::NoTokenizer { .. }) => {
            return teller
                .note(format!("{error}: put its files into the folder {name} of the result"));
        }
        Err(other) => return Err(other),
    };
    let reading = |reason| Error::reading(&place.folder, reason);
    for entry in fs::read_dir(&place.folder).map_err(reading)? {
        let path = entry.map_err(reading)?.path();
        let found = fs::metadata(&path).map_err(|reason| Error::reading(&path, reason))?;
        let Some(file) = path.file_name() else { continue };
        if found.is_file() && found.len() <= LONGEST {
            let to = to.join(file);
            fs::copy(&path, &to).map_err(|reason| Error::writing(&to, reason))?;
        }
    }
    Ok(())
}
