//! `langevin sample FOLDER --prompt TEXT`: pictures from prompts.

use std::path::Path;
use std::time::Instant;

use langevin_models::RngKind;
use langevin_nn::{CompactUNet2DConfig, UNet2DConfig};
use langevin_pipelines::{
    self as pipelines, class_of, draws_from_text, pipeline_classes, text_to_image,
};
use langevin_schedulers::Request;
use langevin_weights::TensorFile;
use langevin_weights::folder::{Component, ModelFolder, Pipeline};
use serde_json::json;

use super::one_by_one::one_by_one;
use super::sample::{choice, gallery, save_trajectory};
use crate::args::sample::Sample;
use crate::context::Context;
use crate::draw::Job;
use crate::failure::{Failure, Hint};
use crate::gallery::{Gallery, make_folder_of};
use crate::output::Outcome;
use crate::settings::Way;
use crate::subject::Subject;
use crate::words::{counted, seconds};

/// The folder as a pipeline that reads prompts, if it is one.
pub(super) fn find(subject: &Subject) -> Option<Pipeline> {
    let Ok(ModelFolder::Pipeline(pipeline)) = ModelFolder::open(&subject.model) else {
        return None;
    };
    draws_from_text(pipeline.index().class_name()?).then_some(pipeline)
}

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
    let Ok(ModelFolder::Pipeline(pipeline)) = ModelFolder::open(&subject.model) else {
        return Ok(());
    };
    if !is_composed(&pipeline) {
        return Ok(());
    }
    let class = pipeline.index().class_name().unwrap_or("none");
    Err(Failure::failed(format!(
        "the pipeline {class} is not run; those that are: {}, and pipelines of one U-Net in pixels",
        pipeline_classes().collect::<Vec<_>>().join(", ")
    ))
    .hint("`langevin info` lists what the folder holds"))
}

pub(super) fn run(
    args: &Sample,
    context: &Context,
    pipeline: &Pipeline,
) -> Result<Outcome, Failure> {
    check(args)?;
    let prompts = prompts(args)?;
    let rng = choice::<RngKind>("--rng", &args.rng, &RngKind::NAMES)?;
    let device = context.device();
    let begun = Instant::now();
    let model =
        text_to_image(pipeline, &device).hint("`langevin info` says what a folder holds")?;
    model.notes().iter().for_each(|note| context.note(note));
    let loaded = begun.elapsed().as_secs_f64();
    let steps = args.steps.unwrap_or_else(|| model.usual_steps());
    let request = Request { eta: args.eta, mode: args.mode, ..Request::steps(steps) };
    let size = args.size.unwrap_or_else(|| model.usual_size());
    let shape = model
        .latent_shape(size)
        .map_err(|error| Failure::usage(error.to_string()).hint("choose another --size"))?;
    let plan = model.plan(&request, size).hint("other --steps may do")?;
    let given = args
        .latents
        .as_deref()
        .map(|path| latents(path, shape, plan.init_noise_sigma))
        .transpose()?;
    let count = match (args.count, &given) {
        (Some(count), Some((latents, _))) if count != *latents => {
            return Err(Failure::usage(format!(
                "--count is {count}, but the latents are {latents}"
            ))
            .hint("leave --count away: there is one picture for each latent"));
        }
        (_, Some((latents, _))) => *latents,
        (Some(count), None) => count,
        (None, None) => prompts.len(),
    };
    let job = Job {
        seed: context.seed(),
        count,
        labels: None,
        start: None,
        recorded: if args.trajectory.is_some() { count } else { 0 },
    };
    let guidance = args.guidance.unwrap_or_else(|| model.usual_guidance());
    let asked = pipelines::Job {
        prompts: (0..count).map(|i| prompts[i % prompts.len()].clone()).collect(),
        negative: args.negative.clone(),
        seeds: (0..count).map(|i| job.seed_of(i)).collect(),
        size,
        plan,
        guidance,
        clip_skip: args.clip_skip,
        rng,
        start: given.map(|(_, start)| start),
    };
    let gallery = gallery(args.out.as_deref(), record(args, &asked, steps));
    let gallery = Gallery { prompts: asked.prompts.clone(), ..gallery };
    gallery.prepare(&job)?;
    args.trajectory.iter().try_for_each(|path| make_folder_of(path))?;
    let drawn = one_by_one(context, &job, asked.plan.calls(), &gallery, &mut |index, observer| {
        let note = &mut |text: String| context.note(&text);
        model.draw(&asked, index, &device, note, observer)
    })?;
    gallery.finish(&job, &drawn.samples)?;
    if let Some(path) = &args.trajectory {
        save_trajectory(path, &drawn, shape)?;
    }
    let place = args.out.clone().unwrap_or_else(|| gallery.sheet.clone());
    let mut text = format!(
        "{} in {}, after {} of reading: {}",
        counted(count, "picture"),
        seconds(drawn.seconds),
        seconds(loaded),
        place.display()
    );
    if let Some(path) = &args.trajectory {
        text.push_str(&format!("\nwrote {}", path.display()));
    }
    let json = json!({
        "count": count, "seed": job.seed, "prompts": asked.prompts, "negative": asked.negative,
        "settings": {
            "steps": steps, "solver": Way::SCHEDULER, "eta": args.eta, "guidance": guidance,
            "rng": rng.to_string(), "size": size, "clip_skip": args.clip_skip,
        },
        "seconds": { "load": loaded, "sample": drawn.seconds },
        "sheet": gallery.sheet, "trajectory": args.trajectory, "notes": model.notes(),
    });
    Ok(Outcome::done(text, json))
}

/// Options that mean nothing here.
fn check(args: &Sample) -> Result<(), Failure> {
    let solver = args.solver.as_deref().filter(|name| *name != Way::SCHEDULER);
    let given = [
        ("--class", !args.class.is_empty()),
        ("--solver", solver.is_some()),
        ("--grid", args.grid.is_some()),
        ("--guidance-interval", args.guidance_interval.is_some()),
        ("--animate", args.animate.is_some()),
        ("--batch", args.batch.is_some()),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((option, _)) => {
            Err(Failure::usage(format!("{option} does not go with a folder that reads prompts"))
                .hint("its scheduler makes the steps, and pictures are drawn one after the other"))
        }
        None => Ok(()),
    }
}

/// The prompts given, or those of a file, one in each line.
fn prompts(args: &Sample) -> Result<Vec<String>, Failure> {
    let mut prompts = args.prompt.clone();
    if let Some(path) = &args.prompts {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::failed(format!(
                "the prompts {} cannot be read: {}",
                path.display(),
                crate::failure::reason(&error)
            ))
        })?;
        prompts
            .extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
    }
    if prompts.is_empty() {
        return Err(Failure::usage("this model needs a prompt")
            .hint("say what the picture shall show: --prompt \"a lighthouse at dawn\""));
    }
    Ok(prompts)
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

/// The settings as a PNG records them.
fn record(args: &Sample, asked: &pipelines::Job, steps: usize) -> Vec<(String, String)> {
    let text = |key: &str, value: String| (format!("langevin:{key}"), value);
    let [height, width] = asked.size;
    vec![
        ("Software".to_owned(), format!("langevin {}", env!("CARGO_PKG_VERSION"))),
        text("version", env!("CARGO_PKG_VERSION").to_owned()),
        text("model", args.model.display().to_string()),
        text("negative", asked.negative.clone().unwrap_or_default()),
        text("steps", steps.to_string()),
        text("solver", Way::SCHEDULER.to_owned()),
        text("guidance", asked.guidance.to_string()),
        text("size", format!("{height}x{width}")),
        text("rng", asked.rng.to_string()),
    ]
}
