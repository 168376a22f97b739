//! Writing model folders, each as a whole or not at all.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use super::{DIFFUSERS_VERSION, MODEL_INDEX};
use crate::sharded::is_plain_name;
use crate::{Error, Result, TensorRef, atomic, pretty, write_tensors};

/// What a component consists of.
#[derive(Debug, Clone, Copy)]
pub enum PartFiles<'a> {
    /// `config.json` and `diffusion_pytorch_model.safetensors`.
    Network(&'a [TensorRef<'a>]),
    /// `scheduler_config.json`.
    Scheduler,
}

/// A component to be written.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// `diffusers` for what diffusers can open.
    pub library: &'a str,
    /// Its class, written as `_class_name`.
    pub class: &'a str,
    /// Its settings; `_class_name` and `_diffusers_version` are set here.
    pub config: &'a Map<String, Value>,
    /// Its other files.
    pub files: PartFiles<'a>,
}

/// Writes a pipeline's folder atomically: `model_index.json` and one folder per part.
///
/// `settings` are further entries of `model_index.json`; `extra` are further files at the top of the
/// folder, by name.
///
/// # Errors
/// [`Error::ComponentName`] for a part or file whose name is no plain name, and those of
/// [`atomic::write_dir`] and [`write_tensors`].
pub fn save_pipeline(
    folder: impl AsRef<Path>,
    class: &str,
    parts: &BTreeMap<&str, Part<'_>>,
    settings: &Map<String, Value>,
    extra: &[(&str, &[u8])],
) -> Result<()> {
    let folder = folder.as_ref();
    let names = parts.keys().chain(extra.iter().map(|(name, _)| name));
    if let Some(name) = names.into_iter().find(|name| !is_plain_name(name)) {
        return Err(Error::ComponentName {
            path: folder.to_owned(),
            component: (*name).to_owned(),
        });
    }
    let mut index = settings.clone();
    for (name, part) in parts {
        index.insert((*name).to_owned(), vec![part.library, part.class].into());
    }
    atomic::write_dir(folder, |temporary| {
        atomic::write_bytes(temporary.join(MODEL_INDEX), stamped(&index, class).as_bytes())?;
        for (name, part) in parts {
            let path = temporary.join(name);
            fs::create_dir(&path).map_err(|reason| Error::writing(&path, reason))?;
            write_part(&path, part)?;
        }
        extra.iter().try_for_each(|(name, bytes)| atomic::write_bytes(temporary.join(name), bytes))
    })
}

/// Writes one component's folder atomically.
///
/// # Errors
/// Those of [`atomic::write_dir`] and [`write_tensors`].
pub fn save_component(folder: impl AsRef<Path>, part: &Part<'_>) -> Result<()> {
    let folder = folder.as_ref();
    atomic::write_dir(folder, |temporary| write_part(temporary, part))
}

fn write_part(folder: &Path, part: &Part<'_>) -> Result<()> {
    let config = stamped(part.config, part.class);
    match part.files {
        PartFiles::Network(tensors) => {
            atomic::write_bytes(folder.join("config.json"), config.as_bytes())?;
            write_tensors(
                folder.join("diffusion_pytorch_model.safetensors"),
                tensors,
                &BTreeMap::new(),
            )
        }
        PartFiles::Scheduler => {
            atomic::write_bytes(folder.join("scheduler_config.json"), config.as_bytes())
        }
    }
}

/// The text of a configuration with its class and the version of its format.
fn stamped(config: &Map<String, Value>, class: &str) -> String {
    let mut config = config.clone();
    config.insert("_class_name".to_owned(), class.into());
    config.insert("_diffusers_version".to_owned(), DIFFUSERS_VERSION.into());
    pretty(&config)
}
