//! `langevin sample FOLDER --class K` with a pipeline that works in latents and reads no prompts.

use std::time::Instant;

use langevin_models::RngKind;
use langevin_pipelines::latent_diffusion::{self, CLASS_NAMES, LatentDiffusion};
use langevin_schedulers::Request;
use langevin_weights::folder::{ModelFolder, Pipeline};
use serde_json::json;

use super::composed::{count, latents, record, refuse_options, told};
use super::one_by_one::one_by_one;
use super::sample::{choice, gallery, save_trajectory};
use crate::args::sample::Sample;
use crate::context::Context;
use crate::draw::Job;
use crate::failure::{Failure, Hint};
use crate::gallery::make_folder_of;
use crate::output::Outcome;
use crate::settings::Way;
use crate::subject::Subject;

/// Pictures drawn where neither a number nor classes are given.
const USUAL_COUNT: usize = 16;

/// The folder as such a pipeline, if it is one.
pub(super) fn find(subject: &Subject) -> Option<Pipeline> {
    let Ok(ModelFolder::Pipeline(pipeline)) = subject.open() else {
        return None;
    };
    CLASS_NAMES.contains(&pipeline.index().class_name()?).then_some(pipeline)
}

pub(super) fn run(
    args: &Sample,
    context: &Context,
    pipeline: &Pipeline,
) -> Result<Outcome, Failure> {
    refuse_options(
        args,
        &[
            ("--animate", args.animate.is_some()),
            ("--guidance-rescale", args.guidance_rescale.is_some()),
        ],
    )?;
    let rng = choice::<RngKind>("--rng", &args.rng, &RngKind::NAMES)?;
    let device = context.device();
    let begun = Instant::now();
    let model = LatentDiffusion::load(pipeline, &device)
        .hint("`langevin info` says what a folder holds")?;
    model.notes().iter().for_each(|note| context.note(note));
    pipeline.notes().iter().for_each(|note| context.note(note));
    let loaded = begun.elapsed().as_secs_f64();
    let steps = args.steps.unwrap_or_else(|| model.usual_steps());
    let request = Request { eta: args.eta, mode: args.mode, ..Request::steps(steps) };
    let plan = model.plan(&request).hint("other --steps may do")?;
    let shape = model.latent_shape();
    let given = args
        .latents
        .as_deref()
        .map(|path| latents(path, shape, plan.init_noise_sigma))
        .transpose()?;
    let classes: Vec<u32> = args.class.iter().flat_map(|classes| classes.0.clone()).collect();
    let usual = if classes.is_empty() { USUAL_COUNT } else { classes.len() };
    let count = count(args, given.as_ref().map(|(count, _)| *count), usual)?;
    let job = Job {
        seed: context.seed(),
        count,
        labels: labels(&model, &classes, count)?,
        start: None,
        recorded: if args.trajectory.is_some() { count } else { 0 },
    };
    let asked = latent_diffusion::Job {
        labels: job.labels.clone(),
        seeds: (0..count).map(|i| job.seed_of(i)).collect(),
        plan,
        guidance: guidance(args, &model)?,
        mode: args.mode,
        rng,
        start: given.map(|(_, start)| start),
    };
    let gallery = gallery(args.out.as_deref(), record(args, steps, (asked.guidance, rng), &[]));
    gallery.prepare(&job)?;
    args.trajectory.iter().try_for_each(|path| make_folder_of(path))?;
    let drawn =
        one_by_one(context, &job, asked.plan.calls(), &gallery, None, &mut |index, observer| {
            model.draw(&asked, index, &device, observer)
        })?;
    gallery.finish(&job, &drawn.samples)?;
    if let Some(path) = &args.trajectory {
        save_trajectory(path, &drawn, shape)?;
    }
    let text = told(args, &gallery, &drawn, loaded);
    let names: Option<Vec<_>> = job
        .labels
        .as_ref()
        .map(|labels| labels.iter().map(|label| model.class_name(*label)).collect());
    let json = json!({
        "count": count, "seed": job.seed, "classes": job.labels, "class_names": names,
        "settings": {
            "steps": steps, "solver": Way::SCHEDULER, "eta": args.eta, "guidance": asked.guidance,
            "rng": rng.to_string(),
        },
        "seconds": { "load": loaded, "sample": drawn.seconds },
        "sheet": gallery.sheet, "trajectory": args.trajectory, "notes": model.notes(),
    });
    Ok(Outcome::done(text, json))
}

/// The class of each picture: those given, or all there are, in turn.
fn labels(
    model: &LatentDiffusion,
    classes: &[u32],
    count: usize,
) -> Result<Option<Vec<u32>>, Failure> {
    let Some(known) = model.classes() else {
        return match classes.first() {
            Some(class) => Err(Failure::usage(format!(
                "class {class} was asked for, but this model has no classes"
            ))
            .hint("leave --class away")),
            None => Ok(None),
        };
    };
    if let Some(class) = classes.iter().find(|class| **class > known) {
        let last = known.saturating_sub(1);
        return Err(Failure::usage(format!(
            "class {class} does not exist: the model has the classes 0 to {last}"
        ))
        .hint(format!("choose one of them, or {known} for none of them")));
    }
    let turn = |i: usize| match classes {
        [] => (i % known.max(1) as usize) as u32,
        classes => classes[i % classes.len()],
    };
    Ok(Some((0..count).map(turn).collect()))
}

fn guidance(args: &Sample, model: &LatentDiffusion) -> Result<f64, Failure> {
    match args.guidance {
        Some(guidance) if model.classes().is_none() && guidance != 1.0 => Err(Failure::usage(
            format!("guidance {guidance} needs a model with classes, and this one has none"),
        )
        .hint("leave --guidance away")),
        guidance => Ok(guidance.unwrap_or_else(|| model.usual_guidance())),
    }
}
