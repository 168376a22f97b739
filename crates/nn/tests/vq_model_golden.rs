//! `VQModel` against diffusers: pictures decoded with and without rounding and from codes, and latents.
//!
//! `tests/golden/vq_model.py` makes the recordings; `LANGEVIN_GOLDENS` may name another folder of them.

mod recordings;

use burn::tensor::{Device, Int, Tensor};
use langevin_nn::{Configuration, Error, Init, VQModel, VQModelConfig};
use recordings::{compare, folders, open, read};
use serde_json::json;

#[test]
fn outputs_agree_with_diffusers() {
    let device = Device::flex();
    let folders = folders("vq_model");
    assert!(folders.len() >= 4, "only {} recordings", folders.len());
    let mut failed = Vec::new();
    for folder in folders {
        let (_, network) = open::<VQModelConfig>(&folder, &device);
        let file = |name: &str| read(&folder.join(name).with_extension("safetensors"));
        let mut compared = |output: Result<Tensor<4>, Error>, golden| {
            let output = output.unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
            failed.extend(compare(&folder, output, golden));
        };
        let golden = file("golden");
        compared(network.decode(golden["latents"].tensor(&device)), &golden);
        let golden = file("encode");
        compared(network.encode(golden["sample"].tensor(&device)), &golden);
        let golden = file("unrounded");
        compared(network.decode_unrounded(golden["latents"].tensor(&device)), &golden);
        let golden = file("codes");
        compared(network.decode_codes(golden["indices"].indices(&device)), &golden);
    }
    assert!(failed.is_empty(), "beyond 1e-4:\n{}", failed.join("\n"));
}

#[test]
fn what_does_not_fit_is_refused_in_one_sentence() {
    let device = Device::flex();
    let build = |config: serde_json::Value| -> Result<VQModel, Error> {
        let config = VQModelConfig::from_json(config.as_object().unwrap())?;
        config.init(&mut Init::new(&device, &mut |u| u.fill(0.5)))
    };
    let said = |config| build(config).err().unwrap().to_string();
    assert_eq!(
        said(json!({ "norm_type": "spatial", "vq_embed_dim": 4 })),
        "the configuration key `vq_embed_dim` is 4, but 3, the latent_channels, which steer the normalisation, was expected"
    );
    let of = |key: &str, config| assert!(said(config).contains(&format!("`{key}`")), "{key}");
    of(
        "block_out_channels",
        json!({ "norm_type": "spatial", "block_out_channels": [48], "norm_num_groups": 4 }),
    );
    of("norm_type", json!({ "norm_type": "layer" }));
    of("num_vq_embeddings", json!({ "num_vq_embeddings": 0 }));

    let small = json!({ "block_out_channels": [4], "norm_num_groups": 2, "num_vq_embeddings": 5 });
    let network = build(small).unwrap();
    let indices = Tensor::<3, Int>::from_ints([[[0, 4], [5, 1]]], &device);
    let sentence = network.decode_codes(indices).unwrap_err().to_string();
    assert_eq!(sentence, "the input `latents` is 5, but an index from 0 to 4 was expected");
    let sentence = network.decode(Tensor::zeros([1, 2, 2, 2], &device)).unwrap_err().to_string();
    let expected = "the input `latents` is of shape [1, 2, 2, 2], but [N, 3, H, W] was expected";
    assert_eq!(sentence, expected);
}
