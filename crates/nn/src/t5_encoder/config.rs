//! Configuration of [`T5EncoderModel`]: every key of transformers' `T5Config`, with its defaults for missing keys.

use super::T5EncoderModel;
use crate::clip::{epsilon, range};
use crate::config_json::{self, number};
use crate::layer::Activation;
use crate::{Configuration, Error, Init, transformers_keys};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// No configuration may ask for more than about this many parameters.
const MOST_PARAMETERS: f64 = 4e10;

/// Everything that fixes the shape and the arithmetic of a [`T5EncoderModel`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct T5Config {
    /// Tokens that exist.
    pub vocab_size: usize,
    /// Numbers per token.
    pub d_model: usize,
    /// Numbers per attention head, whatever `d_model` is.
    pub d_kv: usize,
    /// Numbers per token inside a feed-forward layer.
    pub d_ff: usize,
    /// Blocks.
    pub num_layers: usize,
    /// Blocks of the decoder, a note.
    pub num_decoder_layers: Option<usize>,
    /// Attention heads.
    pub num_heads: usize,
    /// Classes of distances between tokens, half of them for either direction.
    pub relative_attention_num_buckets: usize,
    /// The distance from which on all are of one class.
    pub relative_attention_max_distance: usize,
    /// Probability of dropping an element, in training only.
    #[serde(serialize_with = "number")]
    pub dropout_rate: f64,
    /// Epsilon of the normalisations.
    #[serde(serialize_with = "number")]
    pub layer_norm_epsilon: f64,
    /// Factor of initial parameters, a note.
    #[serde(serialize_with = "number")]
    pub initializer_factor: f64,
    /// The non-linearity of the feed-forward layers, `gated-` before it where they are gated; `gated-gelu` is the GELU by
    /// tanh.
    pub feed_forward_proj: String,
    /// The non-linearity where it is written by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dense_act_fn: Option<String>,
    /// Whether the feed-forward layers are gated, where it is written by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_gated_act: Option<bool>,
    /// Whether the layers are those of a decoder, which this network has none of.
    pub is_decoder: bool,
    /// The token that fills short sequences, a note.
    pub pad_token_id: Option<i64>,
    /// The token that ends a sequence, a note.
    pub eos_token_id: Value,
    /// Probability of dropping an element of a classifier, a note.
    #[serde(serialize_with = "number")]
    pub classifier_dropout: f64,
    /// Keys that this version does not know, kept for the way back to JSON.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Default for T5Config {
    fn default() -> Self {
        Self {
            vocab_size: 32128,
            d_model: 512,
            d_kv: 64,
            d_ff: 2048,
            num_layers: 6,
            num_decoder_layers: None,
            num_heads: 8,
            relative_attention_num_buckets: 32,
            relative_attention_max_distance: 128,
            dropout_rate: 0.1,
            layer_norm_epsilon: 1e-6,
            initializer_factor: 1.0,
            feed_forward_proj: "relu".to_owned(),
            dense_act_fn: None,
            is_gated_act: None,
            is_decoder: false,
            pad_token_id: Some(0),
            eos_token_id: Value::from(1),
            classifier_dropout: 0.0,
            other: Map::new(),
        }
    }
}

/// The kind of a feed-forward layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FeedForwardKind {
    /// `W (f(V x))`.
    Plain(Activation),
    /// `W (f(U x) · V x)`.
    Gated(Activation),
}

impl T5Config {
    /// The class.
    pub const CLASS_NAME: &'static str = "T5EncoderModel";

    /// Checks that every value makes a network that transformers could build and run.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn check(&self) -> Result<(), Error> {
        range("vocab_size", self.vocab_size, 1 << 22)?;
        range("d_model", self.d_model, 1 << 16)?;
        range("d_kv", self.d_kv, 1 << 14)?;
        range("d_ff", self.d_ff, 1 << 18)?;
        range("num_layers", self.num_layers, 1 << 10)?;
        range("num_heads", self.num_heads, 1 << 12)?;
        let inner = self.num_heads as f64 * self.d_kv as f64;
        let block = self.d_model as f64 * (4.0 * inner + 3.0 * self.d_ff as f64);
        if block * self.num_layers as f64 > MOST_PARAMETERS {
            let expected = format!("sizes that make no more than {MOST_PARAMETERS:.0} parameters");
            return Err(Error::config("num_layers", &self.num_layers, expected));
        }
        let (buckets, distance) =
            (self.relative_attention_num_buckets, self.relative_attention_max_distance);
        if !(4..=1 << 20).contains(&buckets) {
            let expected = "a number from 4 to 1048576";
            return Err(Error::config("relative_attention_num_buckets", &buckets, expected));
        }
        // Below a quarter of the buckets every distance has its own; above they widen.
        if distance <= buckets / 4 {
            let expected = format!("a number above {}, a quarter of the buckets,", buckets / 4);
            return Err(Error::config("relative_attention_max_distance", &distance, expected));
        }
        epsilon("layer_norm_epsilon", self.layer_norm_epsilon)?;
        if self.is_decoder {
            return Err(Error::config("is_decoder", &true, "false, for this is an encoder,"));
        }
        self.feed_forward().map(|_| ())
    }

    /// The kind of the feed-forward layers; `dense_act_fn` and `is_gated_act` count more than `feed_forward_proj`.
    pub(super) fn feed_forward(&self) -> Result<FeedForwardKind, Error> {
        let whole = self.feed_forward_proj.as_str();
        let (gated, name) = match whole.strip_prefix("gated-") {
            // A name of the first files; they meant the approximation.
            Some("gelu") => (true, "gelu_new"),
            Some(name) => (true, name),
            None => (false, whole),
        };
        let (key, written, name) = match &self.dense_act_fn {
            Some(name) => ("dense_act_fn", name.as_str(), name.as_str()),
            None => ("feed_forward_proj", whole, name),
        };
        let act: Activation = serde_json::from_value(Value::from(name)).map_err(|_| {
            let expected = "relu, gelu, gelu_new, quick_gelu, silu or mish";
            let before = if key == "feed_forward_proj" { ", or gated- before one," } else { "" };
            Error::config(key, &written, format!("{expected}{before}"))
        })?;
        Ok(if self.is_gated_act.unwrap_or(gated) {
            FeedForwardKind::Gated(act)
        } else {
            FeedForwardKind::Plain(act)
        })
    }
}

impl Configuration for T5Config {
    type Network = T5EncoderModel;

    const CLASS_NAMES: &'static [&'static str] = &[Self::CLASS_NAME];

    fn from_json(object: &Map<String, Value>) -> Result<Self, Error> {
        let config: Self = config_json::read(object)?;
        config.check()?;
        Ok(config)
    }

    fn init(&self, init: &mut Init<'_>) -> Result<T5EncoderModel, Error> {
        T5EncoderModel::new(init, self)
    }

    fn unknown_keys(&self) -> Vec<String> {
        transformers_keys::unknown(&self.other)
    }

    /// The one table of tokens has two names; files hold either or both.
    fn older_name(name: &str) -> Option<String> {
        (name == "shared.weight").then(|| "encoder.embed_tokens.weight".to_owned())
    }

    fn ignored(name: &str) -> bool {
        name == "encoder.embed_tokens.weight"
            || name == "lm_head.weight"
            || name.starts_with("decoder.")
    }
}
