//! Reading a pipeline's folder: `model_index.json` and the components it names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Component, MODEL_INDEX};
use crate::error::Hint;
use crate::non_finite::NonFinite;
use crate::sharded::is_plain_name;
use crate::single_file::Checkpoint;
use crate::{Config, Error, Result};

/// The library and class that a pipeline expects a component to be of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentClass {
    /// `diffusers`, `transformers` or another.
    pub library: String,
    /// For example `UNet2DModel`.
    pub class: String,
}

/// An open pipeline's folder.
#[derive(Debug)]
pub struct Pipeline {
    folder: PathBuf,
    index: Config,
    components: BTreeMap<String, Option<ComponentClass>>,
    source: Source,
    /// Where components note numbers that are not finite.
    non_finite: NonFinite,
}

/// Where the components lie.
#[derive(Debug)]
enum Source {
    /// In folders, their weights perhaps as a variant.
    Folders(Option<String>),
    /// In one file; tokenizers in the folder given, or beside the file.
    File(Arc<Checkpoint>, Option<PathBuf>),
}

/// Where a tokenizer lies, and what fills up its prompts if the settings there may be another model's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenizerPlace {
    /// The folder.
    pub folder: PathBuf,
    /// The token.
    pub padding: Option<&'static str>,
}

impl Pipeline {
    /// Reads a folder's `model_index.json`; its components are opened when they are asked for.
    ///
    /// # Errors
    /// Those of [`Config::read`]; [`Error::ComponentName`] for a component outside the folder.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = crate::atomic::existing(folder);
        let index = Config::read(folder.join(MODEL_INDEX))?;
        let components = components(&index)?;
        let source = Source::Folders(None);
        Ok(Self { folder, index, components, source, non_finite: NonFinite::default() })
    }

    /// A pipeline that a file holds.
    pub(super) fn of(file: Checkpoint, values: Map<String, Value>) -> Result<Self> {
        let index = Config::of(file.path.join(MODEL_INDEX), values);
        Ok(Self {
            folder: file.path.clone(),
            components: components(&index)?,
            index,
            source: Source::File(Arc::new(file), None),
            non_finite: NonFinite::default(),
        })
    }

    /// Where it lies: its folder, or its file.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// `model_index.json` as a whole, with the settings that are not components.
    pub fn index(&self) -> &Config {
        &self.index
    }

    /// All components, sorted; those that the pipeline does without have no class.
    pub fn components(&self) -> impl Iterator<Item = (&str, Option<&ComponentClass>)> {
        self.components.iter().map(|(name, class)| (name.as_str(), class.as_ref()))
    }

    /// The class of a component.
    ///
    /// # Errors
    /// [`Error::NoComponent`] with the nearest name, [`Error::AbsentComponent`].
    pub fn class(&self, component: &str) -> Result<&ComponentClass> {
        match self.components.get(component) {
            Some(Some(class)) => Ok(class),
            Some(None) => Err(Error::AbsentComponent {
                folder: self.folder.clone(),
                component: component.to_owned(),
            }),
            None => Err(Error::NoComponent {
                folder: self.folder.clone(),
                component: component.to_owned(),
                hint: Hint::nearest(component, self.components.keys().map(String::as_str)),
            }),
        }
    }

    /// Opens a component.
    ///
    /// # Errors
    /// Those of [`class`](Self::class) and [`Component::open`].
    pub fn component(&self, component: &str) -> Result<Component> {
        self.class(component)?;
        let opened = match &self.source {
            Source::Folders(variant) => {
                Component::open(self.folder.join(component))?.with_variant(variant.as_deref())
            }
            Source::File(file, _) => Component::of(file, component).ok_or_else(|| {
                let (folder, component) = (self.folder.clone(), component.to_owned());
                Error::NoComponent { folder, component, hint: Hint::default() }
            })?,
        };
        Ok(opened.noting(self.non_finite.clone()))
    }

    /// The same, with the weights of a variant such as `fp16` in the components that have some.
    pub fn with_variant(mut self, variant: Option<&str>) -> Self {
        if let Source::Folders(chosen) = &mut self.source {
            *chosen = variant.map(str::to_owned);
        }
        self
    }

    /// The same, with the tokenizers of another folder: one that holds them by their names, or is one itself.
    pub fn with_tokenizers(mut self, folder: Option<&Path>) -> Self {
        if let Source::File(_, chosen) = &mut self.source {
            *chosen = folder.map(Path::to_owned);
        }
        self
    }

    /// Where the tokenizer of this name lies.
    ///
    /// # Errors
    /// [`Error::NoTokenizer`] for a pipeline in one file that has none beside it.
    pub fn tokenizer(&self, name: &str) -> Result<TokenizerPlace> {
        let place = |folder, padding| Ok(TokenizerPlace { folder, padding });
        let Source::File(file, given) = &self.source else {
            return place(self.folder.join(name), None);
        };
        let beside = self.folder.parent().unwrap_or(Path::new("")).to_owned();
        let own = given.as_ref().unwrap_or(&beside).join(name);
        match given {
            _ if own.is_dir() => place(own, None),
            Some(folder) => place(folder.clone(), file.padding(name)),
            None => {
                let path = self.folder.clone();
                Err(Error::NoTokenizer { path, tokenizer: name.to_owned() })
            }
        }
    }

    /// What is worth saying: about what a file does not tell, about the choice of the components' weights, and about
    /// numbers read so far that are not finite.
    pub fn notes(&self) -> Vec<String> {
        let told = match &self.source {
            Source::File(file, _) => file.notes.as_slice(),
            Source::Folders(_) => &[],
        };
        let components = self.components().filter(|(_, class)| class.is_some());
        let choices = components.filter_map(|(name, _)| self.component(name).ok()?.choice());
        told.iter().cloned().chain(choices).chain(self.non_finite.sentences()).collect()
    }
}

/// The components that an index names.
fn components(index: &Config) -> Result<BTreeMap<String, Option<ComponentClass>>> {
    let mut components = BTreeMap::new();
    for (key, value) in index.values().iter().filter(|(key, _)| !key.starts_with('_')) {
        let Some(class) = component_class(value) else { continue };
        if !is_plain_name(key) {
            let (path, component) = (index.path().to_owned(), key.clone());
            return Err(Error::ComponentName { path, component });
        }
        components.insert(key.clone(), class);
    }
    Ok(components)
}

/// The class in an entry of `model_index.json`: a pair of strings, or of nulls for an absent
/// component; any other value is a setting of the pipeline.
fn component_class(value: &Value) -> Option<Option<ComponentClass>> {
    match value.as_array()?.as_slice() {
        [Value::String(library), Value::String(class)] => {
            Some(Some(ComponentClass { library: library.clone(), class: class.clone() }))
        }
        [Value::Null, Value::Null] => Some(None),
        _ => None,
    }
}
