//! `FluxTransformer2DModel` against diffusers: outputs of every recorded configuration, and what is refused.
//!
//! `tests/golden/flux.py` makes the recordings; `LANGEVIN_GOLDENS` may name another folder of them.

mod recordings;

use burn::tensor::{Device, Tensor};
use langevin_nn::{Configuration, FluxConfig, FluxInputs, Init};
use recordings::{compare, folders, open, read};
use serde_json::json;

#[test]
fn outputs_agree_with_diffusers() {
    let device = Device::flex();
    let mut failed = Vec::new();
    for folder in folders("flux") {
        let network = open::<FluxConfig>(&folder, &device).1;
        let golden = read(&folder.join("golden.safetensors"));
        let inputs = FluxInputs {
            sample: golden["sample"].tensor(&device),
            timestep: golden["timestep"].tensor(&device),
            encoder_hidden_states: golden["encoder_hidden_states"].tensor(&device),
            pooled_projections: golden["pooled_projections"].tensor(&device),
            img_ids: golden["img_ids"].tensor(&device),
            txt_ids: golden["txt_ids"].tensor(&device),
            guidance: golden.get("guidance").map(|g| g.tensor(&device)),
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
        FluxConfig::from_json(object.as_object().unwrap()).unwrap_err().to_string()
    };
    assert!(FluxConfig::default().check().is_ok());
    assert_eq!(
        refused(&json!({"axes_dims_rope": [16, 56, 54]})),
        "the configuration key `axes_dims_rope` is [16,56,54], but even numbers whose sum is 128, the \
         attention_head_dim was expected"
    );
    assert!(refused(&json!({"num_layers": 90})).contains("num_layers"));

    let device = Device::flex();
    let config = json!({
        "num_attention_heads": 1, "attention_head_dim": 4, "num_layers": 1, "num_single_layers": 0,
        "in_channels": 2, "joint_attention_dim": 3, "pooled_projection_dim": 5,
        "axes_dims_rope": [2, 2],
    });
    let config = FluxConfig::from_json(config.as_object().unwrap()).unwrap();
    let network = config.init(&mut Init::new(&device, &mut |u| u.fill(0.5))).unwrap();
    let sentence = |axes: usize, guidance: Option<Tensor<1>>| {
        let inputs = FluxInputs {
            sample: Tensor::zeros([2, 6, 2], &device),
            timestep: Tensor::zeros([2], &device),
            encoder_hidden_states: Tensor::zeros([2, 7, 3], &device),
            pooled_projections: Tensor::zeros([2, 5], &device),
            img_ids: Tensor::zeros([6, axes], &device),
            txt_ids: Tensor::zeros([7, axes], &device),
            guidance,
        };
        network.try_forward(inputs).map(|x| x.dims()).map_err(|e| e.to_string())
    };
    assert_eq!(sentence(2, None), Ok([2, 6, 2]));
    assert_eq!(
        sentence(3, None).unwrap_err(),
        "the input `img_ids` is of shape [6, 3], but [6, 2] was expected"
    );
    assert_eq!(
        sentence(2, Some(Tensor::zeros([1], &device))).unwrap_err(),
        "the input `guidance` is given, but nothing, since this network does not embed the guidance \
         scale, was expected"
    );
}
