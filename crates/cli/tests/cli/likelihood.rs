//! `langevin likelihood`: both methods, classes, and pictures that do not fit.

use crate::langevin::{langevin, text, trained, workplace};

fn json(more: &[&str]) -> serde_json::Value {
    let folder = workplace();
    let start = ["likelihood", text(trained()), "--data", "digits:test", "--json", "--quiet"];
    langevin(folder.path(), &[&start[..], more].concat()).ok().json()
}

fn bits(json: &serde_json::Value) -> f64 {
    json["bits_per_dimension"].as_f64().expect("a number")
}

#[test]
fn both_methods_tell_bits_of_each_picture() {
    for more in [
        &["--count", "5", "--draws", "8"][..],
        &["--count", "2", "--method", "flow", "--steps", "2"],
    ] {
        let json = json(more);
        let each: Vec<f64> = json["per_picture"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(serde_json::Value::as_f64)
            .collect();
        let mean = each.iter().sum::<f64>() / each.len() as f64;
        assert_eq!(each.len() as u64, json["count"].as_u64().expect("a number"));
        assert!((mean - bits(&json)).abs() < 1e-9 && mean > 0.0, "{json}");
        assert!(json["standard_error"].as_f64() > Some(0.0), "{json}");
        assert_eq!(json["conditional"], true);
    }
}

#[test]
fn the_number_does_not_depend_on_threads() {
    let count = ["--count", "5", "--draws", "4"];
    let one = json(&[&count[..], &["--threads", "1"]].concat());
    let two = json(&[&count[..], &["--threads", "2"]].concat());
    assert_eq!(one["per_picture"], two["per_picture"]);
    let unconditional = json(&[&count[..], &["--unconditional"]].concat());
    assert_eq!(unconditional["conditional"], false);
    assert_ne!(one["per_picture"], unconditional["per_picture"]);
}

#[test]
fn what_cannot_be_asked_is_said() {
    let folder = workplace();
    let model = text(trained());
    let refused = |more: &[&str], code: i32, words: &[&str]| {
        langevin(folder.path(), &[&["likelihood", model], more].concat()).fails(code, words);
    };
    refused(&["--data", "digits:test", "--count", "100000"], 2, &["--count is 100000"]);
    refused(&["--data", "nowhere"], 1, &["nowhere"]);
    refused(&["--data", "digits", "--method", "guess"], 2, &["guess"]);
    refused(&["--data", "digits", "--draws", "0"], 2, &["--draws"]);
    refused(&[], 2, &["--data"]);
}
