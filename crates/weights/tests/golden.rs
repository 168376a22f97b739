//! Files written by PyTorch 2.15, safetensors 0.8 and diffusers 0.42.1 (`golden/make_golden.py`).

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use langevin_weights::folder::{
    Component, ModelFolder, Part, PartFiles, save_component, save_pipeline,
};
use langevin_weights::{Config, Dtype, TensorFile, TensorRef, Values, pretty, write_tensors};

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// The bits of two floats, with all NaNs alike: conversions need not keep a NaN's payload.
fn canonical(value: f32) -> u32 {
    if value.is_nan() { f32::NAN.to_bits() } else { value.to_bits() }
}

#[test]
fn every_element_type_reads_as_pytorch_converts_it() {
    let file = TensorFile::open(golden("types.safetensors")).unwrap();
    let expected = Config::read(golden("types.json")).unwrap();
    assert_eq!(file.names().count(), 15);
    assert_eq!(file.metadata(), &BTreeMap::from([("format".to_owned(), "pt".to_owned())]));
    for name in file.names() {
        let entry = &expected.values()[name];
        let shape: Vec<usize> = serde_json::from_value(entry["shape"].clone()).unwrap();
        let bits: Vec<i32> = serde_json::from_value(entry["bits"].clone()).unwrap();
        let bits: Vec<u32> =
            bits.into_iter().map(|bits| canonical(f32::from_bits(bits as u32))).collect();
        assert_eq!(file.shape(name).unwrap(), shape, "{name}");
        let found: Vec<u32> = file.f32(name).unwrap().into_iter().map(canonical).collect();
        assert_eq!(found, bits, "{name}");
        let through_f64: Vec<u32> =
            file.f64(name).unwrap().into_iter().map(|x| canonical(x as f32)).collect();
        assert_eq!(through_f64, bits, "{name}");
    }
    assert_eq!(file.i64("i64").unwrap(), [-(1 << 62) - 1, -1, 0, 1, 16777217, (1 << 62) + 1]);
    assert_eq!(file.i64("bool").unwrap(), [1, 0, 1]);
    assert_eq!(file.dtype("bf16").unwrap(), Dtype::BF16);
    assert_eq!(
        file.i64("f32").unwrap_err().to_string(),
        format!(
            "tensor `f32` of {} has elements of type F32, which cannot be read as i64",
            golden("types.safetensors").display()
        )
    );
}

#[test]
fn the_writer_gives_the_bytes_of_safetensors_in_python() {
    let whole = golden("whole/diffusion_pytorch_model.safetensors");
    let file = TensorFile::open(&whole).unwrap();
    let tensors: Vec<_> = file
        .names()
        .map(|name| (name, file.shape(name).unwrap().to_vec(), file.f32(name).unwrap()))
        .collect();
    // Any order gives the same file.
    let backwards: Vec<TensorRef<'_>> = tensors
        .iter()
        .rev()
        .map(|(name, shape, values)| TensorRef { name, shape, values: Values::F32(values) })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    write_tensors(&path, &backwards, &BTreeMap::new()).unwrap();
    assert_eq!(fs::read(path).unwrap(), fs::read(whole).unwrap());
}

#[test]
fn shards_of_either_spelling_read_as_the_whole() {
    let whole = Component::open(golden("whole")).unwrap().weights().unwrap();
    let shards = Component::open(golden("shards")).unwrap().weights().unwrap();
    assert_eq!(shards.files().len(), 2);
    assert!(whole.names().eq(shards.names()));
    for name in whole.names() {
        assert_eq!(whole.shape(name).unwrap(), shards.shape(name).unwrap());
        assert_eq!(whole.f32(name).unwrap(), shards.f32(name).unwrap());
    }

    let legacy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(golden("shards-fp16")).unwrap() {
        let entry = entry.unwrap();
        let name = entry
            .file_name()
            .into_string()
            .unwrap()
            .replace(".index.fp16.json", ".fp16.index.json");
        fs::copy(entry.path(), legacy.path().join(name)).unwrap();
    }
    for folder in [golden("shards-fp16"), legacy.path().to_owned()] {
        let halves =
            Component::open(&folder).unwrap().with_variant(Some("fp16")).weights().unwrap();
        for name in whole.names() {
            assert_eq!(halves.dtype(name).unwrap(), Dtype::F16);
            for (half, full) in halves.f32(name).unwrap().iter().zip(whole.f32(name).unwrap()) {
                assert!((half - full).abs() <= full.abs() / 2048.0, "{name}: {half} for {full}");
            }
        }
    }
}

#[test]
fn a_pipeline_of_diffusers_is_understood() {
    let ModelFolder::Pipeline(pipeline) = ModelFolder::open(golden("pipeline")).unwrap() else {
        panic!("not taken for a pipeline");
    };
    assert_eq!(pipeline.index().class_name(), Some("DDPMPipeline"));
    let classes: Vec<_> =
        pipeline.components().map(|(name, class)| (name, class.unwrap().class.as_str())).collect();
    assert_eq!(classes, [("scheduler", "DPMSolverMultistepScheduler"), ("unet", "UNet2DModel")]);
    assert_eq!(pipeline.class("unet").unwrap().library, "diffusers");

    let scheduler = pipeline.component("scheduler").unwrap();
    assert_eq!(scheduler.config().get::<f64>("lambda_min_clipped").unwrap(), f64::NEG_INFINITY);
    assert_eq!(scheduler.config().get::<f64>("beta_start").unwrap(), 0.0001);
    let unet = pipeline.component("unet").unwrap();
    assert_eq!(unet.config().get::<Vec<usize>>("block_out_channels").unwrap(), [8, 8]);
    assert_eq!(unet.config().get::<f64>("norm_eps").unwrap(), 1e-6);
}

#[test]
fn configurations_print_to_the_bytes_that_diffusers_writes() {
    for name in [
        "whole/config.json",
        "pipeline/model_index.json",
        "pipeline/unet/config.json",
        "pipeline/scheduler/scheduler_config.json",
    ] {
        let config = Config::read(golden(name)).unwrap();
        assert_eq!(pretty(config.values()), fs::read_to_string(golden(name)).unwrap(), "{name}");
    }
}

#[test]
fn saved_folders_have_the_bytes_of_diffusers() {
    let folder = tempfile::tempdir().unwrap();
    let toy = Component::open(golden("whole")).unwrap();
    let weights = toy.weights().unwrap();
    let tensors: Vec<_> = weights
        .names()
        .map(|name| (name, weights.shape(name).unwrap().to_vec(), weights.f32(name).unwrap()))
        .collect();
    let tensors: Vec<TensorRef<'_>> = tensors
        .iter()
        .map(|(name, shape, values)| TensorRef { name, shape, values: Values::F32(values) })
        .collect();
    let same = |ours: PathBuf, theirs: PathBuf| {
        assert_eq!(fs::read(&ours).unwrap(), fs::read(&theirs).unwrap(), "{}", ours.display());
    };

    let part = Part {
        library: "diffusers",
        class: "Toy",
        config: toy.config().values(),
        files: PartFiles::Network(&tensors),
    };
    let saved = folder.path().join("toy");
    save_component(&saved, &part).unwrap();
    for name in ["config.json", "diffusion_pytorch_model.safetensors"] {
        same(saved.join(name), golden("whole").join(name));
    }

    let scheduler = Config::read(golden("pipeline/scheduler/scheduler_config.json")).unwrap();
    let unet = Config::read(golden("pipeline/unet/config.json")).unwrap();
    let parts = BTreeMap::from([
        (
            "scheduler",
            Part {
                library: "diffusers",
                class: "DPMSolverMultistepScheduler",
                config: scheduler.values(),
                files: PartFiles::Scheduler,
            },
        ),
        (
            "unet",
            Part {
                library: "diffusers",
                class: "UNet2DModel",
                config: unet.values(),
                files: PartFiles::Network(&tensors),
            },
        ),
    ]);
    let saved = folder.path().join("pipeline");
    save_pipeline(
        &saved,
        "DDPMPipeline",
        &parts,
        &serde_json::Map::new(),
        &[("note.txt", b"hello")],
    )
    .unwrap();
    for name in ["model_index.json", "unet/config.json", "scheduler/scheduler_config.json"] {
        same(saved.join(name), golden("pipeline").join(name));
    }
    assert_eq!(fs::read(saved.join("note.txt")).unwrap(), b"hello");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "temporary folders are gone");
}
