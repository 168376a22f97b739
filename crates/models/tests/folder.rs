//! The model folder: what is written is read back to the bit, in the layout of diffusers.

mod tiny;

use burn::tensor::{Device, Tensor};
use langevin_core::{AnySchedule, Level, Prediction, State};
use langevin_models::{Model, ModelConfig, scheduler};
use langevin_nn::{NetworkConfig, params};
use langevin_weights::Config;
use serde_json::{Value, json};

#[test]
fn a_saved_model_comes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model");
    let model = tiny::compact(3);
    model.save(&path).expect("saved");
    // Saving again replaces the folder.
    model.save(&path).expect("saved again");
    let back = Model::load(&path, &Device::flex()).expect("loaded");
    assert_eq!(params::collect(&model.network), params::collect(&back.network));
    assert_eq!(model.config.schedule, back.config.schedule);
    assert_eq!(model.config.prediction, back.config.prediction);
    assert_eq!(model.config.classes, back.config.classes);

    let index: Value =
        serde_json::from_slice(&std::fs::read(path.join("model_index.json")).expect("an index"))
            .expect("JSON");
    assert_eq!(index["unet"], json!(["langevin", "LangevinCompactUNet2D"]));
    assert_eq!(index["scheduler"], json!(["diffusers", "FlowMatchEulerDiscreteScheduler"]));
}

#[test]
fn a_diffusers_network_is_written_as_diffusers_names_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let network = json!({
        "_class_name": "UNet2DModel", "sample_size": 8, "in_channels": 1, "out_channels": 1, "layers_per_block": 1,
        "block_out_channels": [8, 8], "norm_num_groups": 4, "attention_head_dim": 4,
        "down_block_types": ["DownBlock2D", "AttnDownBlock2D"], "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
    });
    let config = ModelConfig {
        network: NetworkConfig::from_json(&network).expect("valid"),
        schedule: "ddpm-linear".parse().expect("a name"),
        prediction: Prediction::Noise,
        classes: None,
    };
    let model = Model::init(config, 1, &Device::flex()).expect("a model");
    model.save(folder.path().join("m").as_path()).expect("saved");
    let index =
        std::fs::read_to_string(folder.path().join("m/model_index.json")).expect("an index");
    for text in ["DDPMPipeline", "UNet2DModel", "DDPMScheduler"] {
        assert!(index.contains(text), "{index}");
    }
    let back = Model::load(&folder.path().join("m"), &Device::flex()).expect("loaded");
    let x = Tensor::<4>::ones([1, 1, 8, 8], &Device::flex());
    let level = [Level::new(0.6, 0.8)];
    let run = |m: &Model| m.output(x.clone(), &level, None).expect("an output").into_data();
    assert_eq!(run(&model), run(&back));
}

#[test]
fn every_schedule_and_prediction_survives_the_scheduler_file() {
    for name in AnySchedule::NAMES {
        let schedule: AnySchedule = name.parse().expect("a name");
        for prediction in ["clean", "noise", "v", "flow", "score", "edm"] {
            let prediction: Prediction = prediction.parse().expect("a name");
            let (class, mut settings) = scheduler::write(&schedule, prediction);
            settings.insert("_class_name".to_owned(), class.into());
            let text = serde_json::to_vec(&settings).expect("JSON");
            let config = Config::parse("scheduler_config.json", &text).expect("a configuration");
            let back = scheduler::read(&config).expect("understood");
            assert_eq!(back, (schedule.clone(), prediction), "{class}");
        }
    }
}

#[test]
fn schedulers_that_are_not_run_are_named() {
    let read = |value: Value| {
        let config = Config::parse("scheduler_config.json", value.to_string().as_bytes())
            .expect("a configuration");
        scheduler::read(&config).map(|_| ()).map_err(|e| e.to_string())
    };
    let refused = |value: Value, what: &str| {
        let text = read(value).expect_err("refused");
        assert!(text.contains(what), "{text}");
    };
    refused(json!({"_class_name": "VQDiffusionScheduler"}), "VQDiffusionScheduler");
    refused(json!({"_class_name": "DDPMScheduler", "beta_schedule": "spiral"}), "spiral");
    refused(json!({"_class_name": "DDIMScheduler", "prediction_type": "nonsense"}), "nonsense");
    refused(json!({"_class_name": "DDIMScheduler", "beta_end": 7.0}), "beta_end is 7");
    refused(json!({"_class_name": "SCMScheduler"}), "no other solver fits");
    refused(
        json!({"_class_name": "FlowMatchEulerDiscreteScheduler", "use_dynamic_shifting": true}),
        "use_dynamic_shifting",
    );
    let zero = json!({"_class_name": "DDIMScheduler", "rescale_betas_zero_snr": true});
    assert_eq!(read(zero), Ok(()));
    let shifted = json!({"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0});
    assert_eq!(read(shifted), Ok(()));
    assert_eq!(read(json!({"_class_name": "DDPMScheduler"})), Ok(()));
}

#[test]
fn damaged_folders_are_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("m");
    tiny::compact(3).save(&path).expect("saved");
    let refused = |what: &str| {
        let text = Model::load(&path, &Device::flex()).expect_err("refused").to_string();
        assert!(text.contains(what), "{text}");
    };
    let weights = path.join("unet/diffusion_pytorch_model.safetensors");
    let bytes = std::fs::read(&weights).expect("weights");
    std::fs::write(&weights, &bytes[..bytes.len() / 2]).expect("cut");
    refused("diffusion_pytorch_model.safetensors");
    std::fs::write(&weights, &bytes).expect("mended");
    let own = path.join("langevin.json");
    std::fs::write(&own, r#"{"format": 9}"#).expect("written");
    refused("format 9");
    std::fs::write(&own, r#"{"format": 1, "classes": {"names": ["a"], "null": 77}}"#)
        .expect("written");
    refused("num_class_embeds");
    std::fs::remove_file(path.join("scheduler/scheduler_config.json")).expect("removed");
    refused("scheduler");
    std::fs::remove_dir_all(&path).expect("removed");
    refused("m");
}

#[test]
fn tensors_combine_like_vectors() {
    let device = Device::flex();
    let x = Tensor::<2>::from_floats([[1.0, 2.0], [3.0, 4.0]], &device);
    let y = Tensor::<2>::from_floats([[f32::NAN, 1.0], [1.0, 1.0]], &device);
    let z = Tensor::<2>::from_floats([[0.5, 0.5], [0.5, 0.5]], &device);
    let sum = State::combine(&[(2.0, &x), (0.0, &y), (-1.0, &z)]).expect("the same shapes");
    sum.into_data()
        .assert_eq(&Tensor::<2>::from_floats([[1.5, 3.5], [5.5, 7.5]], &device).into_data(), true);
    let other = Tensor::<2>::zeros([3, 1], &device);
    assert!(State::combine(&[(1.0, &x), (1.0, &other)]).is_err());
}
