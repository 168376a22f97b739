//! Configuration of [`CLIPTextModel`]: every key of transformers' `CLIPTextConfig`, with its defaults for missing keys.

use super::CLIPTextModel;
use crate::clip::{self, CLIPEncoderConfig, range};
use crate::config_json::{self, number};
use crate::layer::Activation;
use crate::{Configuration, Error, Init, transformers_keys};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Everything that fixes the shape and the arithmetic of a [`CLIPTextModel`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CLIPTextConfig {
    /// The class where a pipeline names it; it counts more than `architectures`.
    #[serde(rename = "_class_name", skip_serializing_if = "Option::is_none")]
    pub class_name: Option<String>,
    /// The class, first in the list; `CLIPTextModelWithProjection` has a projection.
    pub architectures: Option<Vec<String>>,
    /// Tokens that exist.
    pub vocab_size: usize,
    /// Numbers per token.
    pub hidden_size: usize,
    /// Numbers per token between the two linear maps of a layer.
    pub intermediate_size: usize,
    /// Numbers in the projected embedding.
    pub projection_dim: Option<usize>,
    /// Layers.
    pub num_hidden_layers: usize,
    /// Attention heads, which must divide `hidden_size`.
    pub num_attention_heads: usize,
    /// The longest sequence.
    pub max_position_embeddings: usize,
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
    /// The token that fills short sequences, a note.
    pub pad_token_id: Option<i64>,
    /// The token that begins a sequence, a note.
    pub bos_token_id: Option<i64>,
    /// The token whose state stands for the sequence; the value 2 of older files means the largest token instead.
    pub eos_token_id: i64,
    /// Keys that this version does not know, kept for the way back to JSON.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Default for CLIPTextConfig {
    fn default() -> Self {
        Self {
            class_name: None,
            architectures: None,
            vocab_size: 49408,
            hidden_size: 512,
            intermediate_size: 2048,
            projection_dim: Some(512),
            num_hidden_layers: 12,
            num_attention_heads: 8,
            max_position_embeddings: 77,
            hidden_act: Activation::QuickGelu,
            layer_norm_eps: 1e-5,
            attention_dropout: 0.0,
            initializer_range: 0.02,
            initializer_factor: 1.0,
            pad_token_id: Some(1),
            bos_token_id: Some(49406),
            eos_token_id: 49407,
            other: Map::new(),
        }
    }
}

impl CLIPTextConfig {
    /// The class without a projection.
    pub const CLASS_NAME: &'static str = "CLIPTextModel";
    /// The class with one.
    pub const CLASS_NAME_WITH_PROJECTION: &'static str = "CLIPTextModelWithProjection";

    /// Checks that every value makes a network that transformers could build and run.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn check(&self) -> Result<(), Error> {
        self.encoder().check()?;
        range("vocab_size", self.vocab_size, 1 << 22)?;
        range("max_position_embeddings", self.max_position_embeddings, 1 << 20)?;
        match self.projection() {
            Some(None) => {
                let expected = "a number, since the class has a projection,";
                Err(Error::config("projection_dim", &self.projection_dim, expected))
            }
            Some(Some(width)) => range("projection_dim", width, 1 << 16),
            None => Ok(()),
        }
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

    /// `projection_dim` where the class has a projection.
    fn projection(&self) -> Option<Option<usize>> {
        self.projects().then_some(self.projection_dim)
    }
}

impl Configuration for CLIPTextConfig {
    type Network = CLIPTextModel;

    const CLASS_NAMES: &'static [&'static str] =
        &[Self::CLASS_NAME, Self::CLASS_NAME_WITH_PROJECTION];

    fn from_json(object: &Map<String, Value>) -> Result<Self, Error> {
        let config: Self = config_json::read(&transformers_keys::part(object, "text_config"))?;
        config.check()?;
        Ok(config)
    }

    fn init(&self, init: &mut Init<'_>) -> Result<CLIPTextModel, Error> {
        CLIPTextModel::new(init, self)
    }

    fn unknown_keys(&self) -> Vec<String> {
        transformers_keys::unknown(&self.other)
    }

    /// Version 5 of transformers writes a `CLIPTextModel` without the prefix `text_model`.
    fn older_name(name: &str) -> Option<String> {
        name.strip_prefix("text_model.").map(str::to_owned)
    }

    fn ignored(name: &str) -> bool {
        clip::left_over(name, "text_model.")
    }
}
