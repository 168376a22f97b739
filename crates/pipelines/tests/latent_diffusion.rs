//! Pictures of `DiTPipeline` and `LDMPipeline` as `tests/golden/unprompted.py` recorded them.

use std::ops::ControlFlow;
use std::path::Path;

use burn::tensor::{Device, Tensor};
use langevin_pipelines::LatentDiffusion;
use langevin_pipelines::latent_diffusion::Job;
use langevin_schedulers::{Mode, Request, RngKind};
use langevin_weights::TensorFile;
use langevin_weights::folder::{ModelFolder, Pipeline};
use serde_json::Value;

struct Case {
    model: LatentDiffusion,
    call: Value,
    golden: TensorFile,
}

impl Case {
    fn open(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/unprompted");
        let folder = folder.join(name);
        let call = std::fs::read_to_string(folder.join("call.json")).expect("a call");
        Self {
            model: LatentDiffusion::load(&pipeline(&folder), &Device::flex()).expect("a pipeline"),
            call: serde_json::from_str(&call).expect("JSON"),
            golden: TensorFile::open(folder.join("golden.safetensors")).expect("a recording"),
        }
    }

    fn number(&self, key: &str) -> u64 {
        self.call[key].as_u64().expect("a number")
    }

    fn job(&self, mode: Mode) -> Job {
        let request = Request { mode, ..Request::steps(self.number("steps") as usize) };
        Job {
            labels: self.model.classes().map(|_| vec![self.number("class") as u32]),
            seeds: vec![self.number("seed")],
            plan: self.model.plan(&request).expect("a plan"),
            guidance: self.call["guidance"].as_f64().unwrap_or(1.0),
            mode,
            rng: RngKind::Torch,
            start: None,
        }
    }

    /// All states one after the other, and the picture.
    fn draw(&self, job: &Job) -> (Vec<f32>, Vec<f32>) {
        let mut states = Vec::new();
        let drawn = self.model.draw(job, 0, &Device::flex(), &mut |now| {
            states.extend(numbers(now.latents.clone()));
            ControlFlow::Continue(())
        });
        (states, numbers(drawn.expect("a picture").picture))
    }
}

fn pipeline(folder: &Path) -> Pipeline {
    match ModelFolder::open(folder).expect("a folder") {
        ModelFolder::Pipeline(pipeline) => pipeline,
        ModelFolder::Component(_) => panic!("a pipeline"),
    }
}

fn numbers(tensor: Tensor<4>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("numbers")
}

#[test]
fn pictures_are_those_of_python() {
    for name in ["dit", "dit_scaled", "ldm"] {
        let case = Case::open(name);
        let (states, picture) = case.draw(&case.job(Mode::AsDiffusers));
        let expected = case.golden.f32("trajectory").expect("a tensor");
        assert_eq!(states.len(), expected.len(), "{name}");
        let scale = expected.iter().fold(1.0f32, |most, x| most.max(x.abs()));
        for (x, y) in states.iter().zip(&expected) {
            assert!((x - y).abs() < 1e-4 * scale, "{name}: {x} {y}");
        }
        let expected = case.golden.f32("sample").expect("a tensor");
        assert_eq!(picture.len(), expected.len(), "{name}");
        let wrong: f32 =
            picture.iter().zip(&expected).map(|(x, y)| (x.clamp(-1.0, 1.0) - y).abs()).sum();
        assert!(wrong / (expected.len() as f32) < 1.0 / 255.0, "{name}: {wrong}");
    }
}

#[test]
fn the_fixed_mode_starts_with_the_noise_that_the_scheduler_asks_for() {
    let case = Case::open("dit_scaled");
    let [known, fixed] = [Mode::AsDiffusers, Mode::Fixed].map(|mode| case.job(mode).plan);
    assert_eq!(known.init_noise_sigma, 1.0);
    assert!(fixed.init_noise_sigma > 10.0);
}

#[test]
fn classes_have_names_and_bounds() {
    let case = Case::open("dit");
    assert_eq!(case.model.classes(), Some(1000));
    assert_eq!(case.model.class_name(1), Some("goldfish"));
    assert_eq!(case.model.class_name(2), None);
    let refused = |labels| {
        let job = Job { labels, ..case.job(Mode::AsDiffusers) };
        let drawn = case.model.draw(&job, 0, &Device::flex(), &mut |_| ControlFlow::Continue(()));
        drawn.expect_err("no such class").to_string()
    };
    assert!(refused(Some(vec![1001])).contains("1001"));
    assert!(refused(None).contains("missing"));
}

#[test]
fn folders_of_other_classes_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let index = r#"{"_class_name": "FooPipeline"}"#;
    std::fs::write(folder.path().join("model_index.json"), index).expect("a file");
    let error = LatentDiffusion::load(&pipeline(folder.path()), &Device::flex());
    let error = error.expect_err("an unknown class").to_string();
    assert!(error.contains("FooPipeline") && error.contains("DiTPipeline"), "{error}");
}
