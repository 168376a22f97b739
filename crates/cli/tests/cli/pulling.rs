//! `langevin pull`, from a stand-in for the hub on this machine, and models by the name of their repository.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::files::{contents, copy};
use crate::langevin::{Finished, command, finish, langevin, text};
use crate::stand_in::{Manners, StandIn};

/// A recorded folder of a tiny Stable Diffusion.
pub(crate) fn stable_diffusion() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/stable_diffusion/sd1")
}

/// The folder as the repository `some/model`.
fn stand_in(manners: Manners) -> StandIn {
    let files = contents(&stable_diffusion());
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    StandIn::new(&files, manners)
}

/// The command, with everything of the hub below `home` and no proxy.
fn with_home(home: &Path, endpoint: &str, arguments: &[&str]) -> Command {
    let mut command = command(home, arguments);
    for (name, _) in std::env::vars().filter(|(name, _)| {
        name.starts_with("HF_")
            || name.to_lowercase().ends_with("_proxy")
            || name == "SSL_CERT_FILE"
    }) {
        command.env_remove(name);
    }
    command.env("HF_HOME", home.join("hf")).env("HF_ENDPOINT", endpoint);
    command
}

fn run(home: &Path, endpoint: &str, arguments: &[&str]) -> Finished {
    finish(&mut with_home(home, endpoint, arguments))
}

const DRAW: [&str; 9] =
    ["--prompt", "a cat", "--steps", "1", "--size", "16", "--out", "pictures", "--json"];

#[test]
fn a_pulled_repository_is_a_model_without_the_network() {
    let home = tempfile::tempdir().unwrap();
    let hub = stand_in(Manners::default());
    let before =
        run(home.path(), "http://127.0.0.1:1", &[&["sample", "some/model"], &DRAW[..]].concat());
    before.fails(1, &["some/model does not exist", "hint: `langevin pull some/model`"]);

    let pulled = run(home.path(), &hub.endpoint, &["pull", "some/model", "--json"]).ok().json();
    assert_eq!(pulled["repository"], "some/model");
    let paths: Vec<&str> = pulled["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    assert!(paths.contains(&"unet/diffusion_pytorch_model.safetensors"), "{paths:?}");
    assert!(!paths.contains(&"golden.safetensors") && !paths.contains(&"call.json"), "{paths:?}");
    let folder = pulled["folder"].as_str().unwrap();

    // From here on nobody answers.
    let nobody = "http://127.0.0.1:1";
    for model in ["some/model", "hf:some/model", "hf://some/model@main", folder] {
        let drawn = run(home.path(), nobody, &[&["sample", model], &DRAW[..]].concat()).ok();
        assert_eq!(drawn.json()["count"], 1);
        run(home.path(), nobody, &["info", model]).ok();
    }
    // A folder of that path comes first.
    std::fs::create_dir_all(home.path().join("some/model")).unwrap();
    let folder = run(home.path(), nobody, &["info", "some/model"]);
    folder.fails(1, &["some/model is no model folder"]);
    run(home.path(), nobody, &["info", "hf:some/model"]).ok();
}

#[test]
fn files_and_sizes_are_said_before_they_come() {
    let home = tempfile::tempdir().unwrap();
    let hub = stand_in(Manners::default());
    let told = run(home.path(), &hub.endpoint, &["pull", "some/model", "--to", "here"]).ok();
    assert!(told.stderr.contains("  unet/config.json  "), "{told:#?}");
    assert_eq!(told.stdout.trim(), "here");
    let quiet = run(home.path(), &hub.endpoint, &["pull", "some/model", "--to", "here", "--quiet"]);
    assert_eq!(quiet.ok().stderr, "");
    let draw = [&["sample", "here"], &DRAW[..]].concat();
    run(home.path(), "http://127.0.0.1:1", &draw).ok();
}

#[test]
fn failures_are_one_sentence() {
    let home = tempfile::tempdir().unwrap();
    let hub = stand_in(Manners::default());
    let pull =
        |arguments: &[&str]| run(home.path(), &hub.endpoint, &[&["pull"], arguments].concat());
    pull(&["no/model"]).fails(1, &["has no repository no/model", "HF_ENDPOINT"]);
    pull(&["some/model/more"]).fails(2, &["some/model/more", "owner/name"]);
    pull(&["../model"]).fails(2, &["../model"]);
    pull(&["some/model", "--variant", "fp16"]).fails(1, &["fp16", "no variants"]);
    pull(&["some/model", "--file", "nothing"]).fails(1, &["some/model has no file `nothing`"]);
    pull(&["some/model", "--file", "a", "--variant", "b"]).fails(2, &["--variant"]);

    hub.change(Manners { damaged: true, ..Manners::default() });
    pull(&["some/model"]).fails(1, &["the hash of", "safetensors", "was removed"]);
    hub.change(Manners { token: Some("secret"), ..Manners::default() });
    pull(&["some/model"]).fails(1, &["HF_TOKEN"]);
    let mut with_token = with_home(home.path(), &hub.endpoint, &["pull", "some/model"]);
    finish(with_token.env("HF_TOKEN", "secret")).ok();
    finish(with_token.env("HF_TOKEN", "other")).fails(1, &["refuses the token in HF_TOKEN"]);
    finish(with_token.env("HF_HUB_OFFLINE", "1")).fails(1, &["offline", "HF_HUB_OFFLINE"]);
    run(home.path(), "http://127.0.0.1:1", &["pull", "some/model"])
        .fails(1, &["127.0.0.1:1 cannot be reached"]);
}

#[test]
fn names_that_are_no_repositories_are_paths_that_do_not_exist() {
    let home = tempfile::tempdir().unwrap();
    for model in ["nothing", "./some/model", "a/b/c", "/no/where"] {
        run(home.path(), "http://127.0.0.1:1", &["info", model]).fails(1, &["does not exist"]);
    }
    run(home.path(), "http://127.0.0.1:1", &["info", "hf:a/b"])
        .fails(1, &["the repository a/b is not in the cache", "langevin pull a/b"]);
    run(home.path(), "http://127.0.0.1:1", &["info", "hf:a/b/c"]).fails(2, &["hf:a/b/c"]);
}

#[test]
fn a_copy_of_the_folder_draws_the_same() {
    let home = tempfile::tempdir().unwrap();
    copy(&stable_diffusion(), &home.path().join("model"));
    langevin(home.path(), &[&["sample", text(&home.path().join("model"))], &DRAW[..]].concat())
        .ok();
}
