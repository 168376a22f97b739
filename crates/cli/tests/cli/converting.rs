//! `langevin convert`, and models that are files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::langevin::langevin;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copied(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("a copy");
        }
    }
}

#[test]
fn a_folder_and_the_file_made_of_it_give_the_same_picture() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = golden("tests/golden/stable_diffusion/sd1");
    let model = model.to_str().expect("a path");
    let convert = |from: &str, to: &str| langevin(folder.path(), &["convert", from, to, "--json"]);
    let told = convert(model, "one.safetensors").ok().json();
    assert_eq!(told["files"], 1);
    convert(model, "one.safetensors")
        .fails(1, &["one.safetensors already exists", "choose another OUT"]);
    convert(model, "one.ckpt").fails(2, &["one.ckpt", ".safetensors"]);
    let draw = |model: &str, out: &str, more: &[&str]| {
        let words = [
            "sample",
            model,
            "--prompt",
            "a red fox",
            "--steps",
            "2",
            "--size",
            "16x16",
            "--out",
            out,
        ];
        langevin(folder.path(), &[&words[..], more].concat())
    };
    draw(model, "a.png", &[]).ok();
    draw("one.safetensors", "b.png", &[]).fails(1, &["holds no tokenizer"]);
    draw("one.safetensors", "b.png", &["--tokenizer", model]).ok();
    let pixels = |name: &str| {
        let picture = fs::read(folder.path().join(name)).expect("a picture");
        // The text chunks name the model; the pixels come after them.
        let start = picture.windows(4).position(|bytes| bytes == b"IDAT").expect("pixels");
        picture[start..].to_vec()
    };
    assert_eq!(pixels("a.png"), pixels("b.png"));
}

#[test]
fn variants_and_numbers_that_are_not_finite_are_told() {
    let here = tempfile::tempdir().expect("a folder");
    let model = here.path().join("m");
    copied(&golden("tests/golden/stable_diffusion/sd1"), &model);
    let weights = model.join("vae/diffusion_pytorch_model.safetensors");
    let mut bytes = fs::read(&weights).expect("weights");
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(model.join("vae/diffusion_pytorch_model.fp16.safetensors"), bytes).expect("weights");
    fs::remove_file(&weights).expect("removed");
    let draw =
        ["sample", "m", "--prompt", "x", "--steps", "1", "--size", "16x16", "--out", "x.png"];
    let told = langevin(here.path(), &[&draw[..], &["--variant", "fp16"]].concat()).ok().stderr;
    assert!(
        told.contains("unet has no variant fp16: diffusion_pytorch_model.safetensors is read"),
        "{told}"
    );
    assert!(told.contains("holds numbers that are NaN or infinite"), "{told}");
    let told = langevin(here.path(), &draw).ok().stderr;
    assert!(told.contains("vae holds the variant fp16 alone, which is read"), "{told}");
}

#[test]
fn the_tensor_behind_a_picture_that_is_not_finite_is_named() {
    let here = tempfile::tempdir().expect("a folder");
    let model = here.path().join("m");
    copied(&golden("tests/golden/stable_diffusion/sd1"), &model);
    let weights = model.join("unet/diffusion_pytorch_model.safetensors");
    let mut bytes = fs::read(&weights).expect("weights");
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(weights, bytes).expect("weights");
    let draw =
        ["sample", "m", "--prompt", "x", "--steps", "1", "--size", "16x16", "--out", "x.png"];
    let ended = langevin(here.path(), &draw);
    assert!(ended.stderr.contains("holds numbers that are NaN or infinite"), "{}", ended.stderr);
    ended.fails(1, &["is not finite"]);
    assert!(!here.path().join("x.png").exists());
}

#[test]
fn files_of_pytorch_that_do_not_fit_are_refused_by_a_sentence() {
    let here = tempfile::tempdir().expect("a folder");
    let unet = here.path().join("unet");
    copied(&golden("tests/golden/stable_diffusion/sd1/unet"), &unet);
    let recording = golden("tests/golden/stable_diffusion/sd1/golden.safetensors");
    fs::copy(recording, here.path().join("g.safetensors")).expect("a copy");
    fs::remove_file(unet.join("diffusion_pytorch_model.safetensors")).expect("removed");
    let module = golden("crates/weights/tests/golden/torch/module.pth");
    fs::copy(module, unet.join("diffusion_pytorch_model.bin")).expect("a copy");
    langevin(here.path(), &["info", "unet"]).ok();
    fs::write(unet.join("diffusion_pytorch_model.bin"), b"\x80\x02cos\nsystem\n.")
        .expect("written");
    langevin(here.path(), &["info", "unet"]).fails(1, &["diffusion_pytorch_model.bin"]);
}
