//! Pipelines of several networks: which folders are some, and what drawing from any of them has in common.

use std::path::Path;

use langevin_models::RngKind;
use langevin_nn::{CompactUNet2DConfig, UNet2DConfig};
use langevin_pipelines::{class_of, pipeline_classes};
use langevin_weights::TensorFile;
use langevin_weights::folder::{Component, ModelFolder, Pipeline};

use crate::args::sample::Sample;
use crate::draw::Drawn;
use crate::failure::{Failure, Hint};
use crate::gallery::Gallery;
use crate::settings::Way;
use crate::subject::Subject;
use crate::words::{counted, seconds};

/// Whether the network is one of those that Langevin trains.
pub(super) fn is_trainable(component: &Component) -> bool {
    let class = class_of(component);
    [UNet2DConfig::CLASS_NAME, CompactUNet2DConfig::CLASS_NAME].map(Some).contains(&class)
}

/// Whether a pipeline is more than one U-Net in pixels; of a damaged U-Net others say what is wrong.
pub(super) fn is_composed(pipeline: &Pipeline) -> bool {
    match pipeline.component("unet") {
        Ok(unet) => !is_trainable(&unet),
        Err(_) => pipeline.components().all(|(name, _)| name != "unet"),
    }
}

/// Refuses pipelines that nothing here runs, by name.
pub(super) fn refuse_others(subject: &Subject) -> Result<(), Failure> {
    let Ok(ModelFolder::Pipeline(pipeline)) = subject.open() else {
        return Ok(());
    };
    if !is_composed(&pipeline) {
        return Ok(());
    }
    let class = pipeline.index().class_name().unwrap_or("none");
    // Each family once: what it starts from makes no other pipeline.
    let mut families: Vec<String> = pipeline_classes()
        .map(|name| {
            let ends = ["Pipeline", "Img2Img", "Inpaint"];
            ends.iter().fold(name, |name, end| name.trim_end_matches(end)).to_owned() + "Pipeline"
        })
        .collect();
    families.dedup();
    Err(Failure::failed(format!(
        "the pipeline {class} is not run; those that are: {}, and pipelines of one U-Net in pixels",
        families.join(", ")
    ))
    .hint("`langevin info` lists what the folder holds"))
}

/// Refuses options that mean nothing to a pipeline whose scheduler makes the steps, those in `more` included.
pub(super) fn refuse_options(args: &Sample, more: &[(&str, bool)]) -> Result<(), Failure> {
    let solver = args.solver.as_deref().filter(|name| *name != Way::SCHEDULER);
    let given = [
        ("--solver", solver.is_some()),
        ("--grid", args.grid.is_some()),
        ("--guidance-interval", args.guidance_interval.is_some()),
        ("--guidance-project", args.guidance_project.is_some()),
        ("--clip", args.clip.is_some()),
        ("--batch", args.batch.is_some()),
    ];
    match given.iter().chain(more).find(|(_, given)| *given) {
        Some((option, _)) => {
            Err(Failure::usage(format!("{option} does not go with a pipeline of this kind"))
                .hint("its scheduler makes the steps, and pictures are drawn one after the other"))
        }
        None => Ok(()),
    }
}

/// How many pictures: as asked, as many as there are latents, or as usual.
pub(super) fn count(args: &Sample, latents: Option<usize>, usual: usize) -> Result<usize, Failure> {
    match (args.count, latents) {
        (Some(count), Some(latents)) if count != latents => {
            Err(Failure::usage(format!("--count is {count}, but the latents are {latents}"))
                .hint("leave --count away: there is one picture for each latent"))
        }
        (_, Some(latents)) => Ok(latents),
        (count, None) => Ok(count.unwrap_or(usual)),
    }
}

/// The tensor `latents` in place of drawn noise, and how many there are.
pub(super) fn latents(
    path: &Path,
    [c, h, w]: [usize; 3],
    size: f64,
) -> Result<(usize, Vec<f32>), Failure> {
    let file =
        TensorFile::open(path).hint("--latents is a safetensors file with a tensor `latents`")?;
    let shape = file.shape("latents")?;
    if !matches!(shape, &[n, channels, height, width] if n > 0 && [channels, height, width] == [c, h, w])
    {
        return Err(Failure::failed(format!(
            "the tensor `latents` has shape {shape:?}: expected [N, {c}, {h}, {w}]"
        )));
    }
    let count = shape[0];
    let mut values = file.f32("latents")?;
    if let Some(at) = values.iter().position(|x| !x.is_finite()) {
        return Err(Failure::failed(format!(
            "number {at} of the tensor `latents` is {}: expected a finite one",
            values[at]
        )));
    }
    values.iter_mut().for_each(|x| *x *= size as f32);
    Ok((count, values))
}

/// What was drawn, in words.
pub(super) fn told(args: &Sample, gallery: &Gallery, drawn: &Drawn, loaded: f64) -> String {
    let place = args.out.as_ref().unwrap_or(&gallery.sheet);
    let mut text = format!(
        "{} in {}, after {} of reading: {}",
        counted(drawn.samples.shape[0], "picture"),
        seconds(drawn.seconds),
        seconds(loaded),
        place.display()
    );
    for path in [&args.animate, &args.trajectory].into_iter().flatten() {
        text.push_str(&format!("\nwrote {}", path.display()));
    }
    text
}

/// The settings as a PNG records them, those in `more` included.
pub(super) fn record(
    args: &Sample,
    steps: usize,
    (guidance, rng): (f64, RngKind),
    more: &[(&str, String)],
) -> Vec<(String, String)> {
    let text = |key: &str, value: String| (format!("langevin:{key}"), value);
    let mut record = vec![
        ("Software".to_owned(), format!("langevin {}", env!("CARGO_PKG_VERSION"))),
        text("version", env!("CARGO_PKG_VERSION").to_owned()),
        text("model", args.model.display().to_string()),
        text("steps", steps.to_string()),
        text("solver", Way::SCHEDULER.to_owned()),
        text("guidance", guidance.to_string()),
        text("rng", rng.to_string()),
    ];
    record.extend(more.iter().map(|(key, value)| text(key, value.clone())));
    record
}
