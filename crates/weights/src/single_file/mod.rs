//! Checkpoints that hold a whole pipeline in one file, in the layout of the models' authors.
//!
//! Such a file has no configurations: kinds of models are told by the names of the tensors
//! ([`kind`]), sizes by their shapes, and what no tensor tells is what the folders of these models
//! have ([`settings`]).
//! A file that Langevin wrote carries its configurations in its metadata, and they come first.
//! Each network's tensors are views of the file's, by tables of names that are read in both
//! directions ([`rules`]).

mod clip;
mod flux;
mod join;
mod keys;
mod kind;
mod network;
mod rules;
mod sd3;
mod settings;
mod t5;
mod unet;
mod vae;

pub(crate) use join::{Joined, join};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::{Edit, Error, Result, TensorFile, Weights, config, json};
use keys::Keys;
use kind::Kind;

/// Where Langevin keeps a file's configurations: this and the name that each has in a folder.
pub(crate) const CONFIGS: &str = "langevin/";

/// A component of a checkpoint.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) config: Map<String, Value>,
    /// The tensors: our name, the file's, and what makes one of the other; none for a scheduler.
    pub(crate) views: Vec<(String, String, Edit)>,
}

/// A file that holds a pipeline, or one network.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    pub(crate) path: PathBuf,
    /// What `model_index.json` would say; none where the file holds one network.
    pub(crate) index: Option<Map<String, Value>>,
    pub(crate) parts: BTreeMap<String, Part>,
    pub(crate) notes: Vec<String>,
    kind: Option<Kind>,
}

impl Checkpoint {
    /// Opens a file and tells what it holds.
    ///
    /// # Errors
    /// Those of [`TensorFile::open`]; [`Error::Checkpoint`] for a file that holds no known model.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = TensorFile::open(path)?;
        let recorded = Recorded { path, metadata: file.metadata() };
        let Some(kind) = Kind::of(&file) else { return Self::alone(&file) };
        if file.contains("edm_mean") {
            let detail =
                "its latents are scaled as those of Playground 2.5, which is not run".to_owned();
            return Err(Error::Checkpoint { path: path.to_owned(), detail });
        }
        let mut parts = BTreeMap::new();
        let mut classes = Map::new();
        for place in kind.places() {
            let Some(prefix) = place.prefixes.iter().find(|prefix| kind::any(&file, prefix)) else {
                continue;
            };
            let keys = Keys::new(&file, prefix);
            let config = match recorded.config(place.part, "config.json")? {
                Some(config) => config,
                None => place.network.config(keys, Some(kind))?,
            };
            classes.insert(place.part.to_owned(), place.network.class(&config));
            let views = place.network.views(keys, &config);
            parts.insert(place.part.to_owned(), Part { config, views });
        }
        let (scheduler, note) = match recorded.config("scheduler", "scheduler_config.json")? {
            Some(config) => (config, None),
            None => settings::scheduler(kind, &file),
        };
        let class = scheduler.get("_class_name").cloned().unwrap_or_default();
        classes.insert("scheduler".to_owned(), vec!["diffusers".into(), class].into());
        parts.insert("scheduler".to_owned(), Part { config: scheduler, views: Vec::new() });
        for (encoder, class) in [
            ("text_encoder", "CLIPTokenizer"),
            ("text_encoder_2", "CLIPTokenizer"),
            ("text_encoder_3", "T5TokenizerFast"),
        ] {
            if let Some(part) = parts.get(encoder) {
                let t5 = part.config.get("model_type").is_some_and(|kind| kind == "t5");
                let class = if t5 { "T5TokenizerFast" } else { class };
                let tokenizer = encoder.replace("text_encoder", "tokenizer");
                classes.insert(tokenizer, vec!["transformers", class].into());
            }
        }
        let mut index = classes;
        match recorded.config("", "model_index.json")? {
            Some(recorded) => {
                index.extend(recorded);
                leave_out(&mut index, &parts);
            }
            None => {
                let channels = Keys::new(&file, "model.diffusion_model.")
                    .shape("input_blocks.0.0.weight")
                    .and_then(|shape| shape.get(1).copied());
                index.extend(settings::index(kind, channels));
            }
        }
        let notes = note.into_iter().map(|note| format!("{}: {note}", path.display())).collect();
        Ok(Self { path: path.to_owned(), index: Some(index), parts, notes, kind: Some(kind) })
    }

    /// A file of one network.
    fn alone(file: &TensorFile) -> Result<Self> {
        let path = file.path().to_owned();
        let Some((prefix, network)) = kind::alone(file) else {
            let detail = "its tensors are named like those of no model that is known".to_owned();
            return Err(Error::Checkpoint { path, detail });
        };
        let keys = Keys::new(file, prefix);
        let config = network.config(keys, None)?;
        let views = network.views(keys, &config);
        let parts = BTreeMap::from([(network.part().to_owned(), Part { config, views })]);
        Ok(Self { path, index: None, parts, notes: Vec::new(), kind: None })
    }

    /// The token that fills up a prompt, for a tokenizer that comes from elsewhere.
    pub(crate) fn padding(&self, tokenizer: &str) -> Option<&'static str> {
        settings::padding(self.kind?, tokenizer)
    }

    /// Opens the tensors of a part.
    pub(crate) fn weights(&self, part: &str) -> Result<Weights> {
        let views = self.parts.get(part).map(|part| part.views.clone()).unwrap_or_default();
        if views.is_empty() {
            return Err(Error::NoWeights {
                folder: self.path.clone(),
                wanted: format!("weights of the part {part}"),
                found: "it holds at most its configuration".to_owned(),
            });
        }
        Weights::of_views(TensorFile::open(&self.path)?, views)
    }
}

/// Marks components that a recorded index names and the file does not hold as absent.
fn leave_out(index: &mut Map<String, Value>, parts: &BTreeMap<String, Part>) {
    let absent = |(name, value): (&String, &Value)| {
        let named = matches!(value.as_array().map(Vec::as_slice), Some([Value::String(_), _]));
        let held =
            parts.contains_key(name) || name.starts_with("tokenizer") || name.starts_with('_');
        (named && !held).then(|| name.clone())
    };
    let absent: Vec<String> = index.iter().filter_map(absent).collect();
    for name in absent {
        if name == "safety_checker" {
            index.insert("requires_safety_checker".to_owned(), false.into());
        }
        index.insert(name, vec![Value::Null, Value::Null].into());
    }
}

/// The configurations in a file's metadata.
struct Recorded<'a> {
    path: &'a Path,
    metadata: &'a BTreeMap<String, String>,
}

impl Recorded<'_> {
    fn config(&self, part: &str, file: &str) -> Result<Option<Map<String, Value>>> {
        let name = if part.is_empty() { file.to_owned() } else { format!("{part}/{file}") };
        let Some(text) = self.metadata.get(&format!("{CONFIGS}{name}")) else { return Ok(None) };
        let path = self.path.join(name);
        match json::parse(&path, text.as_bytes(), config::LONGEST)? {
            Value::Object(config) => Ok(Some(config)),
            other => Err(Error::NotAnObject { path, found: crate::from_json::describe(&other) }),
        }
    }
}
