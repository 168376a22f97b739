//! Indexes and model folders that lie, and the sentences that answer them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use langevin_weights::folder::{
    ModelFolder, Part, PartFiles, Pipeline, WeightFiles, save_pipeline,
};
use langevin_weights::{Error, Weights, write};
use tempfile::TempDir;

const STEM: &str = "diffusion_pytorch_model";

fn tensor(name: &str) -> (String, Vec<usize>, Vec<f32>) {
    (name.to_owned(), vec![2], vec![1.0, 2.0])
}

/// A folder with two shards of one tensor each, and the given index.
fn sharded(index: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (shard, name) in [("1.safetensors", "a"), ("2.safetensors", "b")] {
        write(folder.path().join(shard), &[tensor(name)], &BTreeMap::new()).unwrap();
    }
    fs::write(folder.path().join(format!("{STEM}.safetensors.index.json")), index).unwrap();
    folder
}

/// Opens the weights of a folder.
fn weights(folder: &Path) -> Result<Weights, Error> {
    Weights::open(WeightFiles::find(folder, None)?.path)
}

/// The error of opening such a folder's weights, its path replaced by `{}`.
fn refusal(index: &str) -> String {
    let folder = sharded(index);
    let error = weights(folder.path()).unwrap_err();
    error.to_string().replace(&folder.path().display().to_string(), "{}")
}

#[test]
fn an_index_joins_shards_and_ignores_what_it_does_not_list() {
    let folder = sharded(r#"{"metadata": {}, "weight_map": {"b": "2.safetensors"}}"#);
    let weights = weights(folder.path()).unwrap();
    assert_eq!(weights.names().collect::<Vec<_>>(), ["b"]);
    assert_eq!(weights.f32("b").unwrap(), [1.0, 2.0]);
    assert!(matches!(weights.f32("a").unwrap_err(), Error::NoTensor { .. }));
}

#[test]
fn an_index_that_lies_is_answered_by_a_sentence() {
    const INDEX: &str = "{}/diffusion_pytorch_model.safetensors.index.json";
    let cases = [
        (
            r#"{"weight_map": {"a": "1.safetensors", "c": "3.safetensors"}}"#,
            "the index INDEX lists 3.safetensors, which does not exist beside it",
        ),
        (
            r#"{"weight_map": {"a": "2.safetensors"}}"#,
            "the index INDEX says that 2.safetensors holds tensor `a`, but it does not",
        ),
        (
            r#"{"weight_map": {"a": "../1.safetensors"}}"#,
            "the index INDEX lists `../1.safetensors`, which is not the plain name of a file beside it",
        ),
        (
            r#"{"weight_map": {"a": "/etc/passwd"}}"#,
            "the index INDEX lists `/etc/passwd`, which is not the plain name of a file beside it",
        ),
        (
            r#"{"weight_map": {"a": 1}}"#,
            "key `a` of INDEX: expected the name of the file that holds the tensor, found the number 1",
        ),
        (
            r#"{"weights": {}}"#,
            "INDEX lacks the key `weight_map`: expected an object from tensors to files",
        ),
        (
            r#"{"weight_map": {"a": "1.safetensors", "a": "2.safetensors"}}"#,
            "INDEX has the key `a` twice",
        ),
        ("[", "INDEX is no valid JSON: EOF while parsing a list at line 1 column 1"),
    ];
    for (index, sentence) in cases {
        assert_eq!(refusal(index), sentence.replace("INDEX", INDEX));
    }
}

#[test]
fn a_shard_cut_short_is_named() {
    let folder = sharded(r#"{"weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}"#);
    let shard = folder.path().join("2.safetensors");
    let bytes = fs::read(&shard).unwrap();
    fs::write(&shard, &bytes[..bytes.len() - 1]).unwrap();
    let error = weights(folder.path()).unwrap_err();
    assert!(
        matches!(&error, Error::DataCut { path, tensor, .. } if *path == shard && tensor == "b"),
        "{error}"
    );
}

#[test]
fn a_pickle_beside_nothing_else_is_opened_without_running_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("{STEM}.bin"));
    fs::write(&path, b"\x80\x02cposix\nsystem\nX\x02\0\0\0ls\x85R.").unwrap();
    assert!(matches!(weights(folder.path()).unwrap_err(), Error::Torch { .. }));
    assert!(matches!(weights(&folder.path().join("absent")), Err(Error::Missing { .. })));
}

#[test]
fn a_pipeline_lists_present_and_absent_components_and_settings() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("model_index.json"),
        r#"{"_class_name": "P", "_module": ["a", "b"], "unet": ["diffusers", "UNet2DModel"],
            "safety_checker": [null, null], "requires_safety_checker": true, "sizes": [1, 2]}"#,
    )
    .unwrap();
    let pipeline = Pipeline::open(folder.path()).unwrap();
    let names: Vec<_> =
        pipeline.components().map(|(name, class)| (name, class.is_some())).collect();
    assert_eq!(names, [("safety_checker", false), ("unet", true)]);
    assert!(pipeline.index().get::<bool>("requires_safety_checker").unwrap());
    assert!(matches!(pipeline.class("safety_checker").unwrap_err(), Error::AbsentComponent { .. }));
    assert_eq!(
        pipeline.class("unett").unwrap_err().to_string(),
        format!("{} has no component `unett`; did you mean `unet`?", folder.path().display())
    );
    // Listed, but its folder is not there.
    let error = pipeline.component("unet").unwrap_err();
    let index = folder.path().join("model_index.json");
    assert_eq!(
        error.to_string(),
        format!(
            "{} lists the component `unet`, but there is no folder of that name beside it",
            index.display()
        )
    );
}

#[test]
fn a_component_outside_the_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["..", "../unet", "a/b", "/unet", "c:unet"] {
        let index = format!(r#"{{"_class_name": "P", "{name}": ["diffusers", "UNet2DModel"]}}"#);
        fs::write(folder.path().join("model_index.json"), index).unwrap();
        assert!(
            matches!(Pipeline::open(folder.path()).unwrap_err(), Error::ComponentName { .. }),
            "{name}"
        );
    }
}

#[test]
fn paths_that_are_no_model_are_answered_by_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let shown = folder.path().display();
    let sentence = |path: &Path| ModelFolder::open(path).unwrap_err().to_string();
    assert_eq!(
        sentence(folder.path()),
        format!("{shown} is no model folder: it has neither model_index.json nor config.json")
    );
    assert_eq!(sentence(&folder.path().join("x")), format!("{shown}/x does not exist"));
    fs::write(folder.path().join("file"), "x").unwrap();
    assert_eq!(
        sentence(&folder.path().join("file")),
        format!(
            "{shown}/file is cut short: it has 1 bytes, and the length of a safetensors header alone takes 8"
        )
    );
    fs::write(folder.path().join("config.json"), "{\"_class_name\": \"UNet2DModel\"}").unwrap();
    let ModelFolder::Component(component) = ModelFolder::open(folder.path()).unwrap() else {
        panic!("a bare component was taken for a pipeline");
    };
    assert_eq!(component.config().class_name(), Some("UNet2DModel"));
    assert!(matches!(component.weights().unwrap_err(), Error::NoWeights { .. }));
}

#[test]
fn parts_of_improper_names_are_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let config = serde_json::Map::new();
    let part =
        Part { library: "diffusers", class: "S", config: &config, files: PartFiles::Scheduler };
    let model = folder.path().join("model");
    let parts = BTreeMap::from([("../scheduler", part)]);
    let error = save_pipeline(&model, "P", &parts, &config, &[]).unwrap_err();
    assert!(matches!(error, Error::ComponentName { .. }), "{error}");
    let error = save_pipeline(&model, "P", &BTreeMap::new(), &config, &[("a/b", b"")]).unwrap_err();
    assert!(matches!(error, Error::ComponentName { .. }), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
