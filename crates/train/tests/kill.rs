//! `kill -9` at any moment, and a disk that takes no more: no checkpoint is lost, and the run ends in the same bytes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use langevin_core::rng::Philox;
use langevin_train::{Flow, RunFolder, Start, TrainConfig, train};

/// Names the run folder to the child process.
const FOLDER: &str = "LANGEVIN_TEST_KILL_FOLDER";

const CONFIG: &str = r#"
[data]
source = "digits:test"
[model]
preset = "compact-tiny"
[run]
steps = 40
batch = 2
checkpoint_every = 1
sample_every = 0
"#;

fn checkpoints(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.join("checkpoints")).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    paths.retain(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("step-")));
    paths.sort();
    paths
}

/// Weights, moments and average at the end of a run.
fn tensors(folder: &Path) -> Vec<u8> {
    std::fs::read(folder.join("checkpoints/step-00000040/training.safetensors")).unwrap()
}

/// What the run ends in when nothing happens to it.
fn undisturbed(root: &Path) -> Vec<u8> {
    let only_last = [("run.checkpoint_every".to_owned(), "0".to_owned())];
    let config = TrainConfig::from_toml(CONFIG, &only_last).unwrap();
    let folder = root.join("undisturbed");
    train(&config, &RunFolder::at(&folder), Start::Fresh, &mut |_| Flow::Continue).unwrap();
    tensors(&folder)
}

fn start(run: &RunFolder) -> Start {
    if run.info().is_ok() { Start::Resume } else { Start::Fresh }
}

/// Trains in the folder that the environment names, if it names one: this is what the other test kills.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let run = RunFolder::at(folder);
    let config = TrainConfig::from_toml(CONFIG, &[]).unwrap();
    if let Err(error) = train(&config, &run, start(&run), &mut |_| Flow::Continue) {
        panic!("{error}");
    }
}

#[test]
fn a_run_killed_again_and_again_loses_no_checkpoint() {
    let root = tempfile::tempdir().unwrap();
    let config = TrainConfig::from_toml(CONFIG, &[]).unwrap();
    let expected = undisturbed(root.path());

    let killed = root.path().join("killed");
    let mut moments = Philox::new(1, 0, 0);
    let mut newest = None;
    for _ in 0..8 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child"])
            .env(FOLDER, &killed)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Until it has got further than the one before, and then to any moment of the next steps.
        let begun = Instant::now();
        while checkpoints(&killed).pop() <= newest && child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(60), "no step in a minute");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(moments.below(50_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        let found = checkpoints(&killed).pop();
        assert!(found >= newest, "{newest:?} is gone: {found:?}");
        newest = found;
    }
    let run = RunFolder::at(&killed);
    train(&config, &run, start(&run), &mut |event| {
        assert!(
            !matches!(event, langevin_train::Event::Note(_)),
            "a checkpoint was damaged: {event:?}"
        );
        Flow::Continue
    })
    .unwrap();
    assert!(tensors(&killed) == expected);
}

/// Files larger than the shell's limit cannot be written, as on a full disk.
#[cfg(unix)]
#[test]
fn a_checkpoint_that_cannot_be_written_costs_no_older_one() {
    let root = tempfile::tempdir().unwrap();
    let config = TrainConfig::from_toml(CONFIG, &[]).unwrap();
    let expected = undisturbed(root.path());

    let folder = root.path().join("full");
    let run = RunFolder::at(&folder);
    let outcome = train(&config, &run, Start::Fresh, &mut |event| match event {
        langevin_train::Event::Step(report) if report.step == 3 => Flow::Stop,
        _ => Flow::Continue,
    });
    outcome.unwrap();
    let before = checkpoints(&folder);
    assert!(!before.is_empty());

    let limited = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" --exact child --nocapture"])
        .arg(std::env::current_exe().unwrap())
        .env(FOLDER, &folder)
        .output()
        .unwrap();
    assert!(!limited.status.success());
    let said = String::from_utf8_lossy(&limited.stderr).into_owned()
        + &String::from_utf8_lossy(&limited.stdout);
    let failed =
        format!("{} could not be written: ", folder.join("checkpoints/step-00000004").display());
    let kept =
        format!("the checkpoint {} is kept", folder.join("checkpoints/step-00000003").display());
    assert!(
        said.contains(&failed) && said.contains("File too large") && said.contains(&kept),
        "{said}"
    );
    assert_eq!(checkpoints(&folder), before);

    train(&config, &run, Start::Resume, &mut |_| Flow::Continue).unwrap();
    assert!(tensors(&folder) == expected);
}
