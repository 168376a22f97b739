//! Pictures of Stable Diffusion 3 and Flux, as diffusers draws them: `tests/golden/flow_pipelines.py`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor};
use langevin_pipelines::{
    Decoding, Error, Flux, Job, Progress, Task, TextToImage, Wording, text_to_image,
};
use langevin_schedulers::{Mode, Request, RngKind};
use langevin_weights::TensorFile;
use langevin_weights::folder::Pipeline;
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/flow_pipelines")
}

fn read(name: &str) -> Box<dyn TextToImage> {
    let pipeline = Pipeline::open(folder().join(name)).unwrap();
    text_to_image(&pipeline, &Device::flex()).unwrap()
}

fn numbers(tensor: &Tensor<4>) -> Vec<f32> {
    tensor.to_data().try_to_vec::<f32>().unwrap()
}

/// What was asked of Python.
fn call(name: &str) -> Value {
    let text = std::fs::read_to_string(folder().join(name).join("call.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn job(pipe: &dyn TextToImage, call: &Value) -> Job {
    let number = |key: &str| call[key].as_u64().unwrap_or(0) as usize;
    let side = |i: usize| call["size"][i].as_u64().unwrap() as usize;
    let size = [side(0), side(1)];
    Job {
        prompts: vec![call["prompt"].as_str().unwrap().to_owned()],
        negative: call["negative"].as_str().map(str::to_owned),
        seeds: vec![call["seed"].as_u64().unwrap()],
        size,
        plan: pipe.plan(Task::Text, &Request::steps(number("steps")), size).unwrap(),
        guidance: call["guidance"].as_f64().unwrap(),
        rescale: call.get("rescale").and_then(serde_json::Value::as_f64).unwrap_or(0.0),
        clip_skip: number("clip_skip"),
        decoding: Decoding::Whole,
        wording: Wording::Plain,
        mode: Mode::AsDiffusers,
        rng: RngKind::Torch,
        start: None,
        picture: None,
    }
}

/// Draws a recorded picture; the notes.
fn check(name: &str) -> Vec<String> {
    let pipe = read(name);
    let job = job(&*pipe, &call(name));
    let golden = TensorFile::open(folder().join(name).join("golden.safetensors")).unwrap();
    let (mut notes, mut states) = (Vec::new(), Vec::new());
    let mut observer = |now: &Progress<'_>| {
        states.extend(numbers(now.latents));
        ControlFlow::Continue(())
    };
    let drawn =
        pipe.draw(&job, 0, &Device::flex(), &mut |note| notes.push(note), &mut observer).unwrap();
    let expected = golden.f32("trajectory").unwrap();
    assert_eq!(states.len(), expected.len());
    let scale = expected.iter().fold(1.0f32, |scale, x| scale.max(x.abs()));
    let worst = states.iter().zip(&expected).fold(0.0f32, |worst, (a, b)| worst.max((a - b).abs()));
    assert!(worst < 1e-3 * scale, "{name}: the latents are {worst} apart, of {scale}");
    let (picture, expected) = (numbers(&drawn.picture), golden.f32("sample").unwrap());
    assert_eq!(picture.len(), expected.len());
    let apart = picture.iter().zip(&expected).map(|(a, b)| (a.clamp(-1.0, 1.0) - b).abs());
    let mean = apart.sum::<f32>() / picture.len() as f32;
    assert!(mean < 2.0 / 255.0, "{name}: the pictures are {mean} apart");
    notes
}

#[test]
fn stable_diffusion_3() {
    assert!(check("sd3").is_empty());
}

#[test]
fn stable_diffusion_3_without_t5() {
    let notes = check("sd3_without_t5");
    assert_eq!(notes.len(), 1);
    assert!(notes[0].starts_with("the prompt is too long for CLIP; cut off: \"blue"), "{notes:?}");
}

#[test]
fn flux() {
    assert!(check("flux_dev").is_empty());
}

#[test]
fn sizes_are_multiples_of_a_token() {
    for name in ["sd3", "flux_dev"] {
        let error = read(name).latent_shape([18, 16]).unwrap_err().to_string();
        assert_eq!(error, "the size is 18 × 16, but must be multiples of 4 pixels, 16384 at most");
    }
}

#[test]
fn places_end_somewhere() {
    let error = read("sd3").latent_shape([16, 36]).unwrap_err().to_string();
    assert!(error.starts_with("a side of the picture is 36, but must be at most 32 pixels"));
}

#[test]
fn other_classes_are_named() {
    let pipeline = Pipeline::open(folder().join("sd3")).unwrap();
    let error = Flux::load(&pipeline, &Device::flex()).unwrap_err();
    assert!(
        matches!(&error, Error::Class { class, .. } if class == "StableDiffusion3Pipeline"),
        "{error}"
    );
}

#[test]
fn a_tokenizer_without_files_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let open = || langevin_pipelines::text::T5Tokenizer::open(folder.path(), 100);
    let error = open().unwrap_err().to_string();
    assert!(error.ends_with("there is no tokenizer.json and no spiece.model"), "{error}");
    std::fs::write(folder.path().join("spiece.model"), b"").unwrap();
    let error = open().unwrap_err().to_string();
    assert!(error.contains("spiece.model cannot be used"), "{error}");
}
