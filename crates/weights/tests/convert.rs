//! Folders as other folders, as one file, and back, on folders that diffusers 0.42.1 has written.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use langevin_weights::convert::{Event, Options, Precision, Reading, convert};
use langevin_weights::folder::{Component, ModelFolder, Pipeline};
use langevin_weights::{Dtype, Error, TensorFile, Weights, write};

fn golden(name: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("../../tests/golden").join(name)
}

/// Converts, and gives what was told.
fn converted(from: &Path, to: &Path, options: &Options) -> Result<Vec<String>, Error> {
    let mut notes = Vec::new();
    convert(from, to, Reading::default(), options, &mut |event| {
        if let Event::Note(note) = event {
            notes.push(note);
        }
        ControlFlow::Continue(())
    })?;
    Ok(notes)
}

/// Every tensor's bytes by name.
fn bytes(weights: &Weights) -> BTreeMap<String, (Vec<usize>, Vec<u8>)> {
    let tensor = |name: &str| {
        let shape = weights.shape(name).unwrap().to_vec();
        (name.to_owned(), (shape, weights.bytes(name).unwrap()))
    };
    weights.names().map(tensor).collect()
}

fn networks(pipeline: &Pipeline) -> Vec<String> {
    let names = pipeline.components().filter(|(_, class)| class.is_some()).map(|(name, _)| name);
    names
        .filter(|name| name.starts_with("text") || ["unet", "vae", "transformer"].contains(name))
        .map(str::to_owned)
        .collect()
}

fn pipeline(path: &Path) -> Pipeline {
    match ModelFolder::open(path).unwrap() {
        ModelFolder::Pipeline(pipeline) => pipeline,
        ModelFolder::Component(_) => panic!("{} is no pipeline", path.display()),
    }
}

#[test]
fn a_folder_as_one_file_and_back_is_the_same() {
    let older = ["sd1", "sd2", "xl", "lcm"].map(|name| format!("stable_diffusion/{name}"));
    let flows = ["sd3", "sd3_without_t5", "flux_dev"].map(|name| format!("flow_pipelines/{name}"));
    for name in older.iter().chain(&flows) {
        let here = tempfile::tempdir().unwrap();
        let (file, folder) = (here.path().join("one.safetensors"), here.path().join("again"));
        converted(&golden(name), &file, &Options::default()).unwrap();
        let notes = converted(&file, &folder, &Options::default()).unwrap();
        assert!(notes.iter().all(|note| note.contains("holds no tokenizer")), "{notes:?}");
        let (original, one, again) = (pipeline(&golden(name)), pipeline(&file), pipeline(&folder));
        assert_eq!(original.index().values().len(), again.index().values().len());
        assert!(one.tokenizer("tokenizer").is_err());
        for part in networks(&original) {
            let read = |pipeline: &Pipeline| {
                let component = pipeline.component(&part).unwrap();
                (component.config().values().clone(), bytes(&component.weights().unwrap()))
            };
            let (config, tensors) = read(&original);
            let prefixed = |(name, tensor): (String, _)| {
                let clip = config.get("model_type").is_some_and(|kind| kind == "clip_text_model");
                let inner = clip && !name.starts_with("text_");
                (if inner { format!("text_model.{name}") } else { name }, tensor)
            };
            let tensors: BTreeMap<_, _> = tensors.into_iter().map(prefixed).collect();
            for (found_config, found) in [read(&one), read(&again)] {
                assert_eq!(found_config, config, "{name} {part}");
                assert!(found == tensors, "{name} {part}");
            }
        }
    }
}

#[test]
fn a_transformer_alone_is_a_network_under_either_name() {
    const PREFIX: &str = "model.diffusion_model.";
    let here = tempfile::tempdir().unwrap();
    for (name, class) in [
        ("flow_pipelines/sd3", "SD3Transformer2DModel"),
        ("flow_pipelines/flux_dev", "FluxTransformer2DModel"),
    ] {
        let class = Some(class);
        let file = here.path().join(name.replace('/', "_")).with_extension("safetensors");
        converted(&golden(name), &file, &Options::default()).unwrap();
        let whole = TensorFile::open(&file).unwrap();
        let transformer = pipeline(&golden(name)).component("transformer").unwrap();
        let expected = bytes(&transformer.weights().unwrap());
        for prefix in [PREFIX, ""] {
            let renamed = |name: &str| {
                let inner = name.strip_prefix(PREFIX)?;
                let shape = whole.shape(name).unwrap().to_vec();
                Some((format!("{prefix}{inner}"), shape, whole.f32(name).unwrap()))
            };
            let tensors: Vec<_> = whole.names().filter_map(renamed).collect();
            let alone = here.path().join("alone.safetensors");
            write(&alone, &tensors, &BTreeMap::new()).unwrap();
            let ModelFolder::Component(alone) = ModelFolder::open(&alone).unwrap() else {
                panic!("{name} under {prefix:?} is a pipeline");
            };
            assert_eq!(alone.config().class_name(), class);
            assert!(bytes(&alone.weights().unwrap()) == expected, "{name} under {prefix:?}");
        }
    }
}

#[test]
fn components_that_have_no_place_in_one_file_are_left_out_and_told() {
    let here = tempfile::tempdir().unwrap();
    let (plain, folder) = (here.path().join("plain"), here.path().join("folder"));
    converted(&golden("stable_diffusion/sd1"), &plain, &Options::default()).unwrap();
    fs::create_dir(plain.join("safety_checker")).unwrap();
    let index = fs::read_to_string(plain.join("model_index.json")).unwrap();
    let from = "\"safety_checker\": [\n    null,\n    null\n  ]";
    let to = "\"safety_checker\": [\"stable_diffusion\", \"StableDiffusionSafetyChecker\"]";
    assert!(index.contains(from), "{index}");
    fs::write(plain.join("model_index.json"), index.replace(from, to)).unwrap();
    let file = here.path().join("one.safetensors");
    let notes = converted(&plain, &file, &Options::default()).unwrap();
    assert!(notes[0].ends_with("safety_checker has no place in one file and is left out"));
    converted(&file, &folder, &Options::default()).unwrap();
    assert!(matches!(
        pipeline(&folder).class("safety_checker"),
        Err(Error::AbsentComponent { .. })
    ));
}

#[test]
fn precision_shards_and_variants_are_written() {
    let here = tempfile::tempdir().unwrap();
    let to = here.path().join("half");
    let options = Options {
        precision: Some(Precision::F16),
        shard_size: Some(10_000),
        variant: Some("fp16".to_owned()),
    };
    converted(&golden("stable_diffusion/sd1"), &to, &options).unwrap();
    let unet = Component::open(to.join("unet")).unwrap();
    assert!(unet.notes()[0].contains("holds the variant fp16 alone"));
    let weights = unet.with_variant(Some("fp16")).weights().unwrap();
    assert!(weights.files().len() > 1);
    assert!(weights.path().ends_with("diffusion_pytorch_model.safetensors.index.fp16.json"));
    let original =
        Component::open(golden("stable_diffusion/sd1").join("unet")).unwrap().weights().unwrap();
    for name in original.names() {
        assert_eq!(weights.dtype(name).unwrap(), Dtype::F16);
        let expected: Vec<f32> =
            original.f32(name).unwrap().iter().map(|x| half::f16::from_f32(*x).to_f32()).collect();
        assert_eq!(weights.f32(name).unwrap(), expected);
    }
    for name in ["model_index.json", "scheduler/scheduler_config.json", "unet/config.json"] {
        assert_eq!(
            fs::read(to.join(name)).unwrap(),
            fs::read(golden("stable_diffusion/sd1").join(name)).unwrap()
        );
    }
}

#[test]
fn what_is_lost_or_not_finite_is_told() {
    let here = tempfile::tempdir().unwrap();
    let (from, to) = (here.path().join("a.safetensors"), here.path().join("b.safetensors"));
    let tensors = [
        ("big".to_owned(), vec![2], vec![70000.0, 1.0]),
        ("bad".to_owned(), vec![1], vec![f32::NAN]),
    ];
    write(&from, &tensors, &BTreeMap::new()).unwrap();
    let options = Options { precision: Some(Precision::F16), ..Options::default() };
    let notes = converted(&from, &to, &options).unwrap();
    let told = |note: &str| note.replace(&from.display().to_string(), "{}");
    assert_eq!(
        notes.iter().map(|note| told(note)).collect::<Vec<_>>(),
        [
            "tensor `big` of {} holds one number beyond the range of f16, which became infinite",
            "tensor `bad` of {} holds numbers that are NaN or infinite"
        ]
    );
    assert_eq!(TensorFile::open(&to).unwrap().f32("big").unwrap(), [f32::INFINITY, 1.0]);
}

#[test]
fn a_stopped_or_failed_conversion_leaves_nothing() {
    let here = tempfile::tempdir().unwrap();
    for to in ["folder", "one.safetensors"] {
        let to = here.path().join(to);
        let options = Options::default();
        let stop = &mut |_: Event<'_>| ControlFlow::Break(());
        let error =
            convert(&golden("stable_diffusion/sd1"), &to, Reading::default(), &options, stop);
        assert!(matches!(error, Err(Error::Stopped)));
    }
    let empty = here.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let error = converted(&empty, &here.path().join("x"), &Options::default());
    assert!(matches!(error, Err(Error::NoModel { .. })));
    let names: Vec<_> =
        fs::read_dir(here.path()).unwrap().flatten().map(|e| e.file_name()).collect();
    assert_eq!(names, ["empty"]);
}

#[test]
fn files_of_no_known_model_are_refused_by_a_sentence() {
    let here = tempfile::tempdir().unwrap();
    let path = here.path().join("x.safetensors");
    let refusal = |names: &[&str]| {
        let tensors: Vec<_> =
            names.iter().map(|name| ((*name).to_owned(), vec![1], vec![0.0])).collect();
        write(&path, &tensors, &BTreeMap::new()).unwrap();
        let error = ModelFolder::open(&path).unwrap_err().to_string();
        error.replace(&path.display().to_string(), "{}")
    };
    assert_eq!(
        refusal(&["a.weight"]),
        "{} is no checkpoint that can be read: its tensors are named like those of no model that is known"
    );
    let text = "cond_stage_model.transformer.text_model.x";
    let first = "model.diffusion_model.input_blocks.0.0.weight";
    assert_eq!(
        refusal(&[text, first]),
        "{} is no checkpoint that can be read: the levels of its U-Net do not have the same number of blocks"
    );
    for mark in [
        "joint_blocks.0.x_block.attn.qkv.weight",
        "double_blocks.0.img_attn.qkv.weight",
        "encoder.down.0.block.0.conv1.weight",
    ] {
        refusal(&[mark]);
    }
    assert!(refusal(&[text, first, "edm_mean"]).contains("Playground"));
}
