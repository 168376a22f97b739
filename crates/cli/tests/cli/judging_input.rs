//! Damaged, absent and absurd input: one clear sentence each, and nothing is lost.

use std::path::Path;

use langevin_data::Picture;
use langevin_data::picture::write_png;

use crate::files::{contents, copy};
use crate::langevin::{langevin, text, trained, workplace};

fn grey(side: usize) -> Picture {
    Picture::new(1, side, side, (0..side * side).map(|i| i as u8).collect()).expect("a picture")
}

#[test]
fn models_that_are_none_are_named() {
    let folder = workplace();
    std::fs::create_dir(folder.path().join("empty")).expect("a folder");
    for verb in ["sample", "info"] {
        langevin(folder.path(), &[verb, "absent"]).fails(1, &["absent"]);
        langevin(folder.path(), &[verb, "empty"]).fails(1, &["empty"]);
        langevin(folder.path(), &[verb, "tiny.toml"]).fails(1, &["tiny.toml"]);
    }
    langevin(folder.path(), &["eval", "absent", "--reference", "digits"]).fails(1, &["absent"]);
    langevin(folder.path(), &["eval", "empty", "--reference", "digits"]).fails(1, &["empty"]);
    langevin(folder.path(), &["eval", text(trained()), "--reference", "absent"])
        .fails(1, &["absent"]);
}

#[test]
fn a_run_of_another_version_is_refused() {
    let folder = workplace();
    let run = folder.path().join("run");
    copy(trained(), &run);
    let info = std::fs::read_to_string(run.join("run.json")).expect("a file");
    std::fs::write(
        run.join("run.json"),
        info.replace("\"format_version\": 1", "\"format_version\": 999"),
    )
    .expect("a file");
    let before = contents(&run);
    for arguments in [
        &["sample", "run"][..],
        &["info", "run"],
        &["train", "tiny.toml", "--out", "run", "--resume"],
    ] {
        langevin(folder.path(), arguments).fails(1, &["run", "999"]);
    }
    assert!(before == contents(&run));
}

#[test]
fn damaged_weights_are_named() {
    let folder = workplace();
    let weights = "model/unet/diffusion_pytorch_model.safetensors";
    let whole = std::fs::read(trained().join(weights)).expect("a file");
    let mut lying = whole.clone();
    // The header's length is told to be absurd.
    lying[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    let header = usize::try_from(u64::from_le_bytes(whole[..8].try_into().expect("8 bytes")))
        .expect("it fits");
    let mut offsets = whole.clone();
    let at = offsets[8..8 + header]
        .windows(15)
        .position(|w| w == b"\"data_offsets\":")
        .expect("an offset")
        + 8
        + 16;
    offsets[at] = b'9';
    for (name, bytes) in [
        ("cut", &whole[..whole.len() / 2]),
        ("empty", &[][..]),
        ("lying", &lying[..]),
        ("offsets", &offsets[..]),
    ] {
        let run = folder.path().join(name);
        copy(trained(), &run);
        std::fs::write(run.join(weights), bytes).expect("a file");
        langevin(folder.path(), &["sample", name])
            .fails(1, &["diffusion_pytorch_model.safetensors"]);
        langevin(folder.path(), &["info", name]).fails(1, &["diffusion_pytorch_model.safetensors"]);
    }
}

#[test]
fn damaged_configurations_are_named() {
    let folder = workplace();
    for (file, text) in [
        ("model/unet/config.json", "{"),
        ("model/unet/config.json", "{\"_class_name\": \"UNet3DModel\"}"),
        ("model/model_index.json", "[]"),
        ("model/scheduler/scheduler_config.json", "{\"_class_name\": \"NoScheduler\"}"),
    ] {
        let run = folder.path().join("run");
        copy(trained(), &run);
        std::fs::write(run.join(file), text).expect("a file");
        langevin(folder.path(), &["sample", "run", "--out", "x"]).fails(1, &["run"]);
    }
}

#[test]
fn places_that_cannot_be_written_are_told_before_work_begins() {
    let folder = workplace();
    std::fs::write(folder.path().join("file"), b"a file, no folder").expect("a file");
    let model = text(trained());
    for option in ["--out", "--trajectory", "--animate"] {
        langevin(folder.path(), &["sample", model, "--out", "ok", option, "file/below"])
            .fails(1, &["file"]);
    }
    langevin(folder.path(), &["train", "tiny.toml", "--out", "file/below"]).fails(1, &["file"]);
    langevin(folder.path(), &["quickstart", "--minutes", "0.01", "--out", "file/below"])
        .fails(1, &["file"]);
    std::fs::create_dir(folder.path().join("mine")).expect("a folder");
    std::fs::write(folder.path().join("mine/thesis.txt"), b"years of work").expect("a file");
    langevin(folder.path(), &["quickstart", "--minutes", "0.01", "--out", "mine"])
        .fails(1, &["mine"]);
    assert_eq!(contents(&folder.path().join("mine")).len(), 1);
}

fn pictures(folder: &Path, good: usize) {
    std::fs::create_dir_all(folder).expect("a folder");
    for i in 0..good {
        write_png(&folder.join(format!("good-{i}.png")), &grey(16), &[]).expect("a picture");
    }
}

#[test]
fn unreadable_pictures_are_skipped_and_counted_or_refused() {
    let folder = workplace();
    let data = folder.path().join("data");
    pictures(&data, 12);
    let whole = std::fs::read(data.join("good-0.png")).expect("a file");
    std::fs::write(data.join("cut.png"), &whole[..whole.len() / 2]).expect("a file");
    std::fs::write(data.join("empty.png"), b"").expect("a file");
    std::fs::write(data.join("text.png"), b"no picture").expect("a file");
    let train =
        ["train", "tiny.toml", "--set", "data.source=data", "--set", "run.steps=2", "--out"];
    let lenient = langevin(folder.path(), &[&train[..], &["lenient"]].concat()).ok();
    for word in ["3 images skipped", "cut.png", "empty.png", "text.png"] {
        assert!(lenient.stderr.contains(word), "{word}: {}", lenient.stderr);
    }
    langevin(folder.path(), &[&train[..], &["strict", "--set", "data.strict=true"]].concat())
        .fails(1, &[".png"]);
    assert!(!folder.path().join("strict").exists());

    let eval = ["eval", "data", "--reference", "data"];
    let judged = langevin(folder.path(), &[&eval[..], &["--json"]].concat()).ok();
    assert_eq!(judged.json()["metrics"]["samples"], 12);
    assert!(judged.stderr.contains("3 pictures skipped"), "{}", judged.stderr);
    langevin(folder.path(), &[&eval[..], &["--strict"]].concat()).fails(1, &[".png"]);
}

#[test]
fn empty_and_mixed_folders_are_refused_or_brought_together() {
    let folder = workplace();
    std::fs::create_dir(folder.path().join("data")).expect("a folder");
    let train =
        ["train", "tiny.toml", "--set", "data.source=data", "--set", "run.steps=2", "--out", "run"];
    langevin(folder.path(), &train).fails(1, &["data"]);
    langevin(folder.path(), &["eval", "data", "--reference", "digits"]).fails(1, &["data"]);
    pictures(&folder.path().join("data"), 6);
    write_png(&folder.path().join("data/big.png"), &grey(24), &[]).expect("a picture");
    langevin(folder.path(), &["eval", "data", "--reference", "digits"]).fails(1, &["16×16"]);
    let colour = Picture::new(3, 16, 16, vec![9; 768]).expect("a picture");
    write_png(&folder.path().join("data/big.png"), &colour, &[]).expect("a picture");
    let mixed = langevin(folder.path(), &train).ok();
    assert!(mixed.stderr.contains("converted"), "{}", mixed.stderr);
}
