//! Network configurations by name, as data.

use serde_json::{Value, json};

use super::network::NetworkClass;

/// Names of all presets, the default first.
pub const PRESETS: [&str; 4] = ["compact", "compact-tiny", "unet2d-32-64-64", "ddpm-cifar10"];

/// Class and fields of the preset `name`; what depends on the data (channels, size, classes) is not among them.
pub fn preset(name: &str) -> Option<(NetworkClass, Value)> {
    Some(match name {
        // About 0.7 million parameters for small pictures.
        "compact" => (NetworkClass::Compact, json!({})),
        // For trying things out in seconds.
        "compact-tiny" => (
            NetworkClass::Compact,
            json!({ "channels": [16, 24], "embedding_dim": 32, "frequency_dim": 16, "norm_num_groups": 4 }),
        ),
        "unet2d-32-64-64" => (
            NetworkClass::UNet2d,
            json!({
                "layers_per_block": 1,
                "block_out_channels": [32, 64, 64],
                "down_block_types": ["DownBlock2D", "DownBlock2D", "AttnDownBlock2D"],
                "up_block_types": ["AttnUpBlock2D", "UpBlock2D", "UpBlock2D"],
                "norm_num_groups": 8,
                "attention_head_dim": 32,
            }),
        ),
        // The network of Ho et al. 2020 for 32×32 pictures, as diffusers writes it.
        "ddpm-cifar10" => (
            NetworkClass::UNet2d,
            json!({
                "layers_per_block": 2,
                "block_out_channels": [128, 256, 256, 256],
                "down_block_types": ["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"],
                "up_block_types": ["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
                "downsample_padding": 0,
                "flip_sin_to_cos": false,
                "freq_shift": 1,
                "norm_eps": 1e-6,
                "attention_head_dim": null,
            }),
        ),
        _ => return None,
    })
}
