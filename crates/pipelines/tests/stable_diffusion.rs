//! Stable Diffusion's pipelines against diffusers: every latent of the way and the picture, from folders with random
//! weights; `tests/golden/stable_diffusion.py` makes the recordings.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor};
use langevin_pipelines::text::ClipTokenizer;
use langevin_pipelines::{Decoding, Error, Job, StableDiffusion, Task, TextToImage, Wording};
use langevin_schedulers::{Mode, Request, RngKind};
use langevin_weights::TensorFile;
use langevin_weights::folder::Pipeline;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/stable_diffusion")
}

fn open(name: &str) -> StableDiffusion {
    let pipeline = Pipeline::open(root().join(name)).expect("a pipeline");
    StableDiffusion::load(&pipeline, &Device::flex()).expect("networks")
}

/// The job of a recording.
fn job(model: &StableDiffusion, call: &Value) -> Job {
    let number = |key: &str| call[key].as_u64().unwrap_or(0) as usize;
    let size = [0, 1].map(|i| call["size"][i].as_u64().expect("a side") as usize);
    let plan = model.plan(Task::Text, &Request::steps(number("steps")), size).expect("a plan");
    Job {
        prompts: vec![call["prompt"].as_str().expect("a prompt").to_owned()],
        negative: call["negative"].as_str().map(str::to_owned),
        seeds: vec![number("seed") as u64],
        size,
        plan,
        guidance: call["guidance"].as_f64().expect("a scale"),
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

fn numbers(tensor: Tensor<4>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("numbers")
}

#[test]
fn latents_and_pictures_agree_with_diffusers() {
    for name in ["sd1", "sd2", "xl", "lcm"] {
        let folder = root().join(name);
        let text = std::fs::read_to_string(folder.join("call.json")).expect("a call");
        let call: Value = serde_json::from_str(&text).expect("JSON");
        let (model, mut states, mut notes) = (open(name), Vec::new(), Vec::new());
        let job = job(&model, &call);
        let drawn =
            model.draw(&job, 0, &Device::flex(), &mut |note| notes.push(note), &mut |now| {
                states.extend(numbers(now.latents.clone()));
                ControlFlow::Continue(())
            });
        let picture = numbers(drawn.expect("a picture").picture);
        let golden = TensorFile::open(folder.join("golden.safetensors")).expect("a recording");
        let expected = golden.f32("trajectory").expect("states");
        assert_eq!(states.len(), expected.len(), "{name}");
        let scale = expected.iter().fold(1.0_f32, |most, x| most.max(x.abs()));
        let apart = states.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart <= 1e-3 * scale, "{name}: latents {apart:e} apart at scale {scale}");
        let expected = golden.f32("sample").expect("a picture");
        assert_eq!(picture.len(), expected.len(), "{name}");
        let sum: f32 =
            picture.iter().zip(&expected).map(|(a, b)| (a.clamp(-1.0, 1.0) - b).abs()).sum();
        let mean = sum / expected.len() as f32;
        assert!(mean <= 2.0 / 255.0, "{name}: pixels {mean:e} apart");
        assert_eq!(notes.is_empty(), name != "sd2", "{name}: {notes:?}");
    }
}

#[test]
fn what_does_not_fit_is_said() {
    let model = open("sd1");
    let call = serde_json::json!({"prompt": "a", "seed": 1, "steps": 2, "guidance": 2.0, "size": [16, 16]});
    let refused = |job: &Job| {
        let drawn =
            model.draw(job, 0, &Device::flex(), &mut |_| (), &mut |_| ControlFlow::Continue(()));
        drawn.expect_err("refused").to_string()
    };
    let good = job(&model, &call);
    assert!(refused(&Job { size: [17, 16], ..good.clone() }).contains("17 × 16"));
    assert!(refused(&Job { clip_skip: 9, ..good.clone() }).contains("clip_skip is 9"));
    assert!(refused(&Job { start: Some(vec![0.0; 3]), ..good.clone() }).contains("latents is 3"));
    let stopped = model.draw(&good, 0, &Device::flex(), &mut |_| (), &mut |now| {
        if now.step == 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(stopped, Err(Error::Interrupted { done: 0, total: 1 })), "{stopped:?}");
}

#[test]
fn both_kinds_of_tokenizer_files_read_alike() {
    let open = |name: &str| {
        ClipTokenizer::open(&root().join(name).join("tokenizer"), (77, 1000)).expect("a tokenizer")
    };
    let (older, newer) = (open("sd1"), open("xl"));
    for prompt in
        ["", "The LIGHTHOUSE, at dawn's 12 lights", "café\u{301}  naïve\t日本 🦊", "<|endoftext|>a"]
    {
        let tokens = older.encode(prompt).expect("tokens");
        assert_eq!(tokens, newer.encode(prompt).expect("tokens"), "{prompt}");
        assert_eq!(tokens.ids.len(), 77);
        assert_eq!(tokens.cut, None);
    }
    let cut = older.encode(&"sea ".repeat(90)).expect("tokens").cut.expect("something was cut");
    assert!(cut.starts_with("sea sea") || cut.starts_with("ea"), "{cut}");
    let hostile = tempfile::tempdir().expect("a folder");
    let error = ClipTokenizer::open(hostile.path(), (77, 1000)).expect_err("refused").to_string();
    assert!(error.contains(&hostile.path().display().to_string()), "{error}");
    let path = hostile.path().join("tokenizer.json");
    for text in ["", "{}", "[1, 2", "{\"model\": {\"type\": \"BPE\"}}"] {
        std::fs::write(&path, text).expect("written");
        assert!(ClipTokenizer::open(hostile.path(), (77, 1000)).is_err(), "{text}");
    }
}

/// A picture no larger than a tile is the same in tiles; of a larger one every part is normalised by its own statistics.
#[test]
fn tiles_make_the_same_picture_where_one_is_enough() {
    let model = open("sd1");
    let picture = |side: usize, decoding| {
        let call = serde_json::json!({"prompt": "a", "seed": 1, "steps": 2, "guidance": 1.0, "size": [side, side]});
        let job = Job { decoding, ..job(&model, &call) };
        let drawn =
            model.draw(&job, 0, &Device::flex(), &mut |_| (), &mut |_| ControlFlow::Continue(()));
        numbers(drawn.expect("a picture").picture)
    };
    assert_eq!(picture(16, Decoding::Whole), picture(16, Decoding::Tiles));
    let (whole, tiles) = (picture(40, Decoding::Whole), picture(40, Decoding::Tiles));
    assert_eq!(whole.len(), tiles.len());
    assert_ne!(whole, tiles);
    assert!(tiles.iter().all(|x| x.is_finite()));
}
