//! `[model]`: a preset, or a class of network with its fields.
//!
//! Fields that follow from the data (channels, size, classes) are filled in when the data is known.
//! TOML has no null: the text `"null"` stands for it.

use langevin_nn::NetworkConfig;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::preset::{PRESETS, preset};
use super::source::{Entry, Source, unknown_key};
use crate::{Error, Result};

/// What `network = …` may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkClass {
    /// Langevin's compact U-Net for small pictures.
    Compact,
    /// The `UNet2DModel` of diffusers.
    UNet2d,
}

impl NetworkClass {
    const ALL: [(&str, Self); 2] = [("compact", Self::Compact), ("unet2d", Self::UNet2d)];

    fn class_name(self) -> &'static str {
        match self {
            Self::Compact => langevin_nn::CompactUNet2DConfig::CLASS_NAME,
            Self::UNet2d => langevin_nn::UNet2DConfig::CLASS_NAME,
        }
    }
}

/// A class of network and the fields of its configuration that differ from its defaults.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct NetworkChoice {
    /// The class.
    pub class: NetworkClass,
    /// The fields.
    pub fields: Map<String, Value>,
}

/// What the data says about the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataShape {
    /// Channels of a picture.
    pub channels: usize,
    /// Height and width of a picture.
    pub size: [usize; 2],
    /// Rows of the class table: one per class, and the null class where labels are dropped.
    pub class_rows: Option<usize>,
}

impl NetworkChoice {
    pub(super) fn read(source: &mut Source) -> Result<Self> {
        let named = source.choice("model.network", &NetworkClass::ALL)?;
        let chosen = source.choice("model.preset", &PRESETS.map(|name| (name, name)))?;
        let (class, base) = match (named, chosen) {
            (Some(class), None) => (class, Value::Null),
            (named, chosen) => {
                let (class, fields) =
                    preset(chosen.unwrap_or(PRESETS[0])).expect("every listed preset exists");
                if let (Some(named), Some(preset)) = (named, chosen)
                    && named != class
                {
                    let both = format!(
                        "model.preset = {preset:?} is a network of another class than model.network"
                    );
                    return Err(Error::Meaning(both));
                }
                (class, fields)
            }
        };
        let Value::Object(known) = default_json(class)? else {
            unreachable!("a configuration is an object")
        };
        let mut fields = base.as_object().cloned().unwrap_or_default();
        for entry in source.below("model") {
            let name = entry.key["model.".len()..].to_owned();
            if name == "network" || name == "preset" {
                continue;
            }
            check_known(&entry, &known)?;
            let value = entry.value.to_json();
            fields.insert(name, if value == "null" { Value::Null } else { value });
        }
        Ok(Self { class, fields })
    }

    /// The network's configuration with what the data says filled in.
    ///
    /// # Errors
    /// Where a field contradicts the data or makes no network.
    pub fn resolve(&self, data: DataShape) -> Result<NetworkConfig> {
        let mut fields = Map::new();
        fields.insert("_class_name".to_owned(), self.class.class_name().into());
        fields.extend(self.fields.clone());
        fill(&mut fields, "in_channels", &data.channels.into())?;
        fill(&mut fields, "out_channels", &data.channels.into())?;
        fill(&mut fields, "num_class_embeds", &data.class_rows.map_or(Value::Null, Value::from))?;
        let [height, width] = data.size;
        let size = if height == width { height.into() } else { Value::from(vec![height, width]) };
        fill(&mut fields, "sample_size", &size)?;
        NetworkConfig::from_json(&Value::Object(fields)).map_err(|error| match error {
            langevin_nn::Error::Config { key, value, expected } => {
                let key = if key == "sample_size" {
                    "data.size".to_owned()
                } else {
                    format!("model.{key}")
                };
                Error::BadValue { key, found: value, expected }
            }
            other => other.into(),
        })
    }

    /// The choice that has every field of `network` written out.
    pub(crate) fn spelled_out(class: NetworkClass, network: &NetworkConfig) -> Self {
        let mut fields = network.to_json().as_object().cloned().unwrap_or_default();
        fields.retain(|key, _| !key.starts_with('_'));
        Self { class, fields }
    }
}

fn default_json(class: NetworkClass) -> Result<Value> {
    Ok(NetworkConfig::from_json(&serde_json::json!({ "_class_name": class.class_name() }))?
        .to_json())
}

fn check_known(entry: &Entry, known: &Map<String, Value>) -> Result<()> {
    let name = &entry.key["model.".len()..];
    if known.contains_key(name) && !name.starts_with('_') {
        return Ok(());
    }
    let names: Vec<String> =
        known.keys().filter(|k| !k.starts_with('_')).map(|k| format!("model.{k}")).collect();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.extend(["model.network", "model.preset"]);
    Err(unknown_key(entry, &names))
}

/// Sets `key` to what the data says, or checks that it says the same already.
fn fill(fields: &mut Map<String, Value>, key: &str, value: &Value) -> Result<()> {
    let written = fields.entry(key).or_insert_with(|| value.clone());
    if written == value {
        return Ok(());
    }
    Err(Error::BadValue {
        key: format!("model.{key}"),
        found: written.to_string(),
        expected: format!("{value} as the data needs, or left out"),
    })
}

impl Serialize for NetworkChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let (name, _) = NetworkClass::ALL
            .iter()
            .find(|(_, c)| *c == self.class)
            .expect("every class has a name");
        let mut fields = Map::new();
        fields.insert("network".to_owned(), (*name).into());
        for (key, value) in &self.fields {
            fields.insert(key.clone(), if value.is_null() { "null".into() } else { value.clone() });
        }
        fields.serialize(serializer)
    }
}
