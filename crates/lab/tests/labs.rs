//! Every lab passes its own checks, writes what it says, and says the same again.

use langevin_lab::Lab;

/// Runs a lab in a folder of its own.
fn passes(name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let outcome = Lab::named(name).unwrap().run(0, folder.path()).unwrap();
    let failed: Vec<_> = outcome.checks.iter().filter(|check| !check.pass).collect();
    assert!(!outcome.checks.is_empty() && failed.is_empty(), "{failed:#?}");
    let ending =
        |end: &str| outcome.files.iter().any(|file| file.extension().is_some_and(|e| e == end));
    assert!(ending("png") && ending("md"));
    for file in &outcome.files {
        let bytes = std::fs::read(file).unwrap();
        assert!(bytes.len() > 100, "{} holds {} bytes", file.display(), bytes.len());
        let magic: &[u8] = match file.extension().and_then(|e| e.to_str()) {
            Some("png") => b"\x89PNG",
            Some("gif") => b"GIF89a",
            _ => b"|",
        };
        assert!(bytes.starts_with(magic), "{}", file.display());
    }
    let json = serde_json::to_value(&outcome).unwrap();
    for field in ["name", "value", "expected", "tolerance", "pass"] {
        assert!(json["checks"][0].get(field).is_some(), "{field}");
    }
    assert_eq!(json["files"].as_array().map(Vec::len), Some(outcome.files.len()));
}

#[test]
fn process() {
    passes("process");
}

#[test]
fn solvers() {
    passes("solvers");
}

#[test]
fn langevin() {
    passes("langevin");
}

#[test]
fn sde() {
    passes("sde");
}

#[test]
fn likelihood() {
    passes("likelihood");
}

#[test]
fn files_repeat_bit_by_bit() {
    let run = || {
        let folder = tempfile::tempdir().unwrap();
        let outcome = Lab::named("process").unwrap().run(3, folder.path()).unwrap();
        outcome.files.iter().map(|file| std::fs::read(file).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

#[test]
fn mistakes_are_sentences() {
    let error = Lab::named("proces").unwrap_err().to_string();
    assert!(
        error.starts_with("\"proces\" is not a lab: choose one of process, solvers"),
        "{error}"
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Lab::named("solvers").unwrap().run(0, file.path()).unwrap_err().to_string();
    assert!(error.starts_with("cannot write"), "{error}");
}
