//! `CLIPTextModel` and `CLIPTextModelWithProjection` against transformers.
//!
//! `tests/golden/clip_text.py` makes the recordings; `LANGEVIN_GOLDENS` may name another folder of them.

mod recordings;

use burn::tensor::{Device, Int, Tensor};
use langevin_nn::{CLIPTextConfig, Configuration, Init};
use recordings::{compare, difference, folders, open, read};
use serde_json::{Map, Value, json};

#[test]
fn outputs_agree_with_transformers() {
    let device = Device::flex();
    let folders = folders("clip_text");
    assert!(folders.len() >= 6, "only {} recordings", folders.len());
    let mut failed = Vec::new();
    for folder in folders {
        let (config, network) = open::<CLIPTextConfig>(&folder, &device);
        let golden = read(&folder.join("golden.safetensors"));
        let output = network
            .try_forward(golden["input_ids"].indices(&device))
            .unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        assert_eq!(config.projects(), output.text_embeds.is_some());
        let states = read(&folder.join("states.safetensors"));
        let stacked = Tensor::stack::<4>(output.hidden_states.clone(), 0);
        failed.extend(difference(&folder, stacked, &states, "hidden_states"));
        failed.extend(difference(&folder, output.pooled, &states, "pooled"));
        let last = output.last_hidden_state;
        failed.extend(difference(&folder, last.clone(), &states, "last_hidden_state"));
        failed.extend(match output.text_embeds {
            Some(embeds) => compare(&folder, embeds, &golden),
            None => compare(&folder, last, &golden),
        });
    }
    assert!(failed.is_empty(), "beyond 1e-4:\n{}", failed.join("\n"));
}

fn tiny(changes: &Value) -> Map<String, Value> {
    let mut object = json!({"vocab_size": 10, "hidden_size": 4, "intermediate_size": 4, "num_hidden_layers": 2,
        "num_attention_heads": 2, "max_position_embeddings": 3});
    let object = object.as_object_mut().unwrap();
    object.extend(changes.as_object().unwrap().clone());
    object.clone()
}

#[test]
fn configurations_are_refused_in_one_sentence() {
    let refuse = |changes: Value, part: &str| {
        let error = CLIPTextConfig::from_json(&tiny(&changes)).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    refuse(json!({"num_attention_heads": 3}), "`num_attention_heads` is 3");
    refuse(json!({"hidden_size": 0}), "`hidden_size` is 0");
    refuse(json!({"hidden_act": "tanh"}), "`hidden_act` is \"tanh\"");
    refuse(json!({"layer_norm_eps": 0}), "`layer_norm_eps` is 0");
    refuse(json!({"eos_token_id": [1, 2]}), "`eos_token_id` is [1,2]");
    refuse(
        json!({"projection_dim": null, "architectures": ["CLIPTextModelWithProjection"]}),
        "`projection_dim` is null",
    );
    let named =
        json!({"_class_name": "CLIPTextModel", "architectures": ["CLIPTextModelWithProjection"]});
    assert!(!CLIPTextConfig::from_json(&tiny(&named)).unwrap().projects());
    let config = CLIPTextConfig::from_json(&tiny(&json!({"rope": 1, "dtype": "float16"}))).unwrap();
    assert_eq!(config.unknown_keys(), ["rope"]);
    let back = serde_json::to_value(&config).unwrap();
    assert_eq!(CLIPTextConfig::from_json(back.as_object().unwrap()).unwrap(), config);
}

#[test]
fn tokens_beyond_the_tables_are_refused() {
    let device = Device::flex();
    let config = CLIPTextConfig::from_json(&tiny(&json!({}))).unwrap();
    let network = config.init(&mut Init::new(&device, &mut |u| u.fill(0.5))).unwrap();
    let refuse = |ids: Tensor<2, Int>, part: &str| {
        let error = network.try_forward(ids).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    refuse(Tensor::from_ints([[0, 10]], &device), "`input_ids` is 10, but a token from 0 to 9");
    refuse(Tensor::from_ints([[0, -1]], &device), "`input_ids` is -1");
    refuse(Tensor::zeros([1, 4], &device), "of shape [1, 4], but [N, L] with 1 to 3 tokens");
    refuse(Tensor::zeros([0, 3], &device), "of shape [0, 3]");
    let output = network.try_forward(Tensor::zeros([2, 3], &device)).unwrap();
    assert_eq!(output.hidden_states.len(), 3);
    let penultimate = output.hidden_state_from_end(2).unwrap().clone().into_data();
    assert_eq!(penultimate, output.hidden_states[1].clone().into_data());
    assert!(output.hidden_state_from_end(4).is_none() && output.hidden_state_from_end(0).is_none());
}
