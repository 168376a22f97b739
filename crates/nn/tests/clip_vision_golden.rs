//! `CLIPVisionModel` and `CLIPVisionModelWithProjection` against transformers.
//!
//! `tests/golden/clip_vision.py` makes the recordings; `LANGEVIN_GOLDENS` may name another folder of them.

mod recordings;

use burn::tensor::{Device, Tensor};
use langevin_nn::{CLIPVisionConfig, Configuration, Init};
use recordings::{compare, difference, folders, open, read};
use serde_json::{Map, Value, json};

#[test]
fn outputs_agree_with_transformers() {
    let device = Device::flex();
    let folders = folders("clip_vision");
    assert!(folders.len() >= 5, "only {} recordings", folders.len());
    let mut failed = Vec::new();
    for folder in folders {
        let (config, network) = open::<CLIPVisionConfig>(&folder, &device);
        let golden = read(&folder.join("golden.safetensors"));
        let output = network
            .try_forward(golden["pixel_values"].tensor(&device))
            .unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        assert_eq!(config.projects(), output.image_embeds.is_some());
        let states = read(&folder.join("states.safetensors"));
        let stacked = Tensor::stack::<4>(output.hidden_states.clone(), 0);
        failed.extend(difference(&folder, stacked, &states, "hidden_states"));
        failed.extend(difference(&folder, output.pooled, &states, "pooled"));
        let last = output.last_hidden_state;
        failed.extend(difference(&folder, last.clone(), &states, "last_hidden_state"));
        failed.extend(match output.image_embeds {
            Some(embeds) => compare(&folder, embeds, &golden),
            None => compare(&folder, last, &golden),
        });
    }
    assert!(failed.is_empty(), "beyond 1e-4:\n{}", failed.join("\n"));
}

fn tiny(changes: &Value) -> Map<String, Value> {
    let mut object = json!({"hidden_size": 4, "intermediate_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2,
        "image_size": 4, "patch_size": 2});
    let object = object.as_object_mut().unwrap();
    object.extend(changes.as_object().unwrap().clone());
    object.clone()
}

#[test]
fn what_does_not_fit_is_refused_in_one_sentence() {
    let refuse = |changes: Value, part: &str| {
        let error = CLIPVisionConfig::from_json(&tiny(&changes)).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    refuse(json!({"patch_size": 5}), "`patch_size` is 5, but a number from 1 to 4");
    refuse(json!({"image_size": [4, 4]}), "`image_size` is [4,4]");
    refuse(json!({"image_size": 16384, "patch_size": 1}), "no more than 65536 patches");
    refuse(json!({"num_attention_heads": 0}), "`num_attention_heads` is 0");
    let device = Device::flex();
    let config = CLIPVisionConfig::from_json(&tiny(&json!({}))).unwrap();
    let network = config.init(&mut Init::new(&device, &mut |u| u.fill(0.5))).unwrap();
    for shape in [[1, 3, 4, 5], [1, 1, 4, 4], [0, 3, 4, 4], [1, 3, 8, 8]] {
        let error = network.try_forward(Tensor::zeros(shape, &device)).unwrap_err().to_string();
        let expected = format!("of shape {shape:?}, but [N, 3, 4, 4] was expected");
        assert!(error.contains(&expected), "{error}");
    }
}
