//! `SD3Transformer2DModel` against diffusers: outputs of every recorded configuration, and what is refused.
//!
//! `tests/golden/sd3.py` makes the recordings; `LANGEVIN_GOLDENS` may name another folder of them.

mod recordings;

use burn::tensor::{Device, Tensor};
use langevin_nn::{Configuration, Init, SD3Config, SD3Inputs, params};
use recordings::{compare, folders, open, read};
use serde_json::json;

#[test]
fn outputs_agree_with_diffusers() {
    let device = Device::flex();
    let mut failed = Vec::new();
    for folder in folders("sd3") {
        let network = open::<SD3Config>(&folder, &device).1;
        let golden = read(&folder.join("golden.safetensors"));
        let inputs = SD3Inputs {
            sample: golden["sample"].tensor(&device),
            timestep: golden["timestep"].tensor(&device),
            encoder_hidden_states: golden["encoder_hidden_states"].tensor(&device),
            pooled_projections: golden["pooled_projections"].tensor(&device),
        };
        let output =
            network.try_forward(inputs).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        failed.extend(compare(&folder, output, &golden));
    }
    assert!(failed.is_empty(), "beyond 1e-4:\n{}", failed.join("\n"));
}

#[test]
fn refuses_in_one_sentence() {
    let refused = |object: &serde_json::Value| {
        SD3Config::from_json(object.as_object().unwrap()).unwrap_err().to_string()
    };
    let large = SD3Config {
        num_layers: 38,
        num_attention_heads: 38,
        caption_projection_dim: 2432,
        pos_embed_max_size: Some(192),
        ..SD3Config::default()
    };
    assert!(SD3Config::default().check().is_ok() && large.check().is_ok());
    assert_eq!(
        refused(&json!({"caption_projection_dim": 1536})),
        "the configuration key `caption_projection_dim` is 1536, but 1152, num_attention_heads times \
         attention_head_dim was expected"
    );
    assert!(refused(&json!({"qk_norm": "l2"})).contains("`qk_norm` is \"l2\""));
    assert!(refused(&json!({"pos_embed_max_size": 0})).contains("pos_embed_max_size"));

    let device = Device::flex();
    let config = json!({
        "num_attention_heads": 1, "attention_head_dim": 4, "num_layers": 1, "sample_size": 4,
        "in_channels": 2, "caption_projection_dim": 4, "joint_attention_dim": 3,
        "pooled_projection_dim": 5, "pos_embed_max_size": 3, "out_channels": null,
    });
    let config = SD3Config::from_json(config.as_object().unwrap()).unwrap();
    let network = config.init(&mut Init::new(&device, &mut |u| u.fill(0.5))).unwrap();
    let places = params::list(&network).into_iter().find(|p| p.name == "pos_embed.pos_embed");
    assert!(places.is_some_and(|p| !p.trainable && p.shape == [1, 9, 4]));
    let sentence = |side: usize, width: usize| {
        let inputs = SD3Inputs {
            sample: Tensor::zeros([2, 2, side, 4], &device),
            timestep: Tensor::zeros([1], &device),
            encoder_hidden_states: Tensor::zeros([2, 7, width], &device),
            pooled_projections: Tensor::zeros([2, 5], &device),
        };
        network.try_forward(inputs).map(|x| x.dims()).map_err(|e| e.to_string())
    };
    assert_eq!(sentence(6, 3), Ok([2, 2, 6, 4]));
    assert_eq!(
        sentence(8, 3).unwrap_err(),
        "the input `sample` is of shape [2, 2, 8, 4], but [N, 2, H, W] with sides that are multiples \
         of 2 up to 6 was expected"
    );
    assert_eq!(
        sentence(6, 4).unwrap_err(),
        "the input `encoder_hidden_states` is of shape [2, 7, 4], but [2, S, 3] was expected"
    );
}
