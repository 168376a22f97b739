//! `langevin info` and `langevin devices`.

use crate::langevin::{langevin, text, trained, workplace};

#[test]
fn info_tells_what_a_model_is() {
    let folder = workplace();
    let run = trained();
    let whole = langevin(folder.path(), &["info", text(run), "--json"]).ok().json();
    assert_eq!(whole["network"], "LangevinCompactUNet2D");
    assert_eq!(whole["input"]["size"], serde_json::json!([28, 28]));
    assert_eq!(whole["classes"].as_array().map(Vec::len), Some(10));
    assert_eq!((&whole["step"], &whole["seed"]), (&8.into(), &0.into()));
    let parameters = whole["parameters"].as_u64().expect("a number");
    let blocks = whole["blocks"].as_array().expect("a list");
    assert_eq!(
        blocks.iter().filter_map(|block| block["parameters"].as_u64()).sum::<u64>(),
        parameters
    );

    let component =
        langevin(folder.path(), &["info", text(&run.join("model/unet")), "--json"]).ok().json();
    assert_eq!(component["parameters"], parameters);
    assert!(component.get("schedule").is_none());
    let text_form = langevin(folder.path(), &["info", text(run)]).ok().stdout;
    assert!(text_form.contains("diffusion_pytorch_model.safetensors"), "{text_form}");
}

#[test]
fn devices_tell_threads_as_asked() {
    let folder = workplace();
    let json = langevin(folder.path(), &["devices", "--threads", "3", "--json"]).ok().json();
    assert_eq!(json["devices"][0]["threads"], 3);
    assert_eq!(json["backends"], serde_json::json!(["cpu"]));
}
