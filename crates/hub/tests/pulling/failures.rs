//! Each failure has its own sentence, and leaves nothing behind that could be taken for a file.

use std::fs;
use std::path::Path;

use langevin_hub::{Choice, Error, Hub, Network, Place, Settings};

use crate::fetching::{on, plan, repository, stand_in, weights};
use crate::stand_in::{Manners, StandIn, sha256};

fn refused(status: u16, code: &'static str, token: Option<&str>) -> String {
    let root = tempfile::tempdir().unwrap();
    let stand_in = stand_in(Manners { refusal: Some((status, code)), ..Manners::default() });
    let mut settings = stand_in.settings(root.path());
    settings.token = token.map(str::to_owned);
    let error = plan(&Hub::new(settings).unwrap()).unwrap_err();
    assert!(!root.path().join("models--some--model").exists());
    error.to_string().replace(&stand_in.endpoint, "HUB")
}

#[test]
fn refusals_are_told_apart() {
    for (status, code, token, sentence) in [
        (404, "RepoNotFound", None, "HUB has no repository some/model"),
        (404, "", Some("t"), "HUB has no repository some/model"),
        (404, "RevisionNotFound", None, "some/model has no revision `main`"),
        (
            401,
            "RepoNotFound",
            None,
            "HUB shows no repository some/model without a token: it does not exist, or is private or gated and needs HF_TOKEN",
        ),
        (401, "RepoNotFound", Some("t"), "HUB has no repository some/model"),
        (401, "", Some("t"), "HUB refuses the token in HF_TOKEN (status 401) for some/model"),
        (
            401,
            "GatedRepo",
            None,
            "some/model is gated: accept its terms at HUB/some/model, then set HF_TOKEN to a token of that account",
        ),
        (
            403,
            "GatedRepo",
            Some("t"),
            "some/model is gated, and the account of the token in HF_TOKEN has not been let in: accept its terms at HUB/some/model",
        ),
        (
            418,
            "",
            None,
            "127.0.0.1:0 answered with status 418 to the request for the list of files",
        ),
        (
            503,
            "",
            None,
            "127.0.0.1:0 answered with status 503 to the request for the list of files",
        ),
    ] {
        let found = refused(status, code, token);
        let without_port: String = match found.strip_prefix("127.0.0.1:") {
            Some(rest) => {
                format!("127.0.0.1:0{}", rest.trim_start_matches(|c: char| c.is_ascii_digit()))
            }
            None => found,
        };
        assert_eq!(without_port, sentence);
    }
}

#[test]
fn offline_nothing_is_asked() {
    let root = tempfile::tempdir().unwrap();
    let stand_in = stand_in(Manners::default());
    let settings = Settings { network: Network::Forbidden, ..stand_in.settings(root.path()) };
    let error = plan(&Hub::new(settings).unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "some/model cannot be fetched in offline mode, which HF_HUB_OFFLINE asks for"
    );
    assert!(stand_in.asked().is_empty());
}

#[test]
fn nobody_there_is_one_sentence() {
    let root = tempfile::tempdir().unwrap();
    let stand_in = stand_in(Manners::default());
    for (endpoint, words) in [
        ("http://127.0.0.1:1", "127.0.0.1:1 cannot be reached: "),
        ("http://no such host", "cannot be reached: "),
        ("ftp://127.0.0.1", "cannot be reached: "),
        ("", "cannot be reached: "),
    ] {
        let settings = Settings { endpoint: endpoint.to_owned(), ..stand_in.settings(root.path()) };
        let error = plan(&Hub::new(settings).unwrap()).unwrap_err();
        assert!(matches!(error, Error::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

fn blobs(root: &Path) -> Vec<String> {
    let folder = root.join("models--some--model/blobs");
    let names = fs::read_dir(folder).unwrap().flatten();
    names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_wrong_hash_is_told_and_the_file_removed() {
    let root = tempfile::tempdir().unwrap();
    let hub = stand_in(Manners { damaged: true, ..Manners::default() }).hub(root.path());
    let error = hub.fetch(&plan(&hub).unwrap(), Place::Cache, &mut on).unwrap_err();
    assert!(matches!(error, Error::Hash { .. }), "{error}");
    let sentence = error.to_string();
    assert!(sentence.contains("unet/diffusion_pytorch_model.safetensors"), "{sentence}");
    let hash = sha256(&weights());
    assert!(sentence.contains(&hash), "{sentence}");
    assert!(!blobs(root.path()).iter().any(|name| name.starts_with(&hash)));
    assert_eq!(hub.cache().snapshot(&repository()), None);
}

#[test]
fn a_connection_that_is_always_cut_keeps_what_came() {
    let root = tempfile::tempdir().unwrap();
    let hub = stand_in(Manners { cut: Some((0, 100)), ..Manners::default() }).hub(root.path());
    let error = hub.fetch(&plan(&hub).unwrap(), Place::Cache, &mut on).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the connection was cut after 0 of 1200000 bytes of unet/diffusion_pytorch_model.safetensors; what was fetched is kept, and the next attempt goes on from there"
    );
    let hub = stand_in(Manners { cut: Some((1000, 1000)), ..Manners::default() }).hub(root.path());
    let error = hub.fetch(&plan(&hub).unwrap(), Place::Cache, &mut on).unwrap_err();
    assert!(matches!(error, Error::Cut { got: 200_000, .. }), "{error}");
    assert!(blobs(root.path()).iter().any(|name| name.ends_with(".incomplete")));
}

#[test]
fn repositories_without_a_model_say_what_they_have() {
    let root = tempfile::tempdir().unwrap();
    let stand_in = StandIn::new(&[("a.md", b"x"), ("lora.safetensors", b"y")], Manners::default());
    let hub = stand_in.hub(root.path());
    assert_eq!(
        plan(&hub).unwrap_err().to_string(),
        "some/model holds no model folder: it has neither model_index.json nor config.json; it has a.md, lora.safetensors"
    );
    let absent = Choice { files: ["b.md".to_owned()].into(), ..Choice::default() };
    let error = hub.plan(&repository(), &absent).unwrap_err();
    assert_eq!(error.to_string(), "some/model has no file `b.md`");
    let one = Choice { files: ["lora.safetensors".to_owned()].into(), ..Choice::default() };
    let folder = hub.fetch(&hub.plan(&repository(), &one).unwrap(), Place::Cache, &mut on).unwrap();
    assert_eq!(fs::read(folder.join("lora.safetensors")).unwrap(), b"y");
}

#[test]
fn a_disk_without_space_is_told_before_anything_is_fetched() {
    let root = tempfile::tempdir().unwrap();
    let stand_in = stand_in(Manners::default());
    let hub = stand_in.hub(root.path());
    let mut plan = plan(&hub).unwrap();
    plan.files[0].size = 1 << 60;
    stand_in.change(Manners::default());
    let error = hub.fetch(&plan, Place::Cache, &mut on).unwrap_err();
    if cfg!(unix) {
        assert!(matches!(error, Error::NoSpace { .. }), "{error}");
        assert!(stand_in.asked().is_empty());
    }
}

#[cfg(unix)]
#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, b"").unwrap();
    let hub = stand_in(Manners::default()).hub(&file.join("cache"));
    let error = hub.fetch(&plan(&hub).unwrap(), Place::Cache, &mut on).unwrap_err();
    assert!(error.to_string().contains("file/cache"), "{error}");
}
