//! Index files of sharded weights, beside two shards.

use langevin_weights::{Weights, write};
use serde_json::json;

use super::{Target, json};
use crate::workplace::Workplace;

pub(super) const TARGET: Target = Target {
    name: "index",
    seeds,
    mutate: json::mutate,
    read,
    // Values and keys of JSON.
    memory: (256 << 10, 256),
};

static WORKPLACE: Workplace = Workplace::new();

const FIRST: &str = "model-00001-of-00002.safetensors";
const SECOND: &str = "model-00002-of-00002.safetensors";

fn seeds() -> Vec<Vec<u8>> {
    let both = json!({
        "metadata": {"total_size": 24},
        "weight_map": {"a": FIRST, "b.weight": FIRST, "c": SECOND},
    });
    let one = json!({"weight_map": {"c": SECOND}});
    vec![both.to_string().into_bytes(), one.to_string().into_bytes()]
}

fn read(bytes: &[u8]) -> bool {
    let folder = WORKPLACE.folder();
    if !folder.join(FIRST).exists() {
        let tensor = |name: &str| (name.to_owned(), vec![2], vec![1.0, 2.0]);
        let write =
            |file: &str, tensors: &[_]| write(folder.join(file), tensors, &Default::default());
        write(FIRST, &[tensor("a"), tensor("b.weight")]).expect("a file");
        write(SECOND, &[tensor("c")]).expect("a file");
    }
    WORKPLACE.write("model.safetensors.index.json", bytes);
    let Ok(weights) = Weights::open(folder.join("model.safetensors.index.json")) else {
        return false;
    };
    for name in weights.names() {
        assert_eq!(weights.f32(name).expect("a listed tensor can be read").len(), 2);
    }
    true
}
