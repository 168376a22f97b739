//! `langevin eval`: models and folders of pictures against real ones.

use std::path::Path;

use langevin_data::digits;
use langevin_data::picture::write_png;

use crate::langevin::{langevin, text, trained, workplace};

/// Writes real test digits into `class-K` folders; `shift` makes the folders lie.
fn digits_in(folder: &Path, count: usize, shift: u32) {
    let test = digits::test();
    let labels = test.labels().expect("digits have labels");
    for (i, label) in labels.iter().enumerate().take(count) {
        let class = folder.join(format!("class-{}", (label + shift) % 10));
        std::fs::create_dir_all(&class).expect("a folder");
        write_png(&class.join(format!("{i:05}.png")), &test.picture(i), &[]).expect("a picture");
    }
}

#[test]
fn real_digits_are_judged_well_and_lies_are_seen() {
    let folder = workplace();
    digits_in(&folder.path().join("real"), 120, 0);
    digits_in(&folder.path().join("lies"), 120, 1);
    let accuracy = |name: &str| {
        let json =
            langevin(folder.path(), &["eval", name, "--reference", "digits", "--json"]).ok().json();
        assert_eq!(json["folder"], name);
        for key in ["frechet", "frechet_floor", "sliced_wasserstein", "sliced_wasserstein_floor"] {
            assert!(json["metrics"][key].is_number(), "{key}");
        }
        json["metrics"]["class_accuracy"].as_f64().expect("a number")
    };
    assert!(accuracy("real") > 0.9);
    assert!(accuracy("lies") < 0.2);
}

#[test]
fn a_model_is_drawn_from_and_judged() {
    let folder = workplace();
    let arguments = [
        "eval",
        text(trained()),
        "--reference",
        "digits",
        "--count",
        "20",
        "--steps",
        "2",
        "--json",
    ];
    let json = langevin(folder.path(), &arguments).ok().json();
    assert_eq!(json["metrics"]["samples"], 20);
    assert!(json["metrics"]["class_accuracy"].is_number());
    assert!(
        json["seconds"]["sample"].as_f64() > Some(0.0)
            && json["seconds"]["train"].as_f64() > Some(0.0)
    );
}

#[test]
fn drawn_pictures_are_judged_like_the_model_they_came_from() {
    let folder = workplace();
    let model = text(trained());
    langevin(folder.path(), &["sample", model, "--count", "20", "--steps", "2", "--out", "drawn"])
        .ok();
    let metrics = |arguments: &[&str]| {
        let json = langevin(
            folder.path(),
            &[&["eval", "--reference", "digits", "--json"], arguments].concat(),
        );
        json.ok().json()["metrics"].clone()
    };
    assert_eq!(metrics(&["drawn"]), metrics(&[model, "--count", "20", "--steps", "2"]));
}

#[test]
fn only_the_metrics_asked_for_are_told() {
    let folder = workplace();
    digits_in(&folder.path().join("real"), 30, 0);
    let chosen = ["eval", "real", "--reference", "digits", "--metrics", "class_accuracy", "--json"];
    let json = langevin(folder.path(), &chosen).ok().json();
    assert!(json["metrics"]["class_accuracy"].is_number());
    assert!(
        json["metrics"].get("frechet").is_none() && json["metrics"].get("near_copies").is_none()
    );
    langevin(folder.path(), &["eval", "real", "--reference", "digits", "--metrics", "fid"])
        .fails(2, &["fid", "frechet"]);
}

#[test]
fn other_pictures_are_judged_against_a_folder() {
    let folder = workplace();
    digits_in(&folder.path().join("a"), 40, 0);
    digits_in(&folder.path().join("b"), 60, 0);
    let json = langevin(folder.path(), &["eval", "a", "--reference", "b", "--json"]).ok().json();
    assert_eq!(json["metrics"]["reference_images"], 60);
    assert!(json["metrics"]["sliced_wasserstein"].is_number());
}
