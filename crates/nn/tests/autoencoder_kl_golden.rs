//! `AutoencoderKL` against diffusers: decoded pictures, moments, draws, and both ways in tiles.
//!
//! `tests/golden/autoencoder_kl.py` makes the recordings; `LANGEVIN_GOLDENS` may name another folder of them.

mod recordings;

use burn::tensor::{Device, Tensor};
use langevin_nn::autoencoder_kl::Tiling;
use langevin_nn::{AutoencoderKL, AutoencoderKLConfig, Configuration, Error, Init};
use recordings::{compare, error, folders, open, read};
use serde_json::json;

fn build(config: &serde_json::Value) -> Result<AutoencoderKL, Error> {
    let config = AutoencoderKLConfig::from_json(config.as_object().unwrap())?;
    config.init(&mut Init::new(&Device::flex(), &mut |u| u.fill(0.5)))
}

#[test]
fn outputs_agree_with_diffusers() {
    let device = Device::flex();
    let folders = folders("autoencoder_kl");
    assert!(folders.len() >= 8, "only {} recordings", folders.len());
    let (mut failed, mut tiled) = (Vec::new(), 0);
    for folder in folders {
        let (config, network) = open::<AutoencoderKLConfig>(&folder, &device);
        let said = |e: Error| -> ! { panic!("{}: {e}", folder.display()) };

        let golden = read(&folder.join("golden.safetensors"));
        let output = network.decode(golden["latents"].tensor(&device)).unwrap_or_else(|e| said(e));
        failed.extend(compare(&folder, output, &golden));

        let golden = read(&folder.join("encode.safetensors"));
        let posterior =
            network.encode(golden["sample"].tensor(&device)).unwrap_or_else(|e| said(e));
        failed.extend(compare(&folder, posterior.mean.clone(), &golden));

        let golden = read(&folder.join("posterior.safetensors"));
        let found = posterior.log_variance.clone().into_data().try_into_vec::<f32>().unwrap();
        let (difference, scale) = error(&found, &golden["log_variance"]);
        assert!(difference <= 1e-4 * scale.max(1.0), "{}: {difference:.2e}", folder.display());
        let drawn = posterior.sample(golden["noise"].tensor(&device));
        failed.extend(compare(&folder, drawn, &golden));

        if folder.join("tiled_decode.safetensors").is_file() {
            let tiling = Tiling::new(&config).unwrap_or_else(|e| said(e));
            let golden = read(&folder.join("tiled_decode.safetensors"));
            let output = network.decode_tiled(golden["latents"].tensor(&device), &tiling);
            failed.extend(compare(&folder, output.unwrap_or_else(|e| said(e)), &golden));
            let golden = read(&folder.join("tiled_encode.safetensors"));
            let posterior = network.encode_tiled(golden["sample"].tensor(&device), &tiling);
            failed.extend(compare(&folder, posterior.unwrap_or_else(|e| said(e)).mean, &golden));
            tiled += 1;
        }
    }
    assert!(failed.is_empty(), "beyond 1e-4:\n{}", failed.join("\n"));
    assert!(tiled >= 2, "only {tiled} in tiles");
}

#[test]
fn pictures_do_not_depend_on_their_batch() {
    let config = json!({ "block_out_channels": [8], "norm_num_groups": 4, "latent_channels": 1 });
    let (network, device) = (build(&config).unwrap(), Device::flex());
    // Large enough to be decoded one after the other.
    let z = Tensor::<1, burn::tensor::Int>::arange(0..2 * 130 * 130, &device)
        .float()
        .sin()
        .reshape([2, 1, 130, 130]);
    let together = network.decode(z.clone()).unwrap();
    let second = network.decode(z.narrow(0, 1, 1)).unwrap();
    assert_eq!(together.narrow(0, 1, 1).into_data(), second.into_data());
}

#[test]
fn what_does_not_fit_is_refused_in_one_sentence() {
    let said = |config: serde_json::Value| build(&config).err().unwrap().to_string();
    assert_eq!(
        said(json!({ "norm_num_groups": 5 })),
        "the configuration key `norm_num_groups` is 5, but a number of groups that divides 64 channels was expected"
    );
    assert_eq!(
        said(json!({ "down_block_types": ["DownBlock2D"] })),
        "the configuration key `down_block_types` is [\"DownBlock2D\"], but `DownEncoderBlock2D` or \
         `AttnDownEncoderBlock2D` was expected"
    );
    let of = |key: &str, config| assert!(said(config).contains(&format!("`{key}`")));
    of(
        "up_block_types",
        json!({ "block_out_channels": [32, 32], "down_block_types": vec!["DownEncoderBlock2D"; 2] }),
    );
    of("layers_per_block", json!({ "layers_per_block": 0 }));
    of("latents_std", json!({ "latents_std": [1.0] }));
    of("block_out_channels", json!({ "block_out_channels": [] }));

    let two = json!({
        "block_out_channels": [8, 8], "norm_num_groups": 4, "sample_size": 8,
        "down_block_types": vec!["DownEncoderBlock2D"; 2], "up_block_types": vec!["UpDecoderBlock2D"; 2],
    });
    let (network, device) = (build(&two).unwrap(), Device::flex());
    let zeros = |shape: [usize; 4]| Tensor::<4>::zeros(shape, &device);
    let sentence = network.encode(zeros([1, 3, 8, 1])).unwrap_err().to_string();
    let expected = "the input `sample` is of shape [1, 3, 8, 1], but [N, 3, H, W] with sides of at least 2 was expected";
    assert_eq!(sentence, expected);
    let sentence = network.decode(zeros([1, 3, 8, 8])).unwrap_err().to_string();
    let expected = "the input `latents` is of shape [1, 3, 8, 8], but [N, 4, H, W] was expected";
    assert_eq!(sentence, expected);
    let tiling = Tiling::new(network.config()).unwrap();
    assert_eq!((tiling.sample(), tiling.latent()), (8, 4));
    let sentence = network.encode_tiled(zeros([1, 3, 13, 12]), &tiling).unwrap_err().to_string();
    assert!(sentence.starts_with("the input `sample` is 13 × 12 pixels, but sides"), "{sentence}");
}
