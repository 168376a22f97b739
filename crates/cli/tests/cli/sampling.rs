//! `langevin sample`: determinism, files, settings in PNGs, trajectories, latents.

use std::path::Path;

use langevin_data::Picture;
use langevin_data::picture::read_png_text;
use langevin_weights::{TensorFile, write};

use crate::files::contents;
use crate::langevin::{langevin, text, trained, workplace};

fn sample(folder: &Path, out: &str, more: &[&str]) {
    let model = text(trained());
    langevin(folder, &[&["sample", model, "--out", out, "--steps", "3", "--quiet"], more].concat())
        .ok();
}

#[test]
fn pictures_do_not_depend_on_batches_or_threads() {
    let folder = workplace();
    for eta in ["0", "1"] {
        let settings = ["--count", "9", "--eta", eta, "--guidance", "2", "--seed", "5"];
        let mut first = None;
        for (batch, threads) in [("9", "2"), ("1", "2"), ("3", "1"), ("7", "2")] {
            let out = format!("eta{eta}-{batch}-{threads}");
            sample(
                folder.path(),
                &out,
                &[&settings[..], &["--batch", batch, "--threads", threads]].concat(),
            );
            let files = contents(&folder.path().join(&out));
            assert_eq!(files.len(), 10);
            assert!(
                *first.get_or_insert_with(|| files.clone()) == files,
                "batch {batch}, threads {threads}, eta {eta}"
            );
        }
    }
}

#[test]
fn picture_i_has_seed_plus_i() {
    let folder = workplace();
    sample(folder.path(), "all", &["--class", "3", "--count", "4", "--seed", "10"]);
    sample(folder.path(), "third", &["--class", "3", "--count", "1", "--seed", "12"]);
    let picture = |path: &str| Picture::open(&folder.path().join(path)).expect("a picture");
    assert_eq!(picture("all/00002.png"), picture("third/00000.png"));
    assert_ne!(picture("all/00001.png"), picture("third/00000.png"));
}

#[test]
fn classes_are_taken_in_turn_and_recorded() {
    let folder = workplace();
    sample(
        folder.path(),
        "drawn",
        &["--class", "7", "--class", "0-1", "--count", "5", "--seed", "3", "--eta", "0.5"],
    );
    let texts = |i: usize| {
        let path = folder.path().join(format!("drawn/{i:05}.png"));
        read_png_text(&path)
            .expect("a PNG with texts")
            .into_iter()
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    let classes: Vec<String> = (0..5).map(|i| texts(i)["langevin:class"].clone()).collect();
    assert_eq!(classes, ["7", "0", "1", "7", "0"]);
    let third = texts(2);
    for (key, value) in
        [("seed", "5"), ("steps", "3"), ("eta", "0.5"), ("solver", "euler"), ("grid", "uniform")]
    {
        assert_eq!(third[&format!("langevin:{key}")], value);
    }
    assert_eq!(third["langevin:version"], env!("CARGO_PKG_VERSION"));
    assert!(third.contains_key("langevin:guidance") && third.contains_key("langevin:model"));
}

#[test]
fn a_png_path_holds_the_sheet_and_a_gif_moves() {
    let folder = workplace();
    sample(folder.path(), "deep/sheet.png", &["--count", "4", "--animate", "deep/film.gif"]);
    let names: Vec<String> = contents(&folder.path().join("deep")).into_keys().collect();
    assert_eq!(names, ["film.gif", "sheet.png"]);
    let sheet = Picture::open(&folder.path().join("deep/sheet.png")).expect("a picture");
    assert_eq!((sheet.width(), sheet.height()), (62, 62));
    let film = std::fs::read(folder.path().join("deep/film.gif")).expect("a file");
    assert!(film.starts_with(b"GIF89a"));
}

#[test]
fn without_a_place_a_free_one_is_found() {
    let folder = workplace();
    let model = text(trained());
    for expected in ["samples", "samples-2"] {
        let json =
            langevin(folder.path(), &["sample", model, "--steps", "2", "--count", "2", "--json"])
                .ok()
                .json();
        assert_eq!(json["folder"], expected);
        assert!(folder.path().join(expected).join("00001.png").exists());
    }
}

#[test]
fn trajectories_begin_with_the_latents_and_end_with_the_sample() {
    let folder = workplace();
    let here = folder.path();
    sample(here, "a", &["--count", "3", "--batch", "2", "--trajectory", "a.safetensors"]);
    let file = TensorFile::open(here.join("a.safetensors")).expect("a safetensors file");
    assert_eq!(file.shape("trajectory").expect("it is there"), [4, 3, 1, 28, 28]);
    assert_eq!(file.shape("sample").expect("it is there"), [3, 1, 28, 28]);
    let (states, end) =
        (file.f32("trajectory").expect("values"), file.f32("sample").expect("values"));
    let size = end.len();
    assert_eq!(states[3 * size..], end);

    let latents = ("latents".to_owned(), vec![3, 1, 28, 28], states[..size].to_vec());
    write(here.join("latents.safetensors"), &[latents], &Default::default()).expect("a file");
    sample(here, "b", &["--latents", "latents.safetensors", "--trajectory", "b.safetensors"]);
    let again = TensorFile::open(here.join("b.safetensors")).expect("a safetensors file");
    assert_eq!(again.f32("trajectory").expect("values"), states);
}

#[test]
fn pytorch_s_generator_draws_pytorch_s_numbers() {
    let folder = workplace();
    sample(
        folder.path(),
        "t",
        &["--count", "1", "--rng", "torch", "--trajectory", "t.safetensors"],
    );
    let file = TensorFile::open(folder.path().join("t.safetensors")).expect("a safetensors file");
    let states = file.f32("trajectory").expect("values");
    // torch.manual_seed(0); torch.randn(1, 1, 28, 28)
    for (ours, theirs) in states.iter().zip([-1.1258_f32, -1.1524, -0.2506, -0.4339]) {
        assert!((ours - theirs).abs() < 1e-4, "{ours} {theirs}");
    }
}

#[test]
fn latents_that_do_not_fit_are_named() {
    let folder = workplace();
    let here = folder.path();
    let model = text(trained());
    let store = |name: &str, tensor: &str, shape: Vec<usize>, value: f32| {
        let values = vec![value; shape.iter().product()];
        write(here.join(name), &[(tensor.to_owned(), shape, values)], &Default::default())
            .expect("a file");
    };
    store("name.safetensors", "latent", vec![2, 1, 28, 28], 0.0);
    store("shape.safetensors", "latents", vec![2, 1, 28, 27], 0.0);
    store("nan.safetensors", "latents", vec![1, 1, 28, 28], f32::NAN);
    store("good.safetensors", "latents", vec![2, 1, 28, 28], 0.0);
    std::fs::write(
        here.join("cut.safetensors"),
        &std::fs::read(here.join("good.safetensors")).expect("it")[..100],
    )
    .expect("a file");
    let run = |latents: &str, more: &[&str]| {
        langevin(here, &[&["sample", model, "--out", "x", "--latents", latents], more].concat())
    };
    run("absent.safetensors", &[]).fails(1, &["absent.safetensors"]);
    run("name.safetensors", &[]).fails(1, &["latents", "latent"]);
    run("shape.safetensors", &[]).fails(1, &["latents", "28, 27"]);
    run("nan.safetensors", &[]).fails(1, &["latents", "NaN"]);
    run("cut.safetensors", &[]).fails(1, &["cut.safetensors"]);
    run("good.safetensors", &["--count", "3"]).fails(2, &["3", "2"]);
}

/// The folder's own scheduler, on request in a folder of ours and by default in any other.
#[test]
fn the_folders_scheduler_makes_its_own_steps() {
    let folder = workplace();
    let states = |out: &str, model: &str, more: &[&str]| {
        let start = ["sample", model, "--out", "x.png", "--count", "2", "--trajectory", out];
        let json = langevin(folder.path(), &[&start[..], more, &["--json"]].concat()).ok().json();
        let file = TensorFile::open(folder.path().join(out)).expect("a trajectory");
        (json, file.shape("trajectory").expect("a shape").to_vec())
    };
    let model = trained();
    let (json, shape) =
        states("a.safetensors", text(model), &["--solver", "scheduler", "--steps", "4"]);
    assert_eq!(json["settings"]["solver"], "scheduler");
    assert_eq!(shape, [5, 2, 1, 28, 28]);
    // Without the file that only Langevin writes, it is anybody's folder.
    let foreign = folder.path().join("foreign");
    copy(&model.join("model"), &foreign);
    std::fs::remove_file(foreign.join("langevin.json")).expect("removed");
    let heun = r#"{"_class_name": "HeunDiscreteScheduler", "num_train_timesteps": 1000}"#;
    std::fs::write(foreign.join("scheduler/scheduler_config.json"), heun).expect("written");
    let (json, shape) = states("b.safetensors", text(&foreign), &["--steps", "4"]);
    assert_eq!(json["settings"]["solver"], "scheduler");
    assert_eq!(shape, [8, 2, 1, 28, 28]);
    let (json, _) = states("c.safetensors", text(&foreign), &["--steps", "4", "--grid", "karras"]);
    assert_eq!(json["settings"]["solver"], "euler");
    let refused = |more: &[&str], words: &[&str]| {
        let start = ["sample", text(&foreign), "--steps", "4"];
        langevin(folder.path(), &[&start[..], more].concat()).fails(2, words);
    };
    refused(&["--solver", "scheduler", "--grid", "karras"], &["--grid karras"]);
    refused(&["--solver", "schedule"], &["did you mean scheduler"]);
    refused(&["--mode", "mended"], &["mended"]);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let goal = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &goal);
        } else {
            std::fs::copy(&path, &goal).expect("copied");
        }
    }
}

/// The states of one picture, flattened, and what its PNG records.
fn strong(folder: &Path, out: &str, more: &[&str]) -> (Vec<f32>, Vec<(String, String)>) {
    let states = format!("{out}.safetensors");
    let start = ["--class", "3", "--guidance", "6", "--trajectory", &states];
    sample(folder, out, &[&start[..], more].concat());
    let file = TensorFile::open(folder.join(&states)).expect("a safetensors file");
    let png = folder.join(out).join("00000.png");
    (file.f32("sample").expect("values"), read_png_text(&png).expect("settings"))
}

#[test]
fn strong_guidance_is_tamed_and_recorded() {
    let folder = workplace();
    let (plain, settings) = strong(folder.path(), "plain", &[]);
    assert!(!settings.iter().any(|(key, _)| key.contains("rescale") || key.contains("clip")));
    let cases = [
        ("rescale", "--guidance-rescale=0.7", "0.7"),
        ("project", "--guidance-project=0", "0"),
        ("clip", "--clip", "clip"),
        ("clip", "--clip=0.9", "0.9"),
    ];
    for (i, (key, option, value)) in cases.into_iter().enumerate() {
        let (end, settings) = strong(folder.path(), &format!("{key}{i}"), &[option]);
        assert_ne!(end, plain, "{option}");
        let found = settings.iter().find(|(name, _)| name.contains(key)).expect(option);
        assert_eq!(found.1, value, "{option}");
        if key == "clip" {
            // The last step ends at the estimate, which is within the bounds.
            assert!(end.iter().all(|x| x.abs() <= 1.0 + 1e-6), "{option}");
        }
    }
    // Shares that change nothing.
    for option in ["--guidance-rescale=0", "--guidance-project=1"] {
        let (end, _) = strong(folder.path(), &option[2..], &[option]);
        let furthest = end.iter().zip(&plain).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(furthest < 1e-4, "{option}: {furthest}");
    }
}
