//! Folders from elsewhere drawn as `tests/golden/unprompted.py` recorded their pipelines of Python.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use burn::tensor::Device;
use langevin_models::{
    Model, ModelDenoiser, PipelineClass, Range, RngKind, SampleConfig, SampleJob, sample,
};
use langevin_schedulers::{Config, Mode, Plan, Request};
use langevin_weights::TensorFile;
use langevin_weights::folder::{ModelFolder, Pipeline};
use serde_json::Value;

fn open(name: &str) -> (Pipeline, Model) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/unprompted");
    let folder = folder.join(name);
    let Ok(ModelFolder::Pipeline(pipeline)) = ModelFolder::open(&folder) else {
        panic!("a pipeline");
    };
    (pipeline, Model::load(&folder, &Device::flex()).expect("a model"))
}

#[test]
fn pictures_are_those_of_python() {
    for name in ["ve", "ddpm_learned"] {
        let (pipeline, model) = open(name);
        let call = std::fs::read_to_string(pipeline.folder().join("call.json")).expect("a call");
        let call: Value = serde_json::from_str(&call).expect("JSON");
        let number = |key: &str| call[key].as_u64().expect("a number");
        let class = PipelineClass::named(pipeline.index().class_name().expect("a class"));
        let scheduler = pipeline.component("scheduler").expect("a scheduler").config().clone();
        let scheduler = Config::new(scheduler).expect("a configuration");
        let plan = class.plan(&scheduler, &Request::steps(number("steps") as usize));
        let config = SampleConfig {
            plan: Some(Arc::new(plan.expect("a plan"))),
            range: class.range(),
            rng: RngKind::Torch,
            ..Default::default()
        };
        let job = SampleJob { seeds: vec![number("seed")], labels: None, size: None, start: None };
        let mut states = Vec::new();
        let drawn = sample(&model, &job, &config, &Device::flex(), &mut |now| {
            states.extend(now.state.clone().into_data().try_into_vec::<f32>().expect("numbers"));
            ControlFlow::Continue(())
        });
        let golden =
            TensorFile::open(pipeline.folder().join("golden.safetensors")).expect("a recording");
        let picture = drawn.expect("a picture").data.into_iter().map(|x| x.clamp(-1.0, 1.0));
        for (key, ours) in [("trajectory", states), ("sample", picture.collect())] {
            let expected = golden.f32(key).expect("a tensor");
            assert_eq!(ours.len(), expected.len(), "{name} {key}");
            let scale = expected.iter().fold(1.0f32, |most, x| most.max(x.abs()));
            for (x, y) in ours.iter().zip(&expected) {
                assert!((x - y).abs() < 1e-4 * scale, "{name} {key}: {x} {y}");
            }
        }
    }
}

#[test]
fn other_solvers_leave_learned_variances_out() {
    use langevin_core::{Denoiser, Schedule};
    let (_, model) = open("ddpm_learned");
    assert_eq!(model.config.network.out_channels(), 6);
    let x = burn::tensor::Tensor::<4>::ones([1, 3, 8, 8], &Device::flex());
    let at = model.config.schedule.level(0.5);
    let clean = ModelDenoiser::new(&model, None).denoise(&x, at).expect("an estimate");
    assert_eq!(clean.dims(), [1, 3, 8, 8]);
}

#[test]
fn ddim_pipelines_run_any_scheduler_as_ddim() {
    let [ddpm, ddim] = ["DDPMScheduler", "DDIMScheduler"].map(|class| {
        let text = format!(r#"{{"_class_name": "{class}", "clip_sample": false}}"#);
        Config::parse(&text).expect("a configuration")
    });
    let request = Request::steps(5);
    let run = PipelineClass::Ddim.plan(&ddpm, &request).expect("a plan");
    let expected = Plan::new(&ddim, &request).expect("a plan");
    assert_eq!(format!("{run:?}"), format!("{expected:?}"));
}

#[test]
fn ddpm_pipelines_scale_nothing_unless_mended() {
    let euler = Config::parse(r#"{"_class_name": "EulerDiscreteScheduler"}"#).expect("valid");
    let start = |mode| {
        let request = Request { mode, ..Request::steps(5) };
        PipelineClass::Ddpm.plan(&euler, &request).expect("a plan").init_noise_sigma
    };
    assert_eq!(start(Mode::AsDiffusers), 1.0);
    assert!(start(Mode::Fixed) > 10.0);
    assert_eq!(PipelineClass::named("DDPMPipeline").range(), Range::Signed);
}
