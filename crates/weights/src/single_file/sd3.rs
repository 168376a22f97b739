//! The transformer of Stable Diffusion 3 as its authors' code names it.

use serde_json::{Map, Value, json};

use super::keys::Keys;
use super::rules::{Link, Rules};
use crate::Result;

const OUTSIDE: [(&str, &str); 8] = [
    ("pos_embed", "pos_embed.pos_embed"),
    ("x_embedder.proj.", "pos_embed.proj."),
    ("t_embedder.mlp.0.", "time_text_embed.timestep_embedder.linear_1."),
    ("t_embedder.mlp.2.", "time_text_embed.timestep_embedder.linear_2."),
    ("y_embedder.mlp.0.", "time_text_embed.text_embedder.linear_1."),
    ("y_embedder.mlp.2.", "time_text_embed.text_embedder.linear_2."),
    ("context_embedder.", "context_embedder."),
    ("final_layer.linear.", "proj_out."),
];

const BLOCK: [(&str, &str); 15] = [
    ("x_block.attn.proj.", "attn.to_out.0."),
    ("x_block.attn.ln_q.", "attn.norm_q."),
    ("x_block.attn.ln_k.", "attn.norm_k."),
    ("x_block.attn2.proj.", "attn2.to_out.0."),
    ("x_block.attn2.ln_q.", "attn2.norm_q."),
    ("x_block.attn2.ln_k.", "attn2.norm_k."),
    ("x_block.adaLN_modulation.1.", "norm1.linear."),
    ("x_block.mlp.fc1.", "ff.net.0.proj."),
    ("x_block.mlp.fc2.", "ff.net.2."),
    ("context_block.attn.proj.", "attn.to_add_out."),
    ("context_block.attn.ln_q.", "attn.norm_added_q."),
    ("context_block.attn.ln_k.", "attn.norm_added_k."),
    ("context_block.mlp.fc1.", "ff_context.net.0.proj."),
    ("context_block.mlp.fc2.", "ff_context.net.2."),
    // Of the last block another row says more.
    ("context_block.adaLN_modulation.1.", "norm1_context.linear."),
];

/// The maps of an attention that are one tensor in the file.
const JOINED: [(&str, [&str; 3]); 3] = [
    ("x_block.attn.qkv.", ["attn.to_q.", "attn.to_k.", "attn.to_v."]),
    ("x_block.attn2.qkv.", ["attn2.to_q.", "attn2.to_k.", "attn2.to_v."]),
    ("context_block.attn.qkv.", ["attn.add_q_proj.", "attn.add_k_proj.", "attn.add_v_proj."]),
];

/// The names of the network with this configuration.
pub(super) fn rules(config: &Map<String, Value>) -> Rules {
    let layers = config.get("num_layers").and_then(Value::as_u64).unwrap_or(18).min(512) as usize;
    let mut rules = Rules::default();
    rules.within("", "", &OUTSIDE);
    rules.add("final_layer.adaLN_modulation.1.", "norm_out.linear.", Link::Swapped);
    for layer in 0..layers {
        let (theirs, ours) =
            (format!("joint_blocks.{layer}."), format!("transformer_blocks.{layer}."));
        // The last block only modulates the text, and by halves in the other order.
        let last = layer + 1 == layers;
        rules.within(&theirs, &ours, &BLOCK[..BLOCK.len() - usize::from(last)]);
        if last {
            let (their, our) = BLOCK[BLOCK.len() - 1];
            rules.add(format!("{theirs}{their}"), format!("{ours}{our}"), Link::Swapped);
        }
        for (their, parts) in JOINED {
            for (index, our) in parts.into_iter().enumerate() {
                let link = Link::Part(index, 3);
                rules.add(format!("{theirs}{their}"), format!("{ours}{our}"), link);
            }
        }
    }
    rules
}

/// The configuration of a network of these shapes.
pub(super) fn config(keys: Keys<'_>) -> Result<Map<String, Value>> {
    let layers = keys.count(|layer| format!("joint_blocks.{layer}.x_block.attn.qkv.weight"));
    let width = keys.extent("x_embedder.proj.weight", 0)?;
    let patch = keys.extent("x_embedder.proj.weight", 2)?;
    let places = keys.extent("pos_embed", 1)?;
    let dual: Vec<usize> = (0..layers)
        .filter(|layer| keys.has(&format!("joint_blocks.{layer}.x_block.attn2.qkv.weight")))
        .collect();
    let normed = keys.has("joint_blocks.0.x_block.attn.ln_q.weight");
    let config = json!({
        "_class_name": "SD3Transformer2DModel",
        "attention_head_dim": 64,
        "caption_projection_dim": keys.extent("context_embedder.weight", 0)?,
        "dual_attention_layers": dual,
        "in_channels": keys.extent("x_embedder.proj.weight", 1)?,
        "joint_attention_dim": keys.extent("context_embedder.weight", 1)?,
        "num_attention_heads": (width / 64).max(1),
        "num_layers": layers,
        "out_channels": keys.extent("final_layer.linear.weight", 0)? / (patch * patch).max(1),
        "patch_size": patch,
        "pooled_projection_dim": keys.extent("y_embedder.mlp.0.weight", 1)?,
        "pos_embed_max_size": places.isqrt(),
        "qk_norm": if normed { Value::from("rms_norm") } else { Value::Null },
        "sample_size": 128,
    });
    match config {
        Value::Object(config) => Ok(config),
        _ => Ok(Map::new()),
    }
}
