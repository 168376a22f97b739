//! `T5EncoderModel` against transformers.
//!
//! `tests/golden/t5_encoder.py` makes the recordings; `LANGEVIN_GOLDENS` may name another folder of them.

mod recordings;

use burn::tensor::{Device, Tensor};
use langevin_nn::{Configuration, Init, T5Config};
use recordings::{compare, folders, open, read};
use serde_json::{Map, Value, json};

#[test]
fn outputs_agree_with_transformers() {
    let device = Device::flex();
    let folders = folders("t5_encoder");
    assert!(folders.len() >= 5, "only {} recordings", folders.len());
    let mut failed = Vec::new();
    for folder in folders {
        let (_, network) = open::<T5Config>(&folder, &device);
        let golden = read(&folder.join("golden.safetensors"));
        let mask = golden.get("attention_mask").map(|stored| stored.indices(&device));
        let output = network
            .try_forward(golden["input_ids"].indices(&device), mask)
            .unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        failed.extend(compare(&folder, output, &golden));
    }
    assert!(failed.is_empty(), "beyond 1e-4:\n{}", failed.join("\n"));
}

fn tiny(changes: &Value) -> Map<String, Value> {
    let mut object = json!({"vocab_size": 10, "d_model": 4, "d_kv": 2, "d_ff": 4, "num_layers": 1, "num_heads": 2});
    let object = object.as_object_mut().unwrap();
    object.extend(changes.as_object().unwrap().clone());
    object.clone()
}

#[test]
fn what_does_not_fit_is_refused_in_one_sentence() {
    let refuse = |changes: Value, part: &str| {
        let error = T5Config::from_json(&tiny(&changes)).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    refuse(json!({"feed_forward_proj": "gated-tanh"}), "`feed_forward_proj` is \"gated-tanh\"");
    refuse(json!({"feed_forward_proj": "big-relu"}), "`feed_forward_proj` is \"big-relu\"");
    refuse(json!({"dense_act_fn": "tanh"}), "`dense_act_fn` is \"tanh\"");
    refuse(json!({"relative_attention_num_buckets": 3}), "`relative_attention_num_buckets` is 3");
    refuse(
        json!({"relative_attention_max_distance": 8}),
        "`relative_attention_max_distance` is 8, but a number above 8",
    );
    refuse(json!({"is_decoder": true}), "`is_decoder` is true");
    refuse(json!({"num_layers": 0}), "`num_layers` is 0");
    let config = T5Config::from_json(&tiny(&json!({"rope": 1, "n_positions": 512}))).unwrap();
    assert_eq!(config.unknown_keys(), ["rope"]);
    let back = serde_json::to_value(&config).unwrap();
    assert_eq!(T5Config::from_json(back.as_object().unwrap()).unwrap(), config);

    let device = Device::flex();
    let network = config.init(&mut Init::new(&device, &mut |u| u.fill(0.5))).unwrap();
    let error = |ids, mask| network.try_forward(ids, mask).unwrap_err().to_string();
    let zeros = |shape: [usize; 2]| Tensor::zeros(shape, &device);
    assert!(error(Tensor::from_ints([[3, 10]], &device), None).contains("`input_ids` is 10"));
    assert!(error(zeros([1, 0]), None).contains("of shape [1, 0]"));
    let uneven = error(zeros([1, 3]), Some(zeros([1, 2])));
    assert!(uneven.contains("`attention_mask` is of shape [1, 2]"), "{uneven}");
    // Nothing but padding is averaged, as in transformers, rather than a number without meaning.
    let hidden = network.forward(zeros([1, 3]), Some(zeros([1, 3])));
    assert!(hidden.into_data().try_into_vec::<f32>().unwrap().iter().all(|v| v.is_finite()));
}
