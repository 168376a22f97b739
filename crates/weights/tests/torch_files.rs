//! Files of PyTorch 2.15 (`golden/make_torch.py`), read without running anything of what they hold.

use std::path::PathBuf;

use langevin_weights::folder::Component;
use langevin_weights::{Config, Dtype, TensorFile, Weights};

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn torch(name: &str) -> TensorFile {
    TensorFile::open(golden("torch").join(name)).unwrap()
}

#[test]
fn every_element_type_is_read_as_from_safetensors() {
    let expected = TensorFile::open(golden("types.safetensors")).unwrap();
    for name in ["types.bin", "types-legacy.bin"] {
        let file = torch(name);
        assert_eq!(file.names().collect::<Vec<_>>(), expected.names().collect::<Vec<_>>());
        for tensor in expected.names() {
            assert_eq!(file.shape(tensor).unwrap(), expected.shape(tensor).unwrap());
            assert_eq!(file.dtype(tensor).unwrap(), expected.dtype(tensor).unwrap());
            assert_eq!(file.bytes(tensor).unwrap(), expected.bytes(tensor).unwrap(), "{tensor}");
        }
    }
}

#[test]
fn strides_offsets_and_shared_storages_are_honoured() {
    let expected = Config::read(golden("torch/expected.json")).unwrap();
    for (name, count) in [("strided.pt", 8), ("strided-legacy.pt", 8), ("module.pth", 7)] {
        let file = torch(name);
        assert_eq!(file.names().count(), count);
        for tensor in file.names() {
            let (shape, values): (Vec<usize>, Vec<f32>) =
                serde_json::from_value(expected.values()[tensor].clone()).unwrap();
            assert_eq!(file.shape(tensor).unwrap(), shape, "{tensor}");
            assert_eq!(file.f32(tensor).unwrap(), values, "{name} {tensor}");
        }
    }
    assert_eq!(torch("strided.pt").dtype("parameter").unwrap(), Dtype::F16);
}

#[test]
fn the_network_of_a_checkpoint_is_found() {
    let file = torch("nested.ckpt");
    assert_eq!(file.names().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(file.f32("a").unwrap(), [0.0, 1.0, 2.0]);
    assert_eq!(file.i64("b").unwrap(), [1, 2]);
}

#[test]
fn tensors_in_dictionaries_within_dictionaries_have_joined_names() {
    for name in ["embedding.pt", "protocol-5.pt"] {
        let file = torch(name);
        assert_eq!(file.names().collect::<Vec<_>>(), ["string_to_param.*", "string_to_token.*"]);
        assert_eq!(file.shape("string_to_param.*").unwrap(), [2, 4]);
        assert_eq!(file.i64("string_to_token.*").unwrap(), [265]);
        assert_eq!(file.metadata()["name"], "word");
    }
}

#[test]
fn an_index_joins_shards() {
    let weights = Component::open(golden("torch/shards")).unwrap().weights().unwrap();
    assert!(weights.path().ends_with("pytorch_model.bin.index.json"));
    assert_eq!(weights.f32("a").unwrap(), [0.0, 1.0, 2.0]);
    assert_eq!(weights.i64("b").unwrap(), [1, 2]);
    let whole = Weights::open(golden("torch/types.bin")).unwrap();
    assert_eq!(whole.f32("scalar").unwrap(), [3.25]);
}
