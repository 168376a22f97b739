//! `UNet2DConditionModel` against diffusers; `tests/golden/unet_2d_condition.py` makes the recordings.

mod recordings;

use burn::tensor::Device;
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
    refused(json!({"addition_embed_type": "text_time"}), "addition_time_embed_dim");
    assert!(UNet2DConditionConfig::from_json(&Map::new()).is_ok());
}
