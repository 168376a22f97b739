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

/// Folders of Stable Diffusion: what they hold is listed, what is not run is named.
#[test]
fn pipelines_of_several_networks_are_listed_and_run() {
    let folder = workplace();
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/golden/stable_diffusion/sd1");
    let json = langevin(folder.path(), &["info", text(&golden), "--json"]).ok().json();
    assert_eq!(json["pipeline"], "StableDiffusionPipeline");
    assert_eq!(json["components"]["unet"]["class"], "UNet2DConditionModel");
    assert!(json["components"]["vae"]["parameters"].as_u64() > Some(0), "{json}");
    let unet = golden.join("unet");
    let json = langevin(folder.path(), &["info", text(&unet), "--json"]).ok().json();
    assert_eq!(json["network"], "UNet2DConditionModel");

    let sample = |more: &[&str]| {
        let start = ["sample", text(&golden), "--steps", "2", "--size", "16", "--out", "x.png"];
        langevin(folder.path(), &[&start[..], more].concat())
    };
    let json = sample(&["--prompt", "a fox", "--prompt", "the sea", "--json"]).ok().json();
    assert_eq!(json["count"], 2);
    assert!(folder.path().join("x.png").is_file());
    sample(&[]).fails(2, &["needs a prompt"]);
    sample(&["--prompt", "a", "--class", "3"]).fails(2, &["--class"]);
    sample(&["--prompt", "a", "--size", "17"]).fails(2, &["17 × 17"]);
    sample(&["--prompts", "nowhere.txt"]).fails(1, &["nowhere.txt"]);

    let other = folder.path().join("other");
    std::fs::create_dir(&other).expect("a folder");
    let index = r#"{"_class_name": "CogVideoXPipeline", "transformer": ["diffusers", "CogVideoXTransformer3DModel"]}"#;
    std::fs::write(other.join("model_index.json"), index).expect("written");
    langevin(folder.path(), &["sample", text(&other), "--prompt", "a"])
        .fails(1, &["CogVideoXPipeline", "StableDiffusionXLPipeline"]);
    langevin(folder.path(), &["sample", text(crate::langevin::trained()), "--prompt", "a"])
        .fails(2, &["--prompt"]);
}
