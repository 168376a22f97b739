//! Folders from elsewhere that are damaged, hostile or for other programs: one sentence each, and never much memory.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::files::copy;
use crate::langevin::{Finished, command, finish};
use crate::pulling::stable_diffusion;

/// What `sample` says of a copy of the folder after `damage`.
fn sample(damage: impl FnOnce(&Path)) -> Finished {
    sample_with(damage, &[])
}

fn sample_with(damage: impl FnOnce(&Path), more: &[&str]) -> Finished {
    let place = tempfile::tempdir().expect("a temporary folder");
    copy(&stable_diffusion(), &place.path().join("model"));
    damage(&place.path().join("model"));
    let draw = ["sample", "model", "--steps", "1", "--out", "pictures", "--quiet"];
    let prompt: &[&str] = if more.contains(&"--prompt") { &[] } else { &["--prompt", "a cat"] };
    finish(&mut command(place.path(), &[&draw, prompt, more].concat()))
}

/// Sets a key of a JSON file in the folder.
fn set(path: &'static str, key: &'static str, value: Value) -> impl FnOnce(&Path) {
    move |folder| {
        let path = folder.join(path);
        let mut json: Value =
            serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
        json[key] = value;
        fs::write(path, json.to_string()).expect("a file");
    }
}

fn write(path: &'static str, bytes: &'static [u8]) -> impl FnOnce(&Path) {
    move |folder| fs::write(folder.join(path), bytes).expect("a file")
}

fn remove(path: &'static str) -> impl FnOnce(&Path) {
    move |folder| {
        let path = folder.join(path);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.expect("gone");
    }
}

#[test]
fn missing_parts_are_named() {
    for (part, words) in [
        ("unet", "model_index.json lists the component `unet`"),
        ("vae", "model_index.json lists the component `vae`"),
        ("text_encoder", "model_index.json lists the component `text_encoder`"),
        ("scheduler", "model_index.json lists the component `scheduler`"),
        ("tokenizer", "there is neither tokenizer.json nor vocab.json"),
        ("tokenizer/merges.txt", "there is neither tokenizer.json nor merges.txt"),
        ("unet/config.json", "unet/config.json does not exist"),
        (
            "unet/diffusion_pytorch_model.safetensors",
            "unet holds no weights called diffusion_pytorch_model",
        ),
        ("model_index.json", "model is no model folder"),
    ] {
        sample(remove(part)).fails(1, &[words]);
    }
}

#[test]
fn files_that_are_no_json_are_named() {
    for file in [
        "model_index.json",
        "unet/config.json",
        "vae/config.json",
        "text_encoder/config.json",
        "scheduler/scheduler_config.json",
        "tokenizer/tokenizer_config.json",
        "tokenizer/vocab.json",
    ] {
        let name = file.rsplit('/').next().unwrap_or(file);
        for bytes in [&b""[..], b"{", b"[]", b"null", b"\xff\xfe", b"{\"a\": 1, \"a\": 2"] {
            sample(write(file, bytes)).fails(1, &[name]);
        }
    }
    sample(write("tokenizer/merges.txt", b"a")).fails(1, &["merges.txt"]);
}

#[test]
fn classes_that_nobody_knows_are_named() {
    for (file, known) in [
        ("model_index.json", "StableDiffusionPipeline"),
        ("unet/config.json", "UNet2DConditionModel"),
        ("vae/config.json", "AutoencoderKL"),
        ("scheduler/scheduler_config.json", ""),
    ] {
        sample(set(file, "_class_name", json!("Unheard"))).fails(1, &["Unheard", known]);
    }
}

#[test]
fn components_stay_inside_the_folder() {
    for name in ["../..", "/etc", "..", "a/b", "C:\\x"] {
        let index = |folder: &Path| {
            let path = folder.join("model_index.json");
            let mut json: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            json[name] = json!(["diffusers", "UNet2DConditionModel"]);
            fs::write(path, json.to_string()).unwrap();
        };
        sample(index).fails(
            1,
            &[name.rsplit('\\').next().unwrap_or(name), "not the plain name of a folder"],
        );
    }
}

#[test]
fn absurd_numbers_are_refused_by_key() {
    let huge = json!(1_000_000_000_000_000_000_u64);
    for (file, key, value) in [
        ("unet/config.json", "block_out_channels", json!([huge, huge])),
        ("unet/config.json", "block_out_channels", json!([0, 0])),
        ("unet/config.json", "block_out_channels", json!([-4, 8])),
        ("unet/config.json", "block_out_channels", json!([1e18, 8])),
        ("unet/config.json", "layers_per_block", huge.clone()),
        ("unet/config.json", "cross_attention_dim", huge.clone()),
        ("unet/config.json", "norm_eps", json!("NaN")),
        ("vae/config.json", "block_out_channels", json!([huge, huge])),
        ("vae/config.json", "latent_channels", json!(0)),
        ("text_encoder/config.json", "num_hidden_layers", huge.clone()),
        ("text_encoder/config.json", "hidden_size", json!(0)),
        ("scheduler/scheduler_config.json", "num_train_timesteps", huge.clone()),
        ("scheduler/scheduler_config.json", "num_train_timesteps", json!(0)),
        ("scheduler/scheduler_config.json", "num_train_timesteps", json!(-5)),
    ] {
        sample(set(file, key, value)).fails(1, &[key]);
    }
}

#[test]
fn shapes_that_disagree_are_named_with_both() {
    sample(set("unet/config.json", "in_channels", json!(7)))
        .fails(1, &["unet", "conv_in.weight", "[4, 4, 3, 3]", "[4, 7, 3, 3]"]);
}

#[test]
fn a_shard_that_is_not_there_is_named() {
    let shards = |folder: &Path| {
        let unet = folder.join("unet");
        let first = "diffusion_pytorch_model-00001-of-00002.safetensors";
        fs::rename(unet.join("diffusion_pytorch_model.safetensors"), unet.join(first)).unwrap();
        let index = json!({"weight_map": {
            "conv_in.weight": first,
            "conv_out.weight": "diffusion_pytorch_model-00002-of-00002.safetensors",
        }});
        let path = unet.join("diffusion_pytorch_model.safetensors.index.json");
        fs::write(path, index.to_string()).unwrap();
    };
    sample(shards).fails(1, &["index.json", "00002-of-00002", "does not exist beside it"]);
}

#[test]
fn tokens_beyond_the_table_are_refused() {
    let shifted = |folder: &Path| {
        let path = folder.join("tokenizer/vocab.json");
        let mut json: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        for (token, id) in json.as_object_mut().unwrap() {
            if !token.starts_with("<|") {
                *id = json!(id.as_u64().unwrap() + 100_000);
            }
        }
        fs::write(path, json.to_string()).unwrap();
    };
    sample(shifted).fails(1, &["input_ids", "a token from 0 to"]);
}

#[test]
fn sizes_that_do_not_fit_are_wrong_usage() {
    for size in ["0", "17x16", "16x17", "1000000x1000000"] {
        sample_with(|_| {}, &["--size", size]).fails(2, &["size"]);
    }
}

#[test]
fn a_long_prompt_is_cut_and_the_rest_said() {
    let prompt = "cat ".repeat(100) + "lighthouse";
    let done = sample_with(|_| {}, &["--prompt", &prompt, "--size", "16"]);
    assert_eq!(done.code, Some(0), "{done:#?}");
    assert!(done.stderr.contains("lighthouse"), "{done:#?}");
}
