//! LoRA files of every spelling, learnt words, and prompts with weights, against diffusers with peft: every latent of the
//! way, on the folders of the other tests; `tests/golden/additions.py` and `weighting.py` make the recordings.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor};
use langevin_pipelines::{
    Decoding, Job, Latents, Preview, Samples, Task, TextToImage, Wording, merge_lora, text,
    text_to_image,
};
use langevin_schedulers::{Mode, Request, RngKind};
use langevin_weights::folder::Pipeline;
use langevin_weights::lora::Lora;
use langevin_weights::{Learned, TensorFile};
use serde_json::Value;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden")
}

fn open(base: &str) -> Box<dyn TextToImage> {
    let pipeline = Pipeline::open(golden().join(base)).expect("a pipeline");
    text_to_image(&pipeline, &Device::flex()).expect("networks")
}

fn call(folder: &Path) -> Value {
    let text = std::fs::read_to_string(folder.join("call.json")).expect("a call");
    serde_json::from_str(&text).expect("JSON")
}

fn job(model: &dyn TextToImage, call: &Value, wording: Wording) -> Job {
    let number = |key: &str| call[key].as_u64().unwrap_or(0) as usize;
    let size = [0, 1].map(|i| call["size"][i].as_u64().expect("a side") as usize);
    Job {
        prompts: vec![call["prompt"].as_str().expect("a prompt").to_owned()],
        negative: call["negative"].as_str().map(str::to_owned),
        seeds: vec![number("seed") as u64],
        size,
        plan: model.plan(Task::Text, &Request::steps(number("steps")), size).expect("a plan"),
        guidance: call["guidance"].as_f64().expect("a scale"),
        rescale: call.get("rescale").and_then(serde_json::Value::as_f64).unwrap_or(0.0),
        clip_skip: number("clip_skip"),
        decoding: Decoding::Whole,
        wording,
        mode: Mode::AsDiffusers,
        rng: RngKind::Torch,
        start: None,
        picture: None,
    }
}

fn numbers(tensor: Tensor<4>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("numbers")
}

/// The states of a job, and the picture.
fn draw(model: &dyn TextToImage, job: &Job) -> (Vec<f32>, Samples) {
    let mut states = Vec::new();
    let drawn = model.draw(job, 0, &Device::flex(), &mut |_| (), &mut |now| {
        states.extend(numbers(now.latents.clone()));
        ControlFlow::Continue(())
    });
    (states, drawn.expect("a picture"))
}

fn compare(name: &str, model: &dyn TextToImage, folder: &Path, wording: Wording) {
    let (states, _) = draw(model, &job(model, &call(folder), wording));
    let recording = TensorFile::open(folder.join("golden.safetensors")).expect("a recording");
    let expected = recording.f32("trajectory").expect("states");
    assert_eq!(states.len(), expected.len(), "{name}");
    let scale = expected.iter().fold(1.0_f32, |most, x| most.max(x.abs()));
    let apart = states.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(apart <= 1e-4 * scale, "{name}: latents {apart:e} apart at scale {scale}");
}

#[test]
fn changes_and_words_agree_with_diffusers() {
    for name in ["peft", "kohya", "xl", "flux"] {
        let folder = golden().join("additions").join(name);
        let call = call(&folder);
        let mut model = open(call["base"].as_str().expect("a folder"));
        for (i, change) in call["lora"].as_array().expect("changes").iter().enumerate() {
            let lora = Lora::open(folder.join(format!("lora_{i}.safetensors"))).expect("a file");
            let scale = change[1].as_f64().expect("a scale");
            let (merged, note) = merge_lora(model, &lora, scale, &Device::flex()).expect("a place");
            assert_eq!(note, None, "{name}");
            model = merged;
        }
        for (i, _) in call["words"].as_array().expect("words").iter().enumerate() {
            let learned = Learned::open(folder.join(format!("word_{i}.safetensors")));
            let note = text::learn(model.as_mut(), &learned.expect("a word"), None);
            assert_eq!(note.expect("an encoder"), None, "{name}");
        }
        compare(name, model.as_ref(), &folder, Wording::Plain);
    }
}

#[test]
fn weights_and_long_prompts_agree_with_transformers() {
    for name in ["sd1", "xl"] {
        let folder = golden().join("weighting").join(name);
        let model = open(call(&folder)["base"].as_str().expect("a folder"));
        compare(name, model.as_ref(), &folder, Wording::Weighted);
    }
}

#[test]
fn a_short_prompt_without_weights_is_the_plain_one_bit_for_bit() {
    for base in ["stable_diffusion/sd1", "stable_diffusion/xl"] {
        let (model, mut call) = (open(base), call(&golden().join(base)));
        call["negative"] = Value::from("blue sea");
        let drawn = |wording| draw(model.as_ref(), &job(model.as_ref(), &call, wording)).0;
        assert_eq!(drawn(Wording::Plain), drawn(Wording::Weighted), "{base}");
    }
}

#[test]
fn prompts_read_by_t5_have_no_weights() {
    for base in ["flow_pipelines/sd3", "flow_pipelines/flux_dev"] {
        let (model, call) = (open(base), call(&golden().join(base)));
        let job = job(model.as_ref(), &call, Wording::Weighted);
        let drawn =
            model.draw(&job, 0, &Device::flex(), &mut |_| (), &mut |_| ControlFlow::Continue(()));
        assert!(drawn.expect_err("a refusal").to_string().contains("T5"));
    }
}

#[test]
fn what_has_no_place_is_told() {
    let flux = golden().join("additions/flux/lora_0.safetensors");
    let lora = Lora::open(flux).expect("a file");
    let merged = merge_lora(open("stable_diffusion/sd1"), &lora, 1.0, &Device::flex());
    let text = merged.expect_err("a refusal").to_string();
    assert!(text.contains("none of its") && text.contains("lora_unet_"), "{text}");
    let xl = golden().join("additions/xl/lora_0.safetensors");
    let lora = Lora::open(xl).expect("a file");
    let error = merge_lora(open("stable_diffusion/sd1"), &lora, 1.0, &Device::flex());
    match error {
        Ok((_, note)) => assert!(note.expect("a note").contains("no place")),
        Err(error) => assert!(error.to_string().contains("shape"), "{error}"),
    }
}

#[test]
fn a_word_is_learnt_once() {
    let folder = golden().join("additions/peft");
    let learned = Learned::open(folder.join("word_0.safetensors")).expect("a word");
    let mut model = open("stable_diffusion/sd1");
    text::learn(model.as_mut(), &learned, Some("<other>")).expect("a word");
    let again = text::learn(model.as_mut(), &learned, Some("<other>")).expect_err("a refusal");
    assert!(again.to_string().contains("<other>"), "{again}");
    let mut wide = learned;
    wide.tables[0].width = 3;
    let error = text::learn(model.as_mut(), &wide, None).expect_err("a refusal").to_string();
    assert!(error.contains('3') && error.contains("[8]"), "{error}");
}

#[test]
fn previews_show_what_the_last_step_took_for_clean() {
    let base = "stable_diffusion/sd1";
    let (model, call) = (open(base), call(&golden().join(base)));
    let preview = Preview::Linear(Latents::StableDiffusion);
    let mut shown = Vec::new();
    let job = job(model.as_ref(), &call, Wording::Plain);
    let drawn = model.draw(&job, 0, &Device::flex(), &mut |_| (), &mut |now| {
        shown.push(now.clean.map(|clean| numbers(preview.picture(clean).expect("a picture"))));
        ControlFlow::Continue(())
    });
    drawn.expect("a picture");
    assert!(shown[0].is_none() && shown.len() > 1);
    for picture in &shown[1..] {
        let picture = picture.as_ref().expect("a preview");
        assert!(picture.len() == 3 * 8 * 8 && picture.iter().all(|x| x.is_finite()));
    }
}
