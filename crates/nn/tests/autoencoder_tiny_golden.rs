//! `AutoencoderTiny` against diffusers: decoded pictures, latents, and latents as bytes.
//!
//! `tests/golden/autoencoder_tiny.py` makes the recordings; `LANGEVIN_GOLDENS` may name another folder of them.

mod recordings;

use burn::tensor::{Device, Tensor};
use langevin_nn::{AutoencoderTiny, AutoencoderTinyConfig, Configuration, Error, Init};
use recordings::{compare, error, folders, open, read};
use serde_json::json;

#[test]
fn outputs_agree_with_diffusers() {
    let device = Device::flex();
    let folders = folders("autoencoder_tiny");
    assert!(folders.len() >= 4, "only {} recordings", folders.len());
    let mut failed = Vec::new();
    for folder in folders {
        let (_, network) = open::<AutoencoderTinyConfig>(&folder, &device);
        let said = |e: Error| -> ! { panic!("{}: {e}", folder.display()) };

        let golden = read(&folder.join("golden.safetensors"));
        let output = network.decode(golden["latents"].tensor(&device)).unwrap_or_else(|e| said(e));
        failed.extend(compare(&folder, output, &golden));

        let golden = read(&folder.join("encode.safetensors"));
        let output = network.encode(golden["sample"].tensor(&device)).unwrap_or_else(|e| said(e));
        failed.extend(compare(&folder, output, &golden));

        let golden = read(&folder.join("bytes.safetensors"));
        let scaled = network.scale_latents(golden["latents"].tensor(&device));
        let found = scaled.clone().into_data().try_into_vec::<f32>().unwrap();
        assert!(error(&found, &golden["scaled"]).0 <= 1e-6, "{}", folder.display());
        failed.extend(compare(&folder, network.unscale_latents(scaled), &golden));
    }
    assert!(failed.is_empty(), "beyond 1e-4:\n{}", failed.join("\n"));
}

#[test]
fn what_does_not_fit_is_refused_in_one_sentence() {
    let device = Device::flex();
    let build = |config: serde_json::Value| -> Result<AutoencoderTiny, Error> {
        let config = AutoencoderTinyConfig::from_json(config.as_object().unwrap())?;
        config.init(&mut Init::new(&device, &mut |u| u.fill(0.5)))
    };
    let said = |config| build(config).err().unwrap().to_string();
    assert_eq!(
        said(json!({ "upsample_fn": "bilinear" })),
        "the configuration key `upsample_fn` is \"bilinear\", but `nearest` or `nearest-exact` was expected"
    );
    let of = |key: &str, config| assert!(said(config).contains(&format!("`{key}`")), "{key}");
    of("encoder_block_out_channels", json!({ "encoder_block_out_channels": [64, 32, 64, 64] }));
    of("decoder_block_out_channels", json!({ "decoder_block_out_channels": [] }));
    of("num_decoder_blocks", json!({ "num_decoder_blocks": [1, 2] }));
    of("upsampling_scaling_factor", json!({ "upsampling_scaling_factor": 0 }));

    let small = json!({
        "encoder_block_out_channels": [4], "decoder_block_out_channels": [4], "num_encoder_blocks": [0],
        "num_decoder_blocks": [0],
    });
    let network = build(small).unwrap();
    let sentence = network.decode(Tensor::zeros([1, 3, 2, 2], &device)).unwrap_err().to_string();
    let expected = "the input `latents` is of shape [1, 3, 2, 2], but [N, 4, H, W] was expected";
    assert_eq!(sentence, expected);
}
