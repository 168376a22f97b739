//! The transformer of Flux as its authors' code names it.

use serde_json::{Map, Value, json};

use super::keys::Keys;
use super::rules::{Link, Rules};
use crate::Result;

const OUTSIDE: [(&str, &str); 9] = [
    ("time_in.in_layer.", "time_text_embed.timestep_embedder.linear_1."),
    ("time_in.out_layer.", "time_text_embed.timestep_embedder.linear_2."),
    ("vector_in.in_layer.", "time_text_embed.text_embedder.linear_1."),
    ("vector_in.out_layer.", "time_text_embed.text_embedder.linear_2."),
    ("guidance_in.in_layer.", "time_text_embed.guidance_embedder.linear_1."),
    ("guidance_in.out_layer.", "time_text_embed.guidance_embedder.linear_2."),
    ("txt_in.", "context_embedder."),
    ("img_in.", "x_embedder."),
    ("final_layer.linear.", "proj_out."),
];

const DOUBLE: [(&str, &str); 12] = [
    ("img_mod.lin.", "norm1.linear."),
    ("txt_mod.lin.", "norm1_context.linear."),
    ("img_attn.norm.query_norm.scale", "attn.norm_q.weight"),
    ("img_attn.norm.key_norm.scale", "attn.norm_k.weight"),
    ("txt_attn.norm.query_norm.scale", "attn.norm_added_q.weight"),
    ("txt_attn.norm.key_norm.scale", "attn.norm_added_k.weight"),
    ("img_mlp.0.", "ff.net.0.proj."),
    ("img_mlp.2.", "ff.net.2."),
    ("txt_mlp.0.", "ff_context.net.0.proj."),
    ("txt_mlp.2.", "ff_context.net.2."),
    ("img_attn.proj.", "attn.to_out.0."),
    ("txt_attn.proj.", "attn.to_add_out."),
];

const SINGLE: [(&str, &str); 4] = [
    ("modulation.lin.", "norm.linear."),
    ("norm.query_norm.scale", "attn.norm_q.weight"),
    ("norm.key_norm.scale", "attn.norm_k.weight"),
    ("linear2.", "proj_out."),
];

/// The maps of an attention that are one tensor in the file.
const JOINED: [(&str, [&str; 3]); 2] = [
    ("img_attn.qkv.", ["attn.to_q.", "attn.to_k.", "attn.to_v."]),
    ("txt_attn.qkv.", ["attn.add_q_proj.", "attn.add_k_proj.", "attn.add_v_proj."]),
];

/// The same and the map of the feed-forward part, in the blocks of one stream.
const ALL: [&str; 4] = ["attn.to_q.", "attn.to_k.", "attn.to_v.", "proj_mlp."];

/// The names of the network with this configuration.
pub(super) fn rules(config: &Map<String, Value>) -> Rules {
    let count = |key: &str, default: u64| {
        config.get(key).and_then(Value::as_u64).unwrap_or(default).min(1 << 20) as usize
    };
    let width = count("num_attention_heads", 24) * count("attention_head_dim", 128);
    let mut rules = Rules::default();
    rules.within("", "", &OUTSIDE);
    rules.add("final_layer.adaLN_modulation.1.", "norm_out.linear.", Link::Swapped);
    for layer in 0..count("num_layers", 19).min(512) {
        let (theirs, ours) =
            (format!("double_blocks.{layer}."), format!("transformer_blocks.{layer}."));
        rules.within(&theirs, &ours, &DOUBLE);
        for (their, parts) in JOINED {
            for (index, our) in parts.into_iter().enumerate() {
                let link = Link::Part(index, 3);
                rules.add(format!("{theirs}{their}"), format!("{ours}{our}"), link);
            }
        }
    }
    for layer in 0..count("num_single_layers", 38).min(512) {
        let (theirs, ours) =
            (format!("single_blocks.{layer}."), format!("single_transformer_blocks.{layer}."));
        rules.within(&theirs, &ours, &SINGLE);
        for (index, our) in ALL.into_iter().enumerate() {
            // The feed-forward part is four times as wide.
            let rows = width * if index == 3 { 4 } else { 1 };
            let link = Link::Rows(index * width, index * width + rows, index);
            rules.add(format!("{theirs}linear1."), format!("{ours}{our}"), link);
        }
    }
    rules
}

/// The configuration of a network of these shapes.
pub(super) fn config(keys: Keys<'_>) -> Result<Map<String, Value>> {
    let width = keys.extent("img_in.weight", 0)?;
    let head = keys.extent("double_blocks.0.img_attn.norm.query_norm.scale", 0)?.max(2);
    // 16, 56 and 56 of the 128 channels of a head tell the three coordinates.
    let first = head / 8;
    let other = (head - first) / 2;
    let config = json!({
        "_class_name": "FluxTransformer2DModel",
        "attention_head_dim": head,
        "axes_dims_rope": [head - 2 * other, other, other],
        "guidance_embeds": keys.has("guidance_in.in_layer.weight"),
        "in_channels": keys.extent("img_in.weight", 1)?,
        "joint_attention_dim": keys.extent("txt_in.weight", 1)?,
        "num_attention_heads": (width / head).max(1),
        "num_layers": keys.count(|layer| format!("double_blocks.{layer}.img_attn.qkv.weight")),
        "num_single_layers": keys.count(|layer| format!("single_blocks.{layer}.linear1.weight")),
        "patch_size": 1,
        "pooled_projection_dim": keys.extent("vector_in.in_layer.weight", 1)?,
    });
    match config {
        Value::Object(config) => Ok(config),
        _ => Ok(Map::new()),
    }
}
