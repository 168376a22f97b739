//! The configuration of any network of this crate, as `config.json` holds it: an object with `_class_name`.

use crate::{CompactUNet2DConfig, Configuration, Error, Init, Network, UNet2DConfig};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// The key that names the class.
const CLASS_KEY: &str = "_class_name";

/// A configuration, by class.
#[derive(Clone, Debug, PartialEq)]
pub enum NetworkConfig {
    /// `UNet2DModel` of diffusers.
    UNet2d(UNet2DConfig),
    /// `LangevinCompactUNet2D`.
    CompactUNet2d(CompactUNet2DConfig),
}

impl NetworkConfig {
    /// Reads and checks a configuration; missing keys take the defaults of the class, unknown keys are kept.
    ///
    /// # Errors
    /// [`Error::Class`] for an unknown `_class_name` and [`Error::Config`] for a value that makes no network.
    pub fn from_json(value: &Value) -> Result<Self, Error> {
        let expected =
            || format!("\"{}\", \"{}\"", UNet2DConfig::CLASS_NAME, CompactUNet2DConfig::CLASS_NAME);
        let Some(object) = value.as_object() else {
            return Err(Error::Class {
                found: "missing, for the file holds no object".to_owned(),
                expected: expected(),
            });
        };
        let mut object = object.clone();
        let class = object.remove(CLASS_KEY).unwrap_or_default();
        // Some versions of diffusers wrote the name in a list.
        let name = class.as_str().or_else(|| class.as_array()?.first()?.as_str());
        match name {
            Some(UNet2DConfig::CLASS_NAME) => Ok(Self::UNet2d(UNet2DConfig::from_json(&object)?)),
            Some(CompactUNet2DConfig::CLASS_NAME) => {
                Ok(Self::CompactUNet2d(CompactUNet2DConfig::from_json(&object)?))
            }
            _ => Err(Error::Class { found: class.to_string(), expected: expected() }),
        }
    }

    /// The configuration as `config.json` holds it, unknown keys included.
    pub fn to_json(&self) -> Value {
        let fields = match self {
            Self::UNet2d(config) => serde_json::to_value(config),
            Self::CompactUNet2d(config) => serde_json::to_value(config),
        };
        let mut object = Map::from_iter([(CLASS_KEY.to_owned(), Value::from(self.class_name()))]);
        if let Ok(Value::Object(fields)) = fields {
            object.extend(fields);
        }
        Value::Object(object)
    }

    /// Builds the network with fresh parameters.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn init(&self, init: &mut Init<'_>) -> Result<Network, Error> {
        Ok(match self {
            Self::UNet2d(config) => Network::UNet2d(config.init(init)?),
            Self::CompactUNet2d(config) => Network::CompactUNet2d(config.init(init)?),
        })
    }

    /// The value of `_class_name`.
    pub fn class_name(&self) -> &'static str {
        match self {
            Self::UNet2d(_) => UNet2DConfig::CLASS_NAME,
            Self::CompactUNet2d(_) => CompactUNet2DConfig::CLASS_NAME,
        }
    }

    /// Keys that this version does not know; those that begin with an underscore are notes, not settings.
    pub fn unknown_keys(&self) -> Vec<String> {
        let other = match self {
            Self::UNet2d(config) => &config.other,
            Self::CompactUNet2d(config) => &config.other,
        };
        other.keys().filter(|key| !key.starts_with('_')).cloned().collect()
    }

    /// Channels in.
    pub fn in_channels(&self) -> usize {
        match self {
            Self::UNet2d(config) => config.in_channels,
            Self::CompactUNet2d(config) => config.in_channels,
        }
    }

    /// Channels out.
    pub fn out_channels(&self) -> usize {
        match self {
            Self::UNet2d(config) => config.out_channels,
            Self::CompactUNet2d(config) => config.out_channels,
        }
    }

    /// Height and width of the pictures that the network was made for, in pixels.
    pub fn sample_size(&self) -> Option<[usize; 2]> {
        match self {
            Self::UNet2d(config) => config.sample_size,
            Self::CompactUNet2d(config) => config.sample_size,
        }
        .map(crate::SampleSize::sides)
    }

    /// How many numbers the widest layer holds for one picture of this height and width: all channels of the first level.
    pub fn widest_layer(&self, [height, width]: [usize; 2]) -> usize {
        let (channels, patch) = match self {
            Self::UNet2d(config) => (config.block_out_channels.first(), 1),
            Self::CompactUNet2d(config) => (config.channels.first(), config.patch.max(1)),
        };
        channels.copied().unwrap_or(0) * (height / patch) * (width / patch)
    }

    /// Rows of the class table; `None` for a network without one.
    pub fn num_class_embeds(&self) -> Option<usize> {
        match self {
            Self::UNet2d(config) if config.class_embed_type.is_some() => None,
            Self::UNet2d(config) => config.num_class_embeds,
            Self::CompactUNet2d(config) => config.num_class_embeds,
        }
    }

    /// The probability with which a training pass drops elements; see [`Network::forward_training`].
    pub fn dropout(&self) -> f64 {
        match self {
            Self::UNet2d(config) => config.dropout,
            Self::CompactUNet2d(_) => 0.0,
        }
    }
}

impl Configuration for NetworkConfig {
    type Network = Network;

    const CLASS_NAMES: &'static [&'static str] =
        &[UNet2DConfig::CLASS_NAME, CompactUNet2DConfig::CLASS_NAME];

    fn from_json(object: &Map<String, Value>) -> Result<Self, Error> {
        Self::from_json(&Value::Object(object.clone()))
    }

    fn init(&self, init: &mut Init<'_>) -> Result<Network, Error> {
        self.init(init)
    }

    fn unknown_keys(&self) -> Vec<String> {
        self.unknown_keys()
    }
}

impl Serialize for NetworkConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for NetworkConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_json(&Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
