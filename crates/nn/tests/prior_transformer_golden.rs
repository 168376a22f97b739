//! `PriorTransformer` against diffusers.
//!
//! `tests/golden/prior_transformer.py` makes the recordings; `LANGEVIN_GOLDENS` may name another folder of them.

mod recordings;

use burn::tensor::{Device, Tensor};
use langevin_nn::{Configuration, Init, PriorInputs, PriorTransformerConfig};
use recordings::{File, compare, folders, open, read};
use serde_json::{Map, Value, json};

/// The inputs of a recording; a plain vector is a sample of one token.
fn inputs(golden: &File, device: &Device) -> PriorInputs {
    let sample = match golden["sample"].shape.len() {
        2 => golden["sample"].tensor::<2>(device).unsqueeze_dim(1),
        _ => golden["sample"].tensor::<3>(device),
    };
    PriorInputs {
        sample,
        timestep: golden["timestep"].tensor(device),
        proj_embedding: golden["proj_embedding"].tensor(device),
        encoder_hidden_states: golden.get("encoder_hidden_states").map(|t| t.tensor(device)),
        attention_mask: golden.get("attention_mask").map(|t| t.tensor(device)),
    }
}

#[test]
fn outputs_agree_with_diffusers() {
    let device = Device::flex();
    let folders = folders("prior_transformer");
    assert!(folders.len() >= 6, "only {} recordings", folders.len());
    let mut failed = Vec::new();
    for folder in folders {
        let (_, network) = open::<PriorTransformerConfig>(&folder, &device);
        let golden = read(&folder.join("golden.safetensors"));
        let output = network
            .try_forward(inputs(&golden, &device))
            .unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        failed.extend(match golden["output"].shape.len() {
            2 => compare(&folder, output.squeeze_dim::<2>(1), &golden),
            _ => compare(&folder, output, &golden),
        });
    }
    assert!(failed.is_empty(), "beyond 1e-4:\n{}", failed.join("\n"));
}

fn tiny(changes: &Value) -> Map<String, Value> {
    let mut object = json!({"num_attention_heads": 2, "attention_head_dim": 2, "num_layers": 1, "embedding_dim": 3,
        "num_embeddings": 2, "_class_name": "PriorTransformer"});
    let object = object.as_object_mut().unwrap();
    object.extend(changes.as_object().unwrap().clone());
    object.clone()
}

#[test]
fn configurations_are_refused_in_one_sentence() {
    let refuse = |changes: Value, part: &str| {
        let error = PriorTransformerConfig::from_json(&tiny(&changes)).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    refuse(json!({"norm_in_type": "batch"}), "`norm_in_type` is \"batch\"");
    refuse(json!({"added_emb_type": "x"}), "`added_emb_type` is \"x\"");
    refuse(json!({"encoder_hid_proj_type": "x"}), "`encoder_hid_proj_type` is \"x\"");
    refuse(json!({"num_layers": 0}), "`num_layers` is 0");
    let config = PriorTransformerConfig::from_json(&tiny(&json!({"rope": 1}))).unwrap();
    assert_eq!(config.unknown_keys(), ["rope"]);
}

#[test]
fn inputs_are_refused_in_one_sentence() {
    let device = Device::flex();
    let config = PriorTransformerConfig::from_json(&tiny(&json!({}))).unwrap();
    let network = config.init(&mut Init::new(&device, &mut |u| u.fill(0.5))).unwrap();
    let good = || PriorInputs {
        sample: Tensor::zeros([2, 1, 3], &device),
        timestep: Tensor::zeros([1], &device),
        proj_embedding: Tensor::zeros([2, 3], &device),
        encoder_hidden_states: Some(Tensor::zeros([2, 2, 3], &device)),
        attention_mask: Some(Tensor::ones([2, 2], &device)),
    };
    assert_eq!(network.try_forward(good()).unwrap().dims(), [2, 1, 3]);
    let refuse = |inputs: PriorInputs, part: &str| {
        let error = network.try_forward(inputs).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    refuse(
        PriorInputs { sample: Tensor::zeros([2, 1, 4], &device), ..good() },
        "`sample` is of shape",
    );
    refuse(
        PriorInputs { timestep: Tensor::zeros([3], &device), ..good() },
        "`timestep` is of shape [3]",
    );
    let proj_embedding = Tensor::zeros([1, 3], &device);
    refuse(PriorInputs { proj_embedding, ..good() }, "`proj_embedding` is of shape [1, 3]");
    refuse(
        PriorInputs { encoder_hidden_states: None, ..good() },
        "`encoder_hidden_states` is missing",
    );
    let encoder_hidden_states = Some(Tensor::zeros([2, 3, 3], &device));
    refuse(
        PriorInputs { encoder_hidden_states, ..good() },
        "`encoder_hidden_states` is 3 tokens long, but 2 of them",
    );
    let attention_mask = Some(Tensor::ones([2, 6], &device));
    refuse(PriorInputs { attention_mask, ..good() }, "`attention_mask` is of shape [2, 6]");
}
