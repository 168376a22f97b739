//! The encoder of T5, which keeps transformers' names in every file.

use serde_json::{Map, Value, json};

use super::keys::Keys;
use super::rules::Rules;
use crate::Result;

/// The names of the network.
pub(super) fn rules() -> Rules {
    let mut rules = Rules::default();
    for name in ["shared.", "encoder."] {
        rules.same(name, name);
    }
    rules
}

/// The configuration of a network of these shapes, with the settings of version 1.1.
pub(super) fn config(keys: Keys<'_>) -> Result<Map<String, Value>> {
    const LAYER: &str = "encoder.block.0.layer";
    let bias = format!("{LAYER}.0.SelfAttention.relative_attention_bias.weight");
    let heads = keys.extent(&bias, 1)?;
    let layers =
        keys.count(|layer| format!("encoder.block.{layer}.layer.0.SelfAttention.q.weight"));
    let config = json!({
        "architectures": ["T5EncoderModel"],
        "d_ff": keys.extent(&format!("{LAYER}.1.DenseReluDense.wi_0.weight"), 0)?,
        "d_kv": keys.extent(&format!("{LAYER}.0.SelfAttention.q.weight"), 0)? / heads.max(1),
        "d_model": keys.extent("shared.weight", 1)?,
        "decoder_start_token_id": 0,
        "dense_act_fn": "gelu_new",
        "dropout_rate": 0.1,
        "eos_token_id": 1,
        "feed_forward_proj": "gated-gelu",
        "is_encoder_decoder": true,
        "is_gated_act": true,
        "layer_norm_epsilon": 1e-6,
        "model_type": "t5",
        "num_heads": heads,
        "num_layers": layers,
        "pad_token_id": 0,
        "relative_attention_max_distance": 128,
        "relative_attention_num_buckets": keys.extent(&bias, 0)?,
        "tie_word_embeddings": false,
        "vocab_size": keys.extent("shared.weight", 0)?,
    });
    match config {
        Value::Object(config) => Ok(config),
        _ => Ok(Map::new()),
    }
}
