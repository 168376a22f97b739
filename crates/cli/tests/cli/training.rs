//! `langevin train`: run folders, interruption at any moment, bit-exact continuation.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::files::{contents, refers_to_nothing_outside};
use crate::langevin::{command, finish, langevin, start, text, trained, workplace};

/// The bytes of everything that training computes.
fn computed(run: &Path) -> Vec<(String, Vec<u8>)> {
    let ours = |name: &str| name.starts_with("model/") || name.starts_with("checkpoints/");
    // A checkpoint also records the seconds it took to get there, which are the clock's.
    let clock = |name: &str| name.ends_with(".json") && name.starts_with("checkpoints/");
    contents(run).into_iter().filter(|(name, _)| ours(name) && !clock(name)).collect()
}

#[test]
fn a_run_folder_holds_what_it_should() {
    let files = contents(trained());
    for name in
        ["config.toml", "metrics.jsonl", "report.html", "run.json", "model/model_index.json"]
    {
        assert!(files.contains_key(name), "{name}");
    }
    assert!(files.keys().any(|name| name.starts_with("checkpoints/")));
    let metrics = String::from_utf8(files["metrics.jsonl"].clone()).expect("UTF-8");
    assert_eq!(metrics.lines().count(), 8);
    let report = String::from_utf8(files["report.html"].clone()).expect("UTF-8");
    assert!(report.contains("<svg") && report.contains("compact"));
    refers_to_nothing_outside(&report);
}

#[test]
fn the_outcome_is_one_json_document_and_the_log_is_on_stderr() {
    let folder = workplace();
    let run =
        langevin(folder.path(), &["train", "tiny.toml", "--set", "run.steps=2", "--json"]).ok();
    let json = run.json();
    assert_eq!((&json["steps"], &json["folder"]), (&2.into(), &"runs/tiny".into()));
    assert!(
        run.stderr.contains("training pictures") && run.stderr.contains("images/s"),
        "{}",
        run.stderr
    );
    let quiet = langevin(
        folder.path(),
        &["train", "tiny.toml", "--set", "run.steps=2", "--out", "q", "--quiet"],
    )
    .ok();
    assert_eq!(quiet.stderr, "");
}

#[test]
fn the_seed_of_the_command_line_is_the_run_s() {
    let folder = workplace();
    let short = ["train", "tiny.toml", "--set", "run.steps=2", "--quiet"];
    for (seed, out) in [("1", "a"), ("2", "b"), ("1", "c")] {
        langevin(folder.path(), &[&short[..], &["--seed", seed, "--out", out]].concat()).ok();
    }
    let [a, b, c] = ["a", "b", "c"].map(|run| computed(&folder.path().join(run)));
    assert!(a == c, "the same seed gives the same bytes");
    assert!(a != b, "another seed gives others");
}

#[cfg(unix)]
#[test]
fn interrupted_and_killed_runs_end_in_the_same_bytes() {
    let folder = workplace();
    let here = folder.path();
    // Enough steps to be caught in the middle.
    let long = [
        "train",
        "tiny.toml",
        "--set",
        "run.steps=60",
        "--set",
        "run.checkpoint_every=7",
        "--quiet",
    ];
    langevin(here, &[&long[..], &["--out", "whole"]].concat()).ok();

    let mut child = start(here, &[&long[..], &["--out", "broken"]].concat());
    wait_for_lines(&here.join("broken/metrics.jsonl"), 10);
    signal(child.id(), "INT");
    let code = child.wait().expect("it ends").code();
    assert!(code == Some(130) || code == Some(0), "{code:?}");
    let stopped = lines(&here.join("broken/metrics.jsonl"));
    assert!(
        here.join("broken/model/model_index.json").exists(),
        "an interrupted run saves its model"
    );

    let mut child = start(here, &[&long[..], &["--out", "broken", "--resume"]].concat());
    if stopped < 50 {
        wait_for_lines(&here.join("broken/metrics.jsonl"), stopped + 3);
    }
    child.kill().expect("it is ours");
    child.wait().expect("it ends");

    langevin(here, &["train", "broken", "--resume", "--quiet"]).ok();
    let (whole, broken) = (computed(&here.join("whole")), computed(&here.join("broken")));
    let newest = |files: &[(String, Vec<u8>)]| {
        let step = files
            .iter()
            .filter_map(|(name, _)| name.split('/').find(|part| part.starts_with("step-")))
            .max();
        step.map(ToOwned::to_owned)
    };
    assert_eq!(newest(&whole), newest(&broken));
    let last = newest(&whole).expect("a checkpoint");
    let finals = |files: Vec<(String, Vec<u8>)>| {
        files
            .into_iter()
            .filter(|(name, _)| name.starts_with("model/") || name.contains(&last))
            .collect::<Vec<_>>()
    };
    let (whole, broken) = (finals(whole), finals(broken));
    assert!(whole.iter().any(|(name, _)| name.ends_with(".safetensors")));
    for ((name, ours), (other, theirs)) in whole.iter().zip(&broken) {
        assert_eq!(name, other);
        assert!(ours == theirs, "{name} differs");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_and_ends_with_130() {
    let folder = workplace();
    let mut child =
        start(folder.path(), &["train", "tiny.toml", "--set", "run.steps=100000", "--out", "run"]);
    wait_for_lines(&folder.path().join("run/metrics.jsonl"), 5);
    signal(child.id(), "INT");
    let code = child.wait().expect("it ends").code();
    assert_eq!(code, Some(130));
    assert!(folder.path().join("run/report.html").exists());
    let info = langevin(folder.path(), &["info", "run", "--json"]).ok().json();
    assert!(info["step"].as_u64() >= Some(5));
}

#[test]
fn a_run_is_never_overwritten() {
    let folder = workplace();
    let before = contents(trained());
    langevin(folder.path(), &["train", "tiny.toml", "--out", text(trained())])
        .fails(1, &["--resume", "--out"]);
    langevin(folder.path(), &["train", "tiny.toml", "--out", "absent", "--resume"])
        .fails(1, &["absent"]);
    let changed =
        ["train", "tiny.toml", "--out", text(trained()), "--resume", "--set", "optimiser.lr=0.5"];
    langevin(folder.path(), &changed).fails(1, &["lr", "0.5"]);
    assert!(before == contents(trained()));
}

/// A file-size limit stands for a full disk: writing fails half-way through a checkpoint.
#[cfg(unix)]
#[test]
fn a_disk_that_fills_up_loses_no_checkpoint() {
    let folder = workplace();
    let here = folder.path();
    langevin(here, &["train", "tiny.toml", "--out", "run", "--quiet"]).ok();
    let before = contents(here);
    let binary = env!("CARGO_BIN_EXE_langevin");
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$0\" train tiny.toml --out run --resume --set run.steps=12 --quiet";
    let mut shell = std::process::Command::new("sh");
    shell.current_dir(here).args(["-c", script, binary]);
    let full = finish(&mut shell);
    full.fails(1, &["run"]);
    let after = contents(here);
    for (name, bytes) in before.iter().filter(|(name, _)| name.contains("step-00000008")) {
        assert_eq!(after.get(name), Some(bytes), "{name}");
    }
    langevin(
        here,
        &["train", "tiny.toml", "--out", "run", "--resume", "--set", "run.steps=12", "--quiet"],
    )
    .ok();
}

#[cfg(unix)]
fn signal(process: u32, name: &str) {
    let sent =
        std::process::Command::new("kill").args([format!("-{name}"), process.to_string()]).status();
    assert!(sent.expect("kill exists").success());
}

fn lines(path: &Path) -> usize {
    std::fs::read_to_string(path).map_or(0, |text| text.lines().count())
}

fn wait_for_lines(path: &Path, count: usize) {
    let begun = Instant::now();
    while lines(path) < count {
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "{} never had {count} lines",
            path.display()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn configurations_are_judged_by_key_and_value() {
    let folder = workplace();
    let cases: [(&[&str], &[&str]); 6] = [
        (&["train", "absent.toml"], &["absent.toml"]),
        (&["train", "tiny.toml", "--set", "optimiser.lrr=1"], &["optimiser.lrr", "optimiser.lr"]),
        (&["train", "tiny.toml", "--set", "run.batch=0"], &["run.batch", "0"]),
        (&["train", "tiny.toml", "--set", "data.size=1000000"], &["data.size", "1000000"]),
        (&["train", "tiny.toml", "--set", "model.preset=compakt"], &["compakt", "compact"]),
        (&["train", "tiny.toml", "--set", "data.source=absent"], &["absent"]),
    ];
    for (arguments, words) in cases {
        let finished = finish(&mut command(folder.path(), arguments));
        finished.fails(1, words);
    }
    langevin(folder.path(), &["train", "tiny.toml", "--set", "run.steps"])
        .fails(2, &["run.steps", "KEY=VALUE"]);
    std::fs::write(folder.path().join("broken.toml"), "[data\nsource = 3").expect("a file");
    langevin(folder.path(), &["train", "broken.toml"]).fails(1, &["broken.toml", "line 1"]);
    assert!(!folder.path().join("runs").exists());
}
