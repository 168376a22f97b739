//! The U-Net of Stable Diffusion 1, 2 and XL as latent diffusion's code names it.
//!
//! Its blocks are numbered through: `input_blocks.0` is the first convolution, then come for each
//! level its residual blocks, each with attention or without, and a downsampling; the middle; and
//! the same backwards, with the upsampling behind the last block of a level.

use serde_json::{Map, Value, json};

use super::keys::Keys;
use super::rules::Rules;
use crate::Result;

/// The parts of a residual block.
const RESNET: [(&str, &str); 6] = [
    ("in_layers.0.", "norm1."),
    ("in_layers.2.", "conv1."),
    ("emb_layers.1.", "time_emb_proj."),
    ("out_layers.0.", "norm2."),
    ("out_layers.3.", "conv2."),
    ("skip_connection.", "conv_shortcut."),
];

/// What lies outside of the blocks.
const OUTSIDE: [(&str, &str); 5] = [
    ("time_embed.0.", "time_embedding.linear_1."),
    ("time_embed.2.", "time_embedding.linear_2."),
    ("time_embed.cond_proj.", "time_embedding.cond_proj."),
    ("out.0.", "conv_norm_out."),
    ("out.2.", "conv_out."),
];

/// How many blocks a level has, and which levels attend.
struct Levels {
    layers: usize,
    down: Vec<bool>,
    up: Vec<bool>,
}

/// The names of the network with this configuration.
pub(super) fn rules(config: &Map<String, Value>) -> Rules {
    let levels = levels(config);
    let mut rules = Rules::default();
    rules.within("", "", &OUTSIDE);
    rules.same("input_blocks.0.0.", "conv_in.");
    let embedding = if config.get("addition_embed_type").is_some_and(|kind| !kind.is_null()) {
        "add_embedding"
    } else {
        "class_embedding"
    };
    rules.same("label_emb.0.0.", format!("{embedding}.linear_1."));
    rules.same("label_emb.0.2.", format!("{embedding}.linear_2."));
    rules.same("label_emb.weight", "class_embedding.weight");
    for (level, attends) in levels.down.iter().enumerate() {
        let first = 1 + level * (levels.layers + 1);
        for layer in 0..levels.layers {
            let theirs = format!("input_blocks.{}.", first + layer);
            let ours = format!("down_blocks.{level}.");
            rules.within(&format!("{theirs}0."), &format!("{ours}resnets.{layer}."), &RESNET);
            if *attends {
                rules.same(format!("{theirs}1."), format!("{ours}attentions.{layer}."));
            }
        }
        let down = first + levels.layers;
        rules.same(
            format!("input_blocks.{down}.0.op."),
            format!("down_blocks.{level}.downsamplers.0.conv."),
        );
    }
    for (theirs, ours) in [("0.", "resnets.0."), ("2.", "resnets.1.")] {
        rules.within(&format!("middle_block.{theirs}"), &format!("mid_block.{ours}"), &RESNET);
    }
    rules.same("middle_block.1.", "mid_block.attentions.0.");
    for (level, attends) in levels.up.iter().enumerate() {
        for layer in 0..=levels.layers {
            let theirs = format!("output_blocks.{}.", level * (levels.layers + 1) + layer);
            let ours = format!("up_blocks.{level}.");
            rules.within(&format!("{theirs}0."), &format!("{ours}resnets.{layer}."), &RESNET);
            if *attends {
                rules.same(format!("{theirs}1."), format!("{ours}attentions.{layer}."));
            }
            if layer == levels.layers && level + 1 < levels.up.len() {
                let place = if *attends { 2 } else { 1 };
                rules.same(format!("{theirs}{place}.conv."), format!("{ours}upsamplers.0.conv."));
            }
        }
    }
    rules
}

fn levels(config: &Map<String, Value>) -> Levels {
    let attends = |key: &str| {
        let types = config.get(key).and_then(Value::as_array);
        let attends = |name: &Value| name.as_str().is_some_and(|name| name.contains("CrossAttn"));
        types.map(|types| types.iter().map(attends).collect::<Vec<_>>()).unwrap_or_default()
    };
    let layers = match config.get("layers_per_block") {
        Some(Value::Array(layers)) => layers.first().and_then(Value::as_u64),
        layers => layers.and_then(Value::as_u64),
    };
    // A hostile configuration may say anything; no network has more.
    let layers = layers.unwrap_or(2).min(64) as usize;
    let short = |mut types: Vec<bool>| {
        types.truncate(64);
        types
    };
    Levels {
        layers,
        down: short(attends("down_block_types")),
        up: short(attends("up_block_types")),
    }
}

/// The blocks of one level, as the names tell them.
#[derive(Default)]
struct Level {
    channels: usize,
    resnets: usize,
    /// Transformer blocks in each attention.
    depth: usize,
}

/// The configuration of a network of these shapes, made for latents of `size` a side, which is told of the picture's making
/// where it is one `of_xl`.
pub(super) fn config(keys: Keys<'_>, size: usize, of_xl: bool) -> Result<Map<String, Value>> {
    let levels = read_levels(keys)?;
    let layers = levels[0].resnets;
    let types = |level: &Level, attends: &str, plain: &str| {
        Value::from(if level.depth > 0 { attends } else { plain })
    };
    let channels: Vec<usize> = levels.iter().map(|level| level.channels).collect();
    let middle = keys.count(|k| format!("middle_block.1.transformer_blocks.{k}.norm1.weight"));
    let deepest = levels.iter().map(|level| level.depth).chain([middle]).max().unwrap_or(1);
    let depths: Vec<usize> = levels.iter().map(|level| level.depth.max(1)).collect();
    let one_depth = levels.iter().all(|level| level.depth == 0 || level.depth == deepest);
    let attention = |name: &str| {
        let names = keys.names().filter(|key| key.ends_with(name));
        names.filter_map(|key| keys.shape(key)).next()
    };
    let linear = attention("proj_in.weight").is_some_and(|shape| shape.len() == 2);
    // Stable Diffusion 1 has 8 heads everywhere, later ones heads of 64 channels.
    let heads: Value = if linear {
        channels.iter().map(|channels| (channels / 64).max(1)).collect()
    } else {
        8.into()
    };
    let cross = attention("attn2.to_k.weight").and_then(|shape| shape.get(1).copied());
    let mut config = json!({
        "_class_name": "UNet2DConditionModel",
        "act_fn": "silu",
        "attention_head_dim": heads,
        "block_out_channels": channels,
        "center_input_sample": false,
        "cross_attention_dim": cross.unwrap_or(768),
        "down_block_types": levels
            .iter()
            .map(|level| types(level, "CrossAttnDownBlock2D", "DownBlock2D"))
            .collect::<Value>(),
        "downsample_padding": 1,
        "flip_sin_to_cos": true,
        "freq_shift": 0,
        "in_channels": keys.extent("input_blocks.0.0.weight", 1)?,
        "layers_per_block": layers,
        "mid_block_scale_factor": 1,
        "norm_eps": 1e-5,
        "norm_num_groups": 32,
        "out_channels": keys.extent("out.2.weight", 0)?,
        "sample_size": size,
        "transformer_layers_per_block": if one_depth { deepest.into() } else { json!(depths) },
        "up_block_types": levels
            .iter()
            .rev()
            .map(|level| types(level, "CrossAttnUpBlock2D", "UpBlock2D"))
            .collect::<Value>(),
        "use_linear_projection": linear,
    });
    if let Some(shape) = keys.shape("time_embed.cond_proj.weight") {
        config["time_cond_proj_dim"] = json!(shape.get(1));
    }
    if let Some(shape) = keys.shape("label_emb.0.0.weight") {
        config["projection_class_embeddings_input_dim"] = json!(shape.get(1));
        // Alone, a network of XL or its refiner is told by its context.
        if of_xl || matches!(cross, Some(1280 | 2048)) {
            config["addition_embed_type"] = "text_time".into();
            config["addition_time_embed_dim"] = 256.into();
        } else {
            config["class_embed_type"] = "projection".into();
        }
    }
    match config {
        Value::Object(config) => Ok(config),
        _ => Ok(Map::new()),
    }
}

fn read_levels(keys: Keys<'_>) -> Result<Vec<Level>> {
    let mut levels = vec![Level::default()];
    for block in 1.. {
        let part = |name: &str| format!("input_blocks.{block}.{name}");
        let last = levels.len() - 1;
        if keys.has(&part("0.op.weight")) {
            levels.push(Level::default());
        } else if keys.has(&part("0.in_layers.2.weight")) {
            levels[last].channels = keys.extent(&part("0.in_layers.2.weight"), 0)?;
            levels[last].resnets += 1;
            levels[last].depth =
                keys.count(|k| part(&format!("1.transformer_blocks.{k}.norm1.weight")));
        } else {
            break;
        }
    }
    if levels.iter().any(|level| level.resnets == 0 || level.resnets != levels[0].resnets) {
        return Err(keys.unknown("the levels of its U-Net do not have the same number of blocks"));
    }
    Ok(levels)
}
