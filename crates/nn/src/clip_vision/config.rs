//! Configuration of [`CLIPVisionModel`]: every key of transformers' `CLIPVisionConfig`, with its defaults for missing keys.

use super::CLIPVisionModel;
use crate::clip::{self, CLIPEncoderConfig, range};
use crate::config_json::{self, number};
use crate::layer::Activation;
use crate::{Configuration, Error, Init, transformers_keys};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Everything that fixes the shape and the arithmetic of a [`CLIPVisionModel`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CLIPVisionConfig {
    /// The class where a pipeline names it; it counts more than `architectures`.
    #[serde(rename = "_class_name", skip_serializing_if = "Option::is_none")]
    pub class_name: Option<String>,
    /// The class, first in the list; `CLIPVisionModelWithProjection` has a projection.
    pub architectures: Option<Vec<String>>,
    /// Numbers per patch.
    pub hidden_size: usize,
    /// Numbers per patch between the two linear maps of a layer.
    pub intermediate_size: usize,
    /// Numbers in the projected embedding.
    pub projection_dim: usize,
    /// Layers.
    pub num_hidden_layers: usize,
    /// Attention heads, which must divide `hidden_size`.
    pub num_attention_heads: usize,
    /// Channels of the pictures.
    pub num_channels: usize,
    /// Side of the pictures, in pixels.
    pub image_size: usize,
    /// Side of a patch, in pixels.
    pub patch_size: usize,
    /// The non-linearity of the layers.
    pub hidden_act: Activation,
    /// Epsilon of the normalisations.
    #[serde(serialize_with = "number")]
    pub layer_norm_eps: f64,
    /// Probability of dropping a weight of attention, in training only.
    #[serde(serialize_with = "number")]
    pub attention_dropout: f64,
    /// Deviation of initial parameters, a note.
    #[serde(serialize_with = "number")]
    pub initializer_range: f64,
    /// Factor of initial parameters, a note.
    #[serde(serialize_with = "number")]
    pub initializer_factor: f64,
    /// Keys that this version does not know, kept for the way back to JSON.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Default for CLIPVisionConfig {
    fn default() -> Self {
        Self {
            class_name: None,
            architectures: None,
            hidden_size: 768,
            intermediate_size: 3072,
            projection_dim: 512,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            num_channels: 3,
            image_size: 224,
            patch_size: 32,
            hidden_act: Activation::QuickGelu,
            layer_norm_eps: 1e-5,
            attention_dropout: 0.0,
            initializer_range: 0.02,
            initializer_factor: 1.0,
            other: Map::new(),
        }
    }
}

impl CLIPVisionConfig {
    /// The class without a projection.
    pub const CLASS_NAME: &'static str = "CLIPVisionModel";
    /// The class with one.
    pub const CLASS_NAME_WITH_PROJECTION: &'static str = "CLIPVisionModelWithProjection";

    /// Checks that every value makes a network that transformers could build and run.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn check(&self) -> Result<(), Error> {
        self.encoder().check()?;
        range("num_channels", self.num_channels, 4096)?;
        range("image_size", self.image_size, 1 << 14)?;
        range("patch_size", self.patch_size, self.image_size)?;
        let (patches, most) = ((self.image_size / self.patch_size).pow(2), 1 << 16);
        if patches > most {
            let expected = format!("a size that makes no more than {most} patches");
            return Err(Error::config("patch_size", &self.patch_size, expected));
        }
        if self.projects() {
            range("projection_dim", self.projection_dim, 1 << 16)?;
        }
        Ok(())
    }

    /// The sizes of the transformer.
    pub fn encoder(&self) -> CLIPEncoderConfig {
        CLIPEncoderConfig {
            hidden_size: self.hidden_size,
            intermediate_size: self.intermediate_size,
            num_hidden_layers: self.num_hidden_layers,
            num_attention_heads: self.num_attention_heads,
            hidden_act: self.hidden_act,
            layer_norm_eps: self.layer_norm_eps,
        }
    }

    /// Whether the class has a projection.
    pub fn projects(&self) -> bool {
        let first = self.architectures.as_ref().and_then(|names| names.first());
        self.class_name.as_ref().or(first).is_some_and(|n| n == Self::CLASS_NAME_WITH_PROJECTION)
    }
}

impl Configuration for CLIPVisionConfig {
    type Network = CLIPVisionModel;

    const CLASS_NAMES: &'static [&'static str] =
        &[Self::CLASS_NAME, Self::CLASS_NAME_WITH_PROJECTION];

    fn from_json(object: &Map<String, Value>) -> Result<Self, Error> {
        let config: Self = config_json::read(&transformers_keys::part(object, "vision_config"))?;
        config.check()?;
        Ok(config)
    }

    fn init(&self, init: &mut Init<'_>) -> Result<CLIPVisionModel, Error> {
        CLIPVisionModel::new(init, self)
    }

    fn unknown_keys(&self) -> Vec<String> {
        transformers_keys::unknown(&self.other)
    }

    /// Version 5 of transformers writes a `CLIPVisionModel` without the prefix `vision_model`.
    fn older_name(name: &str) -> Option<String> {
        name.strip_prefix("vision_model.").map(str::to_owned)
    }

    fn ignored(name: &str) -> bool {
        clip::left_over(name, "vision_model.")
    }
}
