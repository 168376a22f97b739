//! `langevin quickstart`, with almost no training: what it leaves behind, and what it never overwrites.

use std::time::{Duration, Instant};

use langevin_data::picture::read_png_text;

use crate::files::{contents, refers_to_nothing_outside};
use crate::langevin::{langevin, start, workplace};

#[test]
fn it_leaves_a_model_pictures_a_verdict_and_a_report() {
    let folder = workplace();
    let run = folder.path().join("run");
    let finished =
        langevin(folder.path(), &["quickstart", "--minutes", "0.01", "--out", "run", "--json"])
            .ok();
    let json = finished.json();
    for key in ["class_accuracy", "frechet", "frechet_floor", "sliced_wasserstein"] {
        assert!(json["metrics"][key].is_number(), "{key}");
    }
    assert_eq!((&json["metrics"]["samples"], &json["folder"]), (&1000.into(), &"run".into()));
    assert!(
        json["seconds"]["train"].as_f64() > Some(0.0)
            && json["seconds"]["sample"].as_f64() > Some(0.0)
    );

    let files = contents(&run);
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&files["verdict.json"]).expect("JSON"),
        json
    );
    for name in [
        "config.toml",
        "metrics.jsonl",
        "model/unet/config.json",
        "samples/sheet.png",
        "samples/denoising.gif",
    ] {
        assert!(files.contains_key(name), "{name}");
    }
    for class in 0..10 {
        let name = format!("class-{class}/");
        assert_eq!(files.keys().filter(|path| path.contains(&name)).count(), 10);
    }
    let texts = read_png_text(&run.join("samples/class-3/00013.png")).expect("a PNG with texts");
    assert!(texts.contains(&("langevin:seed".to_owned(), "13".to_owned())), "{texts:?}");
    let report = String::from_utf8(files["report.html"].clone()).expect("UTF-8");
    for part in [
        "data:image/png;base64,",
        "data:image/gif;base64,",
        "<table",
        "prefers-color-scheme",
        "viewport",
    ] {
        assert!(report.contains(part), "{part}");
    }
    refers_to_nothing_outside(&report);

    let judged =
        langevin(folder.path(), &["eval", "run/samples", "--reference", "digits", "--json"])
            .ok()
            .json();
    assert_eq!(judged["metrics"]["samples"], 100);
}

#[cfg(unix)]
#[test]
fn a_second_run_goes_beside_the_first_and_can_be_stopped() {
    let folder = workplace();
    let here = folder.path();
    langevin(here, &["train", "tiny.toml", "--out", "run", "--quiet"]).ok();
    let before = contents(&here.join("run"));
    let child = start(here, &["quickstart", "--out", "run"]);
    let begun = Instant::now();
    while !here.join("run-2/run.json").exists() {
        assert!(begun.elapsed() < Duration::from_secs(120), "the second run never began");
        std::thread::sleep(Duration::from_millis(20));
    }
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.expect("kill exists").success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let (stdout, stderr) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(stdout.contains("langevin train run-2 --resume"), "{stdout}");
    assert!(stderr.contains("run-2"), "{stderr}");
    assert!(
        here.join("run-2/model/model_index.json").exists()
            && here.join("run-2/report.html").exists()
    );
    assert!(before == contents(&here.join("run")));
    let resume = ["train", "run-2", "--resume", "--set", "run.minutes=0.01", "--quiet"];
    langevin(here, &resume).ok();
}
