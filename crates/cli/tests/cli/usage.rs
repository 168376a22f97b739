//! Help, wrong usage, and what `--json` promises.

use std::path::Path;

use crate::langevin::{langevin, text, trained, workplace};

const VERBS: [&str; 9] =
    ["quickstart", "train", "sample", "eval", "verify", "bench", "info", "devices", "completions"];

#[test]
fn every_verb_explains_itself_with_an_example() {
    let folder = workplace();
    let all = langevin(folder.path(), &["--help"]).ok();
    for verb in VERBS {
        assert!(all.stdout.contains(verb), "{verb}");
        let help = langevin(folder.path(), &[verb, "--help"]).ok();
        assert!(help.stdout.contains(&format!("langevin {verb}")), "{}", help.stdout);
        for option in ["--seed", "--device", "--threads", "--json", "--quiet"] {
            assert!(help.stdout.contains(option), "{verb} {option}");
        }
        assert_eq!(help.stderr, "");
    }
}

#[test]
fn wrong_usage_ends_with_2_and_a_suggestion() {
    let folder = workplace();
    let cases: [(&[&str], &[&str]); 8] = [
        (&["smaple"], &["smaple", "sample"]),
        (&["likelihood"], &["likelihood"]),
        (&["sample", "m", "--stpes", "3"], &["--stpes", "--steps"]),
        (&["sample"], &["MODEL"]),
        (&["devices", "--device", "gpu"], &["gpu", "cpu"]),
        (&["devices", "--threads", "0"], &["--threads", "0"]),
        (&["completions", "bsh"], &["bsh", "bash"]),
        (&["quickstart", "--minutes", "-1"], &["-1", "minutes"]),
    ];
    for (arguments, words) in cases {
        langevin(folder.path(), arguments).fails(2, words);
    }
    let bare = langevin(folder.path(), &[]);
    assert_eq!((bare.code, bare.stdout.as_str()), (Some(2), ""));
    assert!(bare.stderr.contains("quickstart"));
}

#[test]
fn values_that_cannot_be_right_end_with_2() {
    let model = text(trained());
    let folder = workplace();
    let cases: [(&[&str], &[&str]); 18] = [
        (&["--class", "10"], &["class 10", "0 to 9"]),
        (&["--class", "0-4000000000"], &["4000000000"]),
        (&["--class", "4-2"], &["4-2"]),
        (&["--class", "three"], &["three"]),
        (&["--steps", "0"], &["'0'", "--steps"]),
        (&["--steps", "-3"], &["-3", "--steps"]),
        (&["--count", "0"], &["'0'", "--count"]),
        (&["--count", "99999999999"], &["99999999999", "--count"]),
        (&["--solver", "eulr"], &["eulr", "euler"]),
        (&["--grid", "kars"], &["kars", "karras"]),
        (&["--eta", "1.5"], &["1.5", "0 to 1"]),
        (&["--eta", "-0.1"], &["-0.1", "0 to 1"]),
        (&["--guidance", "nan"], &["nan", "finite"]),
        (&["--guidance-rescale", "1.1"], &["1.1", "0 to 1"]),
        (&["--guidance-project", "-1"], &["-1", "0 to 1"]),
        (&["--guidance-project", "0", "--guidance-rescale", "0"], &["cannot be used with"]),
        (&["--clip=much"], &["much", "--clip"]),
        (&["--rng", "dice"], &["dice", "philox", "torch"]),
    ];
    for (arguments, words) in cases {
        let all = [&["sample", model, "--out", "drawn"], arguments].concat();
        langevin(folder.path(), &all).fails(2, words);
    }
    assert!(
        !folder.path().join("drawn").exists(),
        "nothing is made before the arguments are known to be right"
    );
}

#[test]
fn json_is_exactly_one_document() {
    let folder = workplace();
    let devices = langevin(folder.path(), &["devices", "--json"]).ok().json();
    assert_eq!(devices["default"], "cpu");
    assert!(devices["devices"][0]["cores"].as_u64() > Some(0));
    let info = langevin(folder.path(), &["info", text(trained()), "--json"]).ok().json();
    assert_eq!((&info["step"], &info["input"]["channels"]), (&8.into(), &1.into()));
    let script = langevin(folder.path(), &["completions", "bash", "--json"]).ok().json();
    assert_eq!(script["shell"], "bash");
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = langevin(Path::new("."), &["completions", shell]).ok().stdout;
        assert!(script.contains("quickstart") && script.contains("animate"), "{shell}");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_closes_the_pipe_is_no_error() {
    use std::process::{Command, Stdio};
    let binary = env!("CARGO_BIN_EXE_langevin");
    let script = format!("'{binary}' completions bash; echo $? >&2");
    let mut shell = Command::new("sh")
        .args(["-c", &script])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell");
    drop(shell.stdout.take());
    let output = shell.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "0\n");
}
