//! `UNet2DConditionModel` against diffusers; `tests/golden/unet_2d_condition.py` makes the recordings.

mod recordings;

use burn::tensor::{Device, Tensor};
use langevin_nn::{ClassLabels, Conditions, Configuration, UNet2DConditionConfig};
use recordings::{compare, folders, open, read};
use serde_json::{Map, Value, json};

#[test]
fn outputs_agree_with_diffusers() {
    let device = Device::flex();
    let mut failed = Vec::new();
    for folder in folders("unet_2d_condition") {
        let (_, network) = open::<UNet2DConditionConfig>(&folder, &device);
        let golden = read(&folder.join("golden.safetensors"));
        let labels = golden.get("class_labels").map(|stored| match stored.shape.len() {
            2 => ClassLabels::Embedding(stored.tensor(&device)),
            _ if stored.whole => ClassLabels::Index(stored.indices(&device)),
            _ => ClassLabels::Value(stored.tensor(&device)),
        });
        let given = |name: &str| golden.get(name).map(|stored| stored.tensor(&device));
        let conditions = Conditions {
            encoder_hidden_states: golden["encoder_hidden_states"].tensor(&device),
            class_labels: labels,
            timestep_cond: given("timestep_cond"),
            text_embeds: given("text_embeds"),
            time_ids: given("time_ids"),
        };
        let output = network.forward(
            golden["sample"].tensor(&device),
            golden["timestep"].tensor(&device),
            &conditions,
        );
        let output = output.unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        failed.extend(compare(&folder, output, &golden));
    }
    assert!(failed.is_empty(), "beyond 1e-4:\n{}", failed.join("\n"));
}

/// Guidance gives one state and several contexts: the outputs are those of as many states, to the last bit.
#[test]
fn branches_share_what_comes_before_the_context() {
    let device = Device::flex();
    let mut shared = 0;
    for folder in folders("unet_2d_condition") {
        let (_, network) = open::<UNet2DConditionConfig>(&folder, &device);
        let golden = read(&folder.join("golden.safetensors"));
        if golden.keys().any(|name| ["class_labels", "time_ids"].contains(&name.as_str())) {
            continue;
        }
        let context = golden["encoder_hidden_states"].tensor::<3>(&device);
        let other = context.clone() * -0.5 + 0.1;
        let mut conditions = Conditions::context(Tensor::cat(vec![context, other], 0));
        let twice = |x: Tensor<2>| Tensor::cat(vec![x.clone(), x], 0);
        conditions.timestep_cond =
            golden.get("timestep_cond").map(|stored| twice(stored.tensor(&device)));
        let sample = golden["sample"].tensor::<4>(&device);
        let n = sample.dims()[0];
        let time = golden["timestep"].tensor::<1>(&device).expand([n]);
        let both = Tensor::cat(vec![sample.clone(), sample.clone()], 0);
        let times = Tensor::cat(vec![time.clone(), time.clone()], 0);
        let wanted = network.forward(both, times, &conditions).unwrap().into_data();
        let output = network.forward(sample.clone(), time.clone(), &conditions).unwrap();
        assert_eq!(output.dims()[0], 2 * n);
        assert_eq!(output.into_data(), wanted, "{}", folder.display());
        shared += 1;

        let size = conditions.encoder_hidden_states.dims();
        conditions.encoder_hidden_states = Tensor::zeros([2 * n + 1, size[1], size[2]], &device);
        if n > 1 {
            let error = network.forward(sample, time, &conditions).unwrap_err().to_string();
            assert!(error.contains("several times"), "{error}");
        }
    }
    assert!(shared >= 3, "only {shared} goldens without labels and sizes");
}

#[test]
fn what_is_not_supported_is_named() {
    let refused = |change: Value, words: &str| {
        let Value::Object(object) = change else { panic!("an object") };
        let error = UNet2DConditionConfig::from_json(&object).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    refused(json!({"attention_type": "gated"}), "attention_type");
    refused(json!({"addition_embed_type": "image"}), "addition_embed_type");
    refused(json!({"num_attention_heads": 8}), "num_attention_heads");
    refused(json!({"attention_head_dim": [8, 8]}), "attention_head_dim");
    refused(json!({"down_block_types": ["KDownBlock2D"]}), "down_block_types");
    refused(json!({"norm_num_groups": null}), "norm_num_groups");
    refused(json!({"encoder_hid_dim": 0}), "encoder_hid_dim");
    refused(json!({"time_cond_proj_dim": 0}), "time_cond_proj_dim");
    refused(json!({"addition_embed_type": "text_time"}), "addition_time_embed_dim");
    assert!(UNet2DConditionConfig::from_json(&Map::new()).is_ok());
}
