//! `langevin bench`: wrong usage, the worker's protocol, the form of the results, peers that are not there, Ctrl-C.

use std::io::Write;
use std::process::Stdio;

use crate::langevin::{command, langevin, workplace};

#[test]
fn wrong_arguments_end_with_2() {
    let folder = workplace();
    let cases: [(&[&str], &[&str]); 8] = [
        (&["training"], &["training", "train"]),
        (&["--pairs", "0"], &["--pairs", "0"]),
        (&["--peer", "--pairs", "3"], &["--pairs 3", "at least 5"]),
        (&["--compile"], &["--peer"]),
        (&["--python", "python3"], &["--peer"]),
        (&["--only", "conv9x9"], &["--only conv9x9", "train-step/compact", "op/matmul-1024-fwd"]),
        (&["train", "--only", "conv3x3"], &["--only conv3x3", "train-step/ddpm-cifar"]),
        (&["sample", "--only", "tain"], &["ddim50/compact"]),
    ];
    for (arguments, words) in cases {
        langevin(folder.path(), &[&["bench"], arguments].concat()).fails(2, words);
    }
}

#[test]
fn a_worker_answers_line_by_line() {
    let folder = workplace();
    let mut worker = command(folder.path(), &["--threads", "1", "bench", "--worker", ROW]);
    let mut child = worker
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the process starts");
    child.stdin.take().expect("piped").write_all(b"run 1\nrun 2\nend\n").expect("it listens");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let lines: Vec<&str> = text.lines().collect();
    let [ready, first, second, peak] = lines.as_slice() else { panic!("{text}") };
    assert!(ready.starts_with("ready {"), "{ready}");
    assert!([first, second].iter().all(|ms| ms.parse::<f64>().expect("a number") > 0.0), "{text}");
    assert!(*peak == "unknown" || peak.parse::<f64>().expect("a number") > 1.0, "{peak}");
}

const ROW: &str = "op/groupnorm-silu-16x128x32-fwd";

#[test]
fn results_have_the_form_that_others_read() {
    let folder = workplace();
    let bench = ["bench", "ops", "--only", "silu", "--pairs", "2", "--threads", "1", "--quiet"];
    let arguments = [&bench[..], &["--json", "--out", "pages/bench.md"]].concat();
    let json = langevin(folder.path(), &arguments).ok().json();
    assert!(json["machine"].is_string() && json["matmul_gflops"]["ours"].as_f64() > Some(0.0));
    assert_eq!((&json["threads"], &json["pairs"]), (&1.into(), &2.into()));
    let rows = json["rows"].as_array().expect("a list");
    let names: Vec<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(names, [ROW, "op/groupnorm-silu-16x128x32-bwd"]);
    for row in rows {
        let runs = row["ours_runs_ms"].as_array().expect("a list");
        let runs: Vec<f64> = runs.iter().filter_map(serde_json::Value::as_f64).collect();
        let ours = row["ours_ms"].as_f64().expect("a number");
        assert!((ours - (runs[0] + runs[1]) / 2.0).abs() < 2e-3, "{row}");
        for peer in ["peer_ms", "ratio", "peer_mib", "pair_ratios", "peer_compiled_ms"] {
            assert!(row[peer].is_null(), "{peer}: {row}");
        }
        assert!(cfg!(not(target_os = "linux")) || row["ours_mib"].as_f64() > Some(1.0));
    }
    let page = std::fs::read_to_string(folder.path().join("pages/bench.md")).expect("a page");
    assert!(
        page.contains(&format!("| {ROW} |")) && page.contains("`langevin bench ops --only silu")
    );
}

#[test]
fn peers_that_are_not_there_are_named_with_what_to_do() {
    let folder = workplace();
    let bench = ["bench", "ops", "--only", "silu", "--peer", "--quiet", "--python"];
    let absent = langevin(folder.path(), &[&bench[..], &["no-such-python"]].concat());
    absent.fails(1, &["no-such-python", "--python PATH", "pip install torch diffusers"]);
    assert!(!absent.stderr.contains("os error"), "{absent:?}");
}

/// Shell scripts in the place of Python: one that lacks a module, and one that is half as fast each time it is asked.
#[cfg(unix)]
#[test]
fn a_peer_takes_turns_and_says_what_it_lacks() {
    use std::os::unix::fs::PermissionsExt;
    let folder = workplace();
    let script = |name: &str, lines: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).expect("a file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("ours");
        path.display().to_string()
    };
    let bench = ["bench", "ops", "--only", "silu-16x128x32-fwd", "--peer", "--json", "--quiet"];
    let with =
        |python: &str| langevin(folder.path(), &[&bench[..], &["--python", python]].concat());

    with(&script("lacking", "echo missing torch")).fails(1, &["torch", "pip install"]);

    let answers = r#"echo 'ready {"torch":"9.9","python":"3.99"}'
ms=500; while read word count; do
    case $word in run) ms=$((ms * 2)); echo $ms;; end) echo 77; exit;; esac
done"#;
    let json = with(&script("slowing", answers)).ok().json();
    assert_eq!((&json["versions"]["torch"], &json["pairs"]), (&"9.9".into(), &5.into()));
    let row = &json["rows"][0];
    // Two runs warm up; the third to the seventh count.
    let expected = [4000.0, 8000.0, 16_000.0, 32_000.0, 64_000.0].map(serde_json::Value::from);
    assert_eq!(row["peer_runs_ms"], serde_json::Value::from(expected.to_vec()));
    assert_eq!((row["peer_ms"].as_f64(), row["peer_mib"].as_f64()), (Some(16_000.0), Some(77.0)));
    let [ours, ratio] = ["ours_ms", "ratio"].map(|key| row[key].as_f64().expect("a number"));
    assert!((ratio * ours / 16_000.0 - 1.0).abs() < 1e-12, "{row}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_workers_and_ends_with_130() {
    use std::os::unix::fs::PermissionsExt;
    let folder = workplace();
    let python = folder.path().join("sleeping");
    let lines = "#!/bin/sh\necho $$ > process\nexec sleep 600\n";
    std::fs::write(&python, lines).expect("a file");
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).expect("ours");
    let python = python.display().to_string();
    let bench = ["bench", "ops", "--only", "silu", "--peer", "--quiet", "--python", &python];
    let child = crate::langevin::start(folder.path(), &bench);
    let process = folder.path().join("process");
    let peer = loop {
        match std::fs::read_to_string(&process) {
            Ok(text) if text.ends_with('\n') => break text.trim().to_owned(),
            _ => std::thread::sleep(std::time::Duration::from_millis(5)),
        }
    };
    let kill = |arguments: [&str; 2]| {
        let mut kill = std::process::Command::new("kill");
        kill.args(arguments).stderr(Stdio::null()).status().expect("kill exists").success()
    };
    assert!(kill(["-INT", &child.id().to_string()]));
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert!(!kill(["-0", &peer]), "the peer's process still runs");
}
