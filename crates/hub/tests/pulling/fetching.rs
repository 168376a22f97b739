//! What is fetched, and how it lies in the cache or a folder.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use langevin_hub::{Cache, Choice, Error, Event, Hub, Place, Plan, Repository};

use crate::stand_in::{Asked, COMMIT, Manners, StandIn, git_sha1, sha256};

const INDEX: &[u8] =
    br#"{"_class_name": "X", "unet": ["diffusers", "Y"], "tokenizer": ["transformers", "Z"],
    "safety_checker": [null, null], "requires_safety_checker": false}"#;

/// A network's weights, larger than what one read brings.
pub(crate) fn weights() -> Vec<u8> {
    (0..300_000_u32).flat_map(u32::to_le_bytes).collect()
}

/// The repository `some/model`.
pub(crate) fn stand_in(manners: Manners) -> StandIn {
    let weights = weights();
    let files: [(&str, &[u8]); 8] = [
        ("README.md", b"read"),
        ("model_index.json", INDEX),
        ("safety_checker/model.safetensors", b"no"),
        ("tokenizer/vocab.json", b"{}"),
        ("unet/config.json", b"{\"a\": 1}"),
        ("unet/diffusion_pytorch_model.bin", b"no"),
        ("unet/diffusion_pytorch_model.fp16.safetensors", b"half"),
        ("unet/diffusion_pytorch_model.safetensors", &weights),
    ];
    StandIn::new(&files, manners)
}

pub(crate) fn repository() -> Repository {
    "some/model".parse().expect("a name")
}

pub(crate) fn plan(hub: &Hub) -> Result<Plan, Error> {
    hub.plan(&repository(), &Choice::default())
}

/// Goes on.
pub(crate) fn on(_: Event<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn read(folder: &Path, path: &str) -> Vec<u8> {
    fs::read(folder.join(path)).expect(path)
}

#[test]
fn a_pipeline_comes_into_the_cache_that_python_reads() {
    let root = tempfile::tempdir().unwrap();
    let stand_in = stand_in(Manners::default());
    let hub = stand_in.hub(root.path());
    assert_eq!(hub.cache().snapshot(&repository()), None);
    let plan = plan(&hub).unwrap();
    let paths: Vec<&str> = plan.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "model_index.json",
            "tokenizer/vocab.json",
            "unet/config.json",
            "unet/diffusion_pytorch_model.safetensors"
        ]
    );
    let mut last = (0, 0);
    let folder = hub.fetch(&plan, Place::Cache, &mut |event| {
        assert!(event.done >= last.0 && event.done <= event.total);
        last = (event.done, event.total);
        ControlFlow::Continue(())
    });
    let folder = folder.unwrap();
    assert_eq!(last, (plan.size(), plan.size()));
    let base = root.path().join("models--some--model");
    assert_eq!(folder, base.join("snapshots").join(COMMIT));
    assert_eq!(read(&base, "refs/main"), COMMIT.as_bytes());
    assert_eq!(read(&folder, "model_index.json"), INDEX);
    assert_eq!(read(&folder, "unet/diffusion_pytorch_model.safetensors"), weights());
    #[cfg(unix)]
    {
        let link = |path: &str| fs::read_link(folder.join(path)).unwrap();
        assert_eq!(link("model_index.json"), Path::new("../../blobs").join(git_sha1(INDEX)));
        let large = link("unet/diffusion_pytorch_model.safetensors");
        assert_eq!(large, Path::new("../../../blobs").join(sha256(&weights())));
    }
    let blobs: Vec<_> = fs::read_dir(base.join("blobs")).unwrap().collect();
    assert_eq!(blobs.len(), 4);
    assert_eq!(Cache::new(root.path()).snapshot(&repository()), Some(folder));
    let commit: Repository = format!("some/model@{COMMIT}").parse().unwrap();
    assert!(hub.cache().snapshot(&commit).is_some());
}

#[test]
fn what_is_there_is_not_fetched_again() {
    let root = tempfile::tempdir().unwrap();
    let stand_in = stand_in(Manners::default());
    let hub = stand_in.hub(root.path());
    hub.fetch(&plan(&hub).unwrap(), Place::Cache, &mut on).unwrap();
    stand_in.change(Manners::default());
    hub.fetch(&plan(&hub).unwrap(), Place::Cache, &mut on).unwrap();
    let content = |asked: &Asked| asked.path.contains("/unet/");
    assert!(!stand_in.asked().iter().any(content), "{:?}", stand_in.asked());
    // A blob of the wrong length is no blob.
    let base = root.path().join("models--some--model");
    let large = base.join("blobs").join(sha256(&weights()));
    fs::write(&large, b"short").unwrap();
    hub.fetch(&plan(&hub).unwrap(), Place::Cache, &mut on).unwrap();
    assert_eq!(fs::read(&large).unwrap(), weights());
}

#[test]
fn the_token_goes_to_the_hub_alone() {
    let root = tempfile::tempdir().unwrap();
    let stand_in = stand_in(Manners { token: Some("secret"), ..Manners::default() });
    let mut settings = stand_in.settings(root.path());
    settings.token = Some("secret".to_owned());
    let hub = Hub::new(settings).unwrap();
    hub.fetch(&plan(&hub).unwrap(), Place::Cache, &mut on).unwrap();
    let asked = stand_in.asked();
    assert!(asked.iter().any(|asked| asked.at_store));
    for asked in asked {
        assert_eq!(asked.authorization.is_some(), !asked.at_store, "{asked:?}");
    }
}

#[test]
fn a_cut_connection_is_gone_on_from() {
    let root = tempfile::tempdir().unwrap();
    let stand_in = stand_in(Manners { cut: Some((500_000, 2)), ..Manners::default() });
    let hub = stand_in.hub(root.path());
    let folder = hub.fetch(&plan(&hub).unwrap(), Place::Cache, &mut on).unwrap();
    assert_eq!(read(&folder, "unet/diffusion_pytorch_model.safetensors"), weights());
    let asked = stand_in.asked();
    let ranges: Vec<_> =
        asked.iter().filter(|asked| asked.at_store).map(|asked| asked.range.as_deref()).collect();
    assert_eq!(ranges, [None, Some("bytes=500000-"), Some("bytes=1000000-")]);
}

#[test]
fn a_server_without_ranges_starts_over() {
    let root = tempfile::tempdir().unwrap();
    let manners = Manners { cut: Some((500_000, 1)), no_ranges: true, ..Manners::default() };
    let hub = stand_in(manners).hub(root.path());
    let folder = hub.fetch(&plan(&hub).unwrap(), Place::Cache, &mut on).unwrap();
    assert_eq!(read(&folder, "unet/diffusion_pytorch_model.safetensors"), weights());
}

#[test]
fn an_interrupted_fetch_is_gone_on_from_by_the_next() {
    let root = tempfile::tempdir().unwrap();
    let stand_in = stand_in(Manners::default());
    let hub = stand_in.hub(root.path());
    let plan = plan(&hub).unwrap();
    let stopped = hub.fetch(&plan, Place::Cache, &mut |event| {
        if event.done > 200_000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(stopped, Err(Error::Interrupted { .. })), "{stopped:?}");
    // Nothing is taken for whole that is not.
    assert_eq!(hub.cache().snapshot(&repository()), None);
    stand_in.change(Manners::default());
    let folder = hub.fetch(&plan, Place::Cache, &mut on).unwrap();
    assert_eq!(read(&folder, "unet/diffusion_pytorch_model.safetensors"), weights());
    let asked = stand_in.asked();
    let large = asked.iter().find(|asked| asked.at_store).expect("the rest is fetched");
    assert!(large.range.as_ref().is_some_and(|range| range != "bytes=0-"), "{large:?}");
    assert!(!asked.iter().any(|asked| asked.path.contains("config.json")));
}

#[test]
fn a_folder_gets_plain_files_from_the_cache_or_the_hub() {
    let root = tempfile::tempdir().unwrap();
    let stand_in = stand_in(Manners::default());
    let hub = stand_in.hub(&root.path().join("cache"));
    let plan = plan(&hub).unwrap();
    let first = root.path().join("first");
    assert_eq!(hub.fetch(&plan, Place::Folder(&first), &mut on).unwrap(), first);
    assert_eq!(read(&first, "unet/diffusion_pytorch_model.safetensors"), weights());
    assert!(!root.path().join("cache").exists());
    // Only what was changed is fetched again.
    fs::write(first.join("unet/config.json"), b"{\"a\": 2}").unwrap();
    stand_in.change(Manners::default());
    hub.fetch(&plan, Place::Folder(&first), &mut on).unwrap();
    assert_eq!(stand_in.asked().len(), 1);
    assert_eq!(read(&first, "unet/config.json"), b"{\"a\": 1}");

    hub.fetch(&plan, Place::Cache, &mut on).unwrap();
    stand_in.change(Manners { refusal: Some((500, "")), ..Manners::default() });
    let second = root.path().join("second");
    hub.fetch(&plan, Place::Folder(&second), &mut on).unwrap();
    assert_eq!(read(&second, "unet/diffusion_pytorch_model.safetensors"), weights());
    let names: Vec<_> = fs::read_dir(second.join("unet")).unwrap().flatten().collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn variants_single_files_and_left_out_components_are_chosen() {
    let root = tempfile::tempdir().unwrap();
    let stand_in = stand_in(Manners::default());
    let hub = stand_in.hub(root.path());
    let paths = |choice: &Choice| {
        let plan = hub.plan(&repository(), choice).unwrap();
        plan.files.into_iter().map(|file| file.path).collect::<Vec<_>>()
    };
    let half = paths(&Choice { variant: Some("fp16".to_owned()), ..Choice::default() });
    assert!(half.contains(&"unet/diffusion_pytorch_model.fp16.safetensors".to_owned()));
    assert_eq!(half.len(), 4);
    let without = Choice { without: ["unet".to_owned()].into(), ..Choice::default() };
    assert_eq!(paths(&without), ["model_index.json", "tokenizer/vocab.json"]);
    let file = "safety_checker/model.safetensors";
    assert_eq!(paths(&Choice { files: [file.to_owned()].into(), ..Choice::default() }), [file]);
}

#[test]
fn a_terse_list_is_completed_by_asking_for_each_file() {
    let root = tempfile::tempdir().unwrap();
    let stand_in = stand_in(Manners { terse: true, busy: 1, ..Manners::default() });
    let hub = stand_in.hub(root.path());
    let plan = plan(&hub).unwrap();
    assert!(stand_in.asked().iter().any(|asked| asked.method == "HEAD"));
    let folder = hub.fetch(&plan, Place::Cache, &mut on).unwrap();
    assert_eq!(read(&folder, "unet/diffusion_pytorch_model.safetensors"), weights());
}
