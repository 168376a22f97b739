//! `langevin sample FOLDER --init IMAGE`: what is asked for, what is refused.

use std::path::{Path, PathBuf};

use langevin_data::Picture;
use langevin_data::picture::write_png;

use crate::langevin::{langevin, text, trained, workplace};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden").join(name)
}

fn picture(folder: &Path, name: &str, [height, width]: [usize; 2]) -> PathBuf {
    let pixels = (0..3 * height * width).map(|i| (i * 7 % 256) as u8).collect();
    let path = folder.join(name);
    write_png(&path, &Picture::new(3, height, width, pixels).expect("a picture"), &[])
        .expect("written");
    path
}

#[test]
fn a_picture_is_changed_as_much_as_one_likes() {
    let folder = workplace();
    let model = golden("stable_diffusion/sd1");
    let init = picture(folder.path(), "init.png", [17, 25]);
    let sample = |more: &[&str]| {
        let start =
            ["sample", text(&model), "--prompt", "the sea", "--steps", "4", "--out", "x.png"];
        langevin(folder.path(), &[&start[..], more].concat())
    };
    let done = sample(&["--init", text(&init), "--json", "--count", "2"]).ok();
    assert!(done.stderr.contains("resized from 17 × 25 to 16 × 24"), "{}", done.stderr);
    let settings = &done.json()["settings"];
    assert_eq!(settings["strength"], 0.8);
    assert_eq!(settings["size"], serde_json::json!([16, 24]));
    let mask = picture(folder.path(), "mask.png", [17, 25]);
    let both = ["--init", text(&init), "--mask", text(&mask), "--size", "16x24", "--json"];
    let settings = &sample(&both).ok().json()["settings"];
    assert_eq!(settings["strength"], 1.0);
    assert_eq!(settings["mask"], text(&mask));
    // A trajectory holds the steps that are made.
    sample(&["--init", text(&init), "--strength", "0.5", "--trajectory", "t.safetensors"]).ok();
    let file = langevin_weights::TensorFile::open(folder.path().join("t.safetensors")).unwrap();
    assert_eq!(file.shape("trajectory").unwrap(), [4, 1, 4, 8, 12]);
}

#[test]
fn what_cannot_be_meant_is_one_sentence() {
    let folder = workplace();
    let model = golden("stable_diffusion/sd1");
    let init = picture(folder.path(), "init.png", [16, 24]);
    let other = picture(folder.path(), "other.png", [24, 16]);
    let broken = folder.path().join("broken.png");
    std::fs::write(&broken, "no picture").expect("written");
    let sample = |more: &[&str]| {
        let start = ["sample", text(&model), "--prompt", "the sea", "--steps", "4"];
        langevin(folder.path(), &[&start[..], more].concat())
    };
    let [init, other, broken] = [&init, &other, &broken].map(|path| text(path));
    sample(&["--mask", init]).fails(2, &["--mask needs a picture"]);
    sample(&["--strength", "0.5"]).fails(2, &["--strength needs a picture"]);
    sample(&["--init", init, "--strength", "1.5"]).fails(2, &["1.5", "from 0 to 1"]);
    sample(&["--init", init, "--strength", "0.2"]).fails(2, &["strength is 0.2", "1/4"]);
    sample(&["--init", init, "--mask", other]).fails(2, &["24 × 16", "16 × 24"]);
    sample(&["--init", broken]).fails(1, &["broken.png"]);
    sample(&["--init", "nowhere.png"]).fails(1, &["nowhere.png"]);
    sample(&["--init", init, "--latents", "x.safetensors"]).fails(2, &["--latents"]);
    sample(&["--init", init, "--size", "17"]).fails(2, &["17 × 17"]);
    langevin(folder.path(), &["sample", text(trained()), "--init", init]).fails(2, &["--init"]);
    langevin(folder.path(), &["sample", text(trained()), "--mask", init]).fails(2, &["--mask"]);
}
