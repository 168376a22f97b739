//! Reading a pipeline's folder: `model_index.json` and the components it names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Component, MODEL_INDEX};
use crate::error::Hint;
use crate::sharded::is_plain_name;
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
}

impl Pipeline {
    /// Reads a folder's `model_index.json`; its components are opened when they are asked for.
    ///
    /// # Errors
    /// Those of [`Config::read`]; [`Error::ComponentName`] for a component outside the folder.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = crate::atomic::existing(folder);
        let index = Config::read(folder.join(MODEL_INDEX))?;
        let mut components = BTreeMap::new();
        for (key, value) in index.values().iter().filter(|(key, _)| !key.starts_with('_')) {
            let Some(class) = component_class(value) else { continue };
            if !is_plain_name(key) {
                return Err(Error::ComponentName {
                    path: index.path().to_owned(),
                    component: key.clone(),
                });
            }
            components.insert(key.clone(), class);
        }
        Ok(Self { folder, index, components })
    }

    /// Where it lies.
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
    /// [`Error::MissingComponent`], and those of [`class`](Self::class) and [`Component::open`].
    pub fn component(&self, component: &str) -> Result<Component> {
        self.class(component)?;
        let folder = self.folder.join(component);
        if !folder.is_dir() {
            let (index, component) = (self.index.path().to_owned(), component.to_owned());
            return Err(Error::MissingComponent { index, component });
        }
        Component::open(folder)
    }
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
