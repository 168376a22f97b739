//! Configuration of [`PriorTransformer`]: every key of diffusers, with diffusers' defaults for missing keys.

use super::PriorTransformer;
use crate::clip::range;
use crate::config_json::{self, any_case, number};
use crate::layer::Activation;
use crate::{Configuration, Error, Init};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// No configuration may ask for more than about this many parameters.
const MOST_PARAMETERS: f64 = 2e10;

/// A normalisation that may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PriorNorm {
    /// Layer normalisation.
    Layer,
}

/// A map that may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PriorProjectionKind {
    /// An affine map.
    Linear,
}

/// What stands behind the noisy embedding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PriorAddedEmbedding {
    /// A learned vector, at whose place the prediction is read.
    Prd,
}

/// Everything that fixes the shape and the arithmetic of a [`PriorTransformer`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PriorTransformerConfig {
    /// Attention heads.
    pub num_attention_heads: usize,
    /// Numbers per head; as many times the heads are the numbers per token inside.
    pub attention_head_dim: usize,
    /// Blocks.
    pub num_layers: usize,
    /// Numbers in the noisy embedding, and in each of the caption's tokens.
    pub embedding_dim: usize,
    /// Tokens of the caption.
    pub num_embeddings: usize,
    /// Further tokens that have a place of their own.
    pub additional_embeddings: usize,
    /// Probability of dropping an element, in training only.
    #[serde(serialize_with = "number")]
    pub dropout: f64,
    /// The non-linearity of the time embedding.
    #[serde(deserialize_with = "any_case")]
    pub time_embed_act_fn: Activation,
    /// Normalisation before the blocks.
    pub norm_in_type: Option<PriorNorm>,
    /// Normalisation of the caption's embedding.
    pub embedding_proj_norm_type: Option<PriorNorm>,
    /// Map of the caption's tokens; null takes them as they are, or none.
    pub encoder_hid_proj_type: Option<PriorProjectionKind>,
    /// Where the prediction is read; null means at the place of the noisy embedding.
    pub added_emb_type: Option<PriorAddedEmbedding>,
    /// Numbers in the time embedding; as many as per token where not given.
    pub time_embed_dim: Option<usize>,
    /// Numbers in the caption's embedding; `embedding_dim` where not given.
    pub embedding_proj_dim: Option<usize>,
    /// Numbers in the prediction; `embedding_dim` where not given.
    pub clip_embed_dim: Option<usize>,
    /// Keys that this version does not know, kept for the way back to JSON.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Default for PriorTransformerConfig {
    fn default() -> Self {
        Self {
            num_attention_heads: 32,
            attention_head_dim: 64,
            num_layers: 20,
            embedding_dim: 768,
            num_embeddings: 77,
            additional_embeddings: 4,
            dropout: 0.0,
            time_embed_act_fn: Activation::Silu,
            norm_in_type: None,
            embedding_proj_norm_type: None,
            encoder_hid_proj_type: Some(PriorProjectionKind::Linear),
            added_emb_type: Some(PriorAddedEmbedding::Prd),
            time_embed_dim: None,
            embedding_proj_dim: None,
            clip_embed_dim: None,
            other: Map::new(),
        }
    }
}

impl PriorTransformerConfig {
    /// The value of `_class_name`.
    pub const CLASS_NAME: &'static str = "PriorTransformer";

    /// Checks that every value makes a network that diffusers could build and run.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn check(&self) -> Result<(), Error> {
        range("num_attention_heads", self.num_attention_heads, 1 << 12)?;
        range("attention_head_dim", self.attention_head_dim, 1 << 12)?;
        range("num_layers", self.num_layers, 1 << 10)?;
        range("embedding_dim", self.embedding_dim, 1 << 16)?;
        range("num_embeddings + additional_embeddings", self.positions(), 1 << 20)?;
        range("time_embed_dim", self.time_dim(), 1 << 16)?;
        range("embedding_proj_dim", self.proj_dim(), 1 << 16)?;
        range("clip_embed_dim", self.clip_dim(), 1 << 16)?;
        let inner = self.inner_dim();
        if inner < 2 {
            let expected = "a number that makes at least 2 numbers per token";
            return Err(Error::config("attention_head_dim", &self.attention_head_dim, expected));
        }
        if (inner as f64).powi(2) * 12.0 * self.num_layers as f64 > MOST_PARAMETERS {
            let expected = format!("sizes that make no more than {MOST_PARAMETERS:.0} parameters");
            return Err(Error::config("num_layers", &self.num_layers, expected));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            let expected = "a probability from 0 to below 1";
            return Err(Error::config("dropout", &self.dropout, expected));
        }
        Ok(())
    }

    /// Numbers per token inside.
    pub fn inner_dim(&self) -> usize {
        self.num_attention_heads * self.attention_head_dim
    }

    /// Places that have a vector of their own.
    pub fn positions(&self) -> usize {
        self.num_embeddings.saturating_add(self.additional_embeddings)
    }

    /// Numbers in the time embedding.
    pub fn time_dim(&self) -> usize {
        given(self.time_embed_dim, self.inner_dim())
    }

    /// Numbers in the caption's embedding.
    pub fn proj_dim(&self) -> usize {
        given(self.embedding_proj_dim, self.embedding_dim)
    }

    /// Numbers in the prediction.
    pub fn clip_dim(&self) -> usize {
        given(self.clip_embed_dim, self.embedding_dim)
    }
}

/// Python's `or`: zero counts as not given.
fn given(value: Option<usize>, otherwise: usize) -> usize {
    value.filter(|&v| v > 0).unwrap_or(otherwise)
}

impl Configuration for PriorTransformerConfig {
    type Network = PriorTransformer;

    const CLASS_NAMES: &'static [&'static str] = &[Self::CLASS_NAME];

    fn from_json(object: &Map<String, Value>) -> Result<Self, Error> {
        let config: Self = config_json::read(object)?;
        config.check()?;
        Ok(config)
    }

    fn init(&self, init: &mut Init<'_>) -> Result<PriorTransformer, Error> {
        PriorTransformer::new(init, self)
    }

    fn unknown_keys(&self) -> Vec<String> {
        self.other.keys().filter(|key| !key.starts_with('_')).cloned().collect()
    }
}
