//! The autoencoder of latent diffusion as its code names it.

use serde_json::{Map, Value, json};

use super::keys::Keys;
use super::rules::{Link, Rules};
use crate::Result;

/// What lies outside of the blocks, in the encoder and in the decoder.
const OUTSIDE: [(&str, &str); 3] =
    [("conv_in.", "conv_in."), ("conv_out.", "conv_out."), ("norm_out.", "conv_norm_out.")];

/// The parts of a residual block.
const RESNET: [(&str, &str); 5] = [
    ("norm1.", "norm1."),
    ("conv1.", "conv1."),
    ("norm2.", "norm2."),
    ("conv2.", "conv2."),
    ("nin_shortcut.", "conv_shortcut."),
];

/// The maps of the attention in the middle.
const ATTENTION: [(&str, &str); 4] =
    [("q.", "to_q."), ("k.", "to_k."), ("v.", "to_v."), ("proj_out.", "to_out.0.")];

/// Older names of the same in folders.
pub(super) const OLDER: [(&str, &str); 4] = [
    (".query.", ".to_q."),
    (".key.", ".to_k."),
    (".value.", ".to_v."),
    (".proj_attn.", ".to_out.0."),
];

/// The names of the network with this configuration.
pub(super) fn rules(config: &Map<String, Value>) -> Rules {
    let levels = config.get("block_out_channels").and_then(Value::as_array);
    let levels = levels.map_or(4, Vec::len).min(64);
    let layers = config.get("layers_per_block").and_then(Value::as_u64).unwrap_or(1).min(64);
    let layers = layers as usize;
    let mut rules = Rules::default();
    for side in ["encoder.", "decoder."] {
        rules.within(side, side, &OUTSIDE);
        for block in 0..2 {
            let theirs = format!("{side}mid.block_{}.", block + 1);
            rules.within(&theirs, &format!("{side}mid_block.resnets.{block}."), &RESNET);
        }
        let (theirs, ours) =
            (format!("{side}mid.attn_1."), format!("{side}mid_block.attentions.0."));
        rules.same(format!("{theirs}norm."), format!("{ours}group_norm."));
        for (their, our) in ATTENTION {
            rules.add(format!("{theirs}{their}"), format!("{ours}{our}"), Link::Pixel);
        }
    }
    for level in 0..levels {
        for layer in 0..=layers {
            let theirs = format!("encoder.down.{level}.block.{layer}.");
            let ours = format!("encoder.down_blocks.{level}.resnets.{layer}.");
            rules.within(&theirs, &ours, &RESNET);
            // The decoder counts its levels from the finest.
            let theirs = format!("decoder.up.{}.block.{layer}.", levels - 1 - level);
            let ours = format!("decoder.up_blocks.{level}.resnets.{layer}.");
            rules.within(&theirs, &ours, &RESNET);
        }
        rules.same(
            format!("encoder.down.{level}.downsample.conv."),
            format!("encoder.down_blocks.{level}.downsamplers.0.conv."),
        );
        rules.same(
            format!("decoder.up.{}.upsample.conv.", levels - 1 - level),
            format!("decoder.up_blocks.{level}.upsamplers.0.conv."),
        );
    }
    for name in ["quant_conv.", "post_quant_conv."] {
        rules.same(name, name);
    }
    rules
}

/// The configuration of a network of these shapes, made for pictures of `size` a side, with settings
/// that no shape tells.
pub(super) fn config(
    keys: Keys<'_>,
    size: usize,
    settings: Map<String, Value>,
) -> Result<Map<String, Value>> {
    let levels = keys.count(|level| format!("encoder.down.{level}.block.0.conv1.weight"));
    let layers = keys.count(|layer| format!("encoder.down.0.block.{layer}.conv1.weight"));
    if levels == 0 {
        return Err(keys.unknown("its autoencoder has no encoder"));
    }
    let channels = (0..levels)
        .map(|level| keys.extent(&format!("encoder.down.{level}.block.0.conv1.weight"), 0))
        .collect::<Result<Vec<_>>>()?;
    let mut config = json!({
        "_class_name": "AutoencoderKL",
        "act_fn": "silu",
        "block_out_channels": channels,
        "down_block_types": vec!["DownEncoderBlock2D"; levels],
        "in_channels": keys.extent("encoder.conv_in.weight", 1)?,
        "latent_channels": keys.extent("decoder.conv_in.weight", 1)?,
        "layers_per_block": layers,
        "norm_num_groups": 32,
        "out_channels": keys.extent("decoder.conv_out.weight", 0)?,
        "sample_size": size,
        "up_block_types": vec!["UpDecoderBlock2D"; levels],
    });
    if !keys.has("quant_conv.weight") {
        config["use_quant_conv"] = false.into();
        config["use_post_quant_conv"] = false.into();
    }
    let Value::Object(mut config) = config else { return Ok(settings) };
    config.extend(settings);
    Ok(config)
}
