//! `langevin sample FOLDER --prompt`: what is added to a model, and pictures while they are made.

use crate::langevin::{Finished, langevin, text, workplace};

fn golden(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden").join(name)
}

/// Draws a small picture of one of the recorded pipelines as `x.png`.
fn sample(folder: &std::path::Path, model: &str, more: &[&str]) -> Finished {
    let model = golden(model);
    let start = ["sample", text(&model), "--steps", "3", "--size", "16", "--prompt", "a"];
    langevin(folder, &[&start[..], &["--out", "x.png"], more].concat())
}

#[test]
fn additions_are_merged_recorded_and_refused() {
    let folder = workplace();
    let (model, files) = (golden("stable_diffusion/sd1"), golden("additions"));
    let sample = |more: &[&str]| -> Finished {
        let start = ["sample", text(&model), "--steps", "2", "--size", "16", "--prompt", "a <toy>"];
        langevin(folder.path(), &[&start[..], &["--out", "x.png"], more].concat())
    };
    let lora = files.join("peft/lora_0.safetensors");
    let half = format!("{}=0.5", text(&lora));
    let word = files.join("peft/word_0.safetensors");
    let json = sample(&["--lora", &half, "--embedding", text(&word), "--weighting", "--json"]);
    let json = json.ok().json();
    assert_eq!(json["settings"]["lora"][0], half.as_str());
    assert_eq!(json["settings"]["embedding"][0], text(&word));
    let picture = |more: &[&str]| {
        sample(more).ok();
        std::fs::read(folder.path().join("x.png")).expect("a picture")
    };
    assert_ne!(picture(&[]), picture(&["--lora", text(&lora)]));
    sample(&["--lora", text(&word)]).fails(1, &["no LoRA", "<toy>"]);
    sample(&["--lora", "nowhere.safetensors"]).fails(1, &["nowhere.safetensors"]);
    sample(&["--lora", "a.safetensors=inf"]).fails(2, &["inf"]);
    sample(&["--embedding", text(&lora)]).fails(1, &["textual inversion"]);
    let digits = text(crate::langevin::trained());
    langevin(folder.path(), &["sample", digits, "--lora", text(&lora)]).fails(2, &["--lora"]);
}

#[test]
fn previews_and_animations_of_prompts() {
    let folder = workplace();
    let sample = |model: &str, more: &[&str]| sample(folder.path(), model, more);
    let shown = ["--preview", "now/p.png", "--animate", "now/a.gif", "--count", "2"];
    sample("stable_diffusion/sd1", &shown).ok();
    for (name, begin) in [("now/p.png", b"\x89PNG".as_slice()), ("now/a.gif", b"GIF89a")] {
        let bytes = std::fs::read(folder.path().join(name)).expect("a file");
        assert!(bytes.starts_with(begin), "{name}");
    }
    let tiny = golden("autoencoder_tiny");
    sample("stable_diffusion/sd1", &["--preview-vae", text(&tiny)]).fails(2, &["--preview"]);
    sample("flow_pipelines/sd3", &["--preview", "p.png"]).fails(2, &["--preview-vae"]);
    sample("flow_pipelines/sd3", &["--weighting"]).fails(2, &["T5"]);
}

#[test]
fn prompts_are_guided_with_rescaling() {
    let folder = workplace();
    let sample =
        |model: &str, more: &[&str]| sample(folder.path(), model, &[&["--json"], more].concat());
    let mut pictures = Vec::new();
    for share in ["0", "0.7"] {
        let json = sample("stable_diffusion/sd1", &["--guidance-rescale", share]).ok().json();
        assert_eq!(json["settings"]["guidance_rescale"].to_string().parse(), share.parse::<f64>());
        pictures.push(std::fs::read(folder.path().join("x.png")).expect("a picture"));
    }
    assert_ne!(pictures[0], pictures[1]);
    sample("flow_pipelines/flux_dev", &["--guidance-rescale", "0.7"]).fails(2, &["Flux"]);
    sample("stable_diffusion/sd1", &["--guidance-project", "0"]).fails(2, &["--guidance-project"]);
    sample("stable_diffusion/sd1", &["--clip"]).fails(2, &["--clip"]);
}
