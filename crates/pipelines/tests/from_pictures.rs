//! Pipelines that start from a picture against diffusers: every latent of the way and the picture, from folders with random
//! weights; `tests/golden/from_pictures.py` makes the recordings.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor};
use langevin_data::Picture;
use langevin_pipelines::{
    Decoding, Init, Job, Prepared, Samples, Task, TextToImage, Wording, text_to_image,
};
use langevin_schedulers::{Mode, Request, RngKind};
use langevin_weights::TensorFile;
use langevin_weights::folder::Pipeline;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let place = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &place);
        } else {
            std::fs::copy(&path, &place).expect("copied");
        }
    }
}

/// A recording and the pipeline that it was made with.
struct Case {
    folder: PathBuf,
    call: Value,
    model: Box<dyn TextToImage>,
    /// Networks are read from there when they are needed.
    _whole: tempfile::TempDir,
}

impl Case {
    /// The shared folder with the parts that the recording has of its own, as the class `class`.
    fn open(name: &str, class: Option<&str>) -> Self {
        let folder = root().join("from_pictures").join(name);
        let text = std::fs::read_to_string(folder.join("call.json")).expect("a call");
        let call: Value = serde_json::from_str(&text).expect("JSON");
        let whole = tempfile::tempdir().expect("a folder");
        copy(&root().join(call["folder"].as_str().expect("a folder")), whole.path());
        copy(&folder, whole.path());
        if let Some(class) = class {
            let path = whole.path().join("model_index.json");
            let mut index: Value =
                serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            index["_class_name"] = class.into();
            std::fs::write(&path, index.to_string()).unwrap();
        }
        let pipeline = Pipeline::open(whole.path()).expect("a pipeline");
        let model = text_to_image(&pipeline, &Device::flex()).expect("networks");
        Self { folder, call, model, _whole: whole }
    }

    fn number(&self, key: &str) -> usize {
        self.call[key].as_u64().unwrap_or(0) as usize
    }

    fn picture(&self, name: &str) -> Picture {
        Picture::open(&self.folder.join(name)).expect("a picture")
    }

    fn init(&self) -> Init {
        let mask = (self.call["task"] == "mask").then(|| self.picture("mask.png"));
        let strength = self.call["strength"].as_f64().unwrap_or(1.0);
        Init::new(self.picture("init.png"), mask, strength).expect("a picture to start from")
    }

    fn job(&self, init: &Init) -> Job {
        let size = match self.call["size"].as_array() {
            Some(sides) => [0, 1].map(|i| sides[i].as_u64().unwrap() as usize),
            None => self.model.size_from(init),
        };
        let (steps, device) = (self.number("steps"), Device::flex());
        let start = self.model.start(init, steps).expect("a start");
        let request = Request { start, ..Request::steps(steps) };
        Job {
            prompts: vec![self.call["prompt"].as_str().unwrap_or_default().to_owned()],
            negative: self.call["negative"].as_str().map(str::to_owned),
            seeds: vec![self.number("seed") as u64],
            size,
            plan: self.model.plan(init.task(), &request, size).expect("a plan"),
            guidance: self.call["guidance"].as_f64().expect("a scale"),
            rescale: self.call.get("rescale").and_then(serde_json::Value::as_f64).unwrap_or(0.0),
            clip_skip: 0,
            decoding: Decoding::Whole,
            wording: Wording::Plain,
            mode: Mode::AsDiffusers,
            rng: RngKind::Torch,
            start: None,
            picture: Some(
                self.model.prepare(init, size, Decoding::Whole, &device).expect("latents"),
            ),
        }
    }

    fn draw(&self, job: &Job, states: &mut Vec<f32>) -> Samples {
        let drawn = self.model.draw(job, 0, &Device::flex(), &mut |_| (), &mut |now| {
            states.extend(numbers(now.latents.clone()));
            ControlFlow::Continue(())
        });
        drawn.expect("a picture")
    }
}

fn numbers(tensor: Tensor<4>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("numbers")
}

#[test]
fn latents_and_pictures_agree_with_diffusers() {
    let cases = [
        "picture",
        "mask",
        "paint",
        "xl",
        "refiner",
        "variation",
        "lcm",
        "sd3",
        "sd3_paint",
        "flux",
    ];
    for name in cases {
        let case = Case::open(name, None);
        let mut states = Vec::new();
        let picture = numbers(case.draw(&case.job(&case.init()), &mut states).picture);
        let golden = TensorFile::open(case.folder.join("golden.safetensors")).expect("a recording");
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
    }
}

/// The class that a folder names says what it was made for, not what it can do.
#[test]
fn any_class_of_a_generation_starts_from_pictures() {
    let drawn = |class| {
        let case = Case::open("picture", class);
        numbers(case.draw(&case.job(&case.init()), &mut Vec::new()).latents)
    };
    let usual = drawn(None);
    for class in ["StableDiffusionImg2ImgPipeline", "StableDiffusionInpaintPipeline"] {
        assert_eq!(drawn(Some(class)), usual, "{class}");
    }
}

/// Outside of the mask the last latents are those of the picture, whatever was drawn inside.
#[test]
fn what_is_masked_out_stays() {
    let case = Case::open("mask", None);
    let (picture, mask) = (case.picture("init.png"), case.picture("mask.png"));
    let black = Picture::new(1, mask.height(), mask.width(), vec![0; mask.pixels().len()]).unwrap();
    let ends = |guidance: f64| {
        let init = Init::new(picture.clone(), Some(black.clone()), 1.0).unwrap();
        let job = Job { guidance, ..case.job(&init) };
        numbers(case.draw(&job, &mut Vec::new()).latents)
    };
    assert_eq!(ends(1.0), ends(9.0));
}

#[test]
fn what_networks_are_not_made_for_is_said() {
    let say = |name: &str, task| Case::open(name, None).model.usual(task).unwrap_err().to_string();
    assert!(say("paint", Task::Text).contains("a picture and a mask"));
    assert!(say("paint", Task::Picture).contains("a picture and a mask"));
    assert!(say("sd3_paint", Task::Text).contains("a picture and a mask"));
    assert!(say("sd3_paint", Task::Picture).contains("a picture and a mask"));
    assert!(say("refiner", Task::Text).contains("refines pictures"));
    assert!(say("variation", Task::Text).contains("varies what it is shown"));
    assert!(say("variation", Task::Mask).contains("varies what it is shown"));
    let case = Case::open("picture", None);
    let weak = Init::new(case.picture("init.png"), None, 0.05).unwrap();
    let error = case.model.start(&weak, 6).unwrap_err().to_string();
    assert_eq!(
        error,
        "the strength is 0.05, but must be at least 1/6, so that one of 6 steps is left"
    );
    let shown = Case::open("variation", None);
    assert!(matches!(shown.job(&shown.init()).picture, Some(Prepared::Embedding(_))));
}
