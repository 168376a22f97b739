//! `langevin sample FOLDER --prompt TEXT`: pictures from prompts.

use std::time::Instant;

use langevin_models::RngKind;
use langevin_pipelines::{
    self as pipelines, Decoding, Init, Wording, draws_from_text, reads_prompts, text_to_image,
};
use langevin_schedulers::Request;
use langevin_weights::folder::{ModelFolder, Pipeline};
use serde_json::json;

use super::additions::add;
use super::beginning;
use super::composed::{count, latents, record, refuse_options, told};
use super::one_by_one::one_by_one;
use super::previews::Previews;
use super::sample::{choice, gallery, save_trajectory};
use crate::args::sample::Sample;
use crate::context::Context;
use crate::draw::Job;
use crate::failure::{Failure, Hint};
use crate::gallery::{Gallery, make_folder_of};
use crate::output::Outcome;
use crate::settings::Way;
use crate::subject::Subject;

/// The folder as a pipeline that reads prompts, if it is one.
pub(super) fn find(subject: &Subject) -> Option<Pipeline> {
    let Ok(ModelFolder::Pipeline(pipeline)) = subject.open() else {
        return None;
    };
    draws_from_text(pipeline.index().class_name()?).then_some(pipeline)
}

pub(super) fn run(
    args: &Sample,
    context: &Context,
    pipeline: &Pipeline,
) -> Result<Outcome, Failure> {
    refuse_options(args, &[("--class", !args.class.is_empty())])?;
    let worded = pipeline.index().class_name().is_none_or(reads_prompts);
    let prompts = if worded { prompts(args)? } else { beginning::wordless(args)? };
    let rng = choice::<RngKind>("--rng", &args.rng, &RngKind::NAMES)?;
    let device = context.device();
    let begun = Instant::now();
    let model =
        text_to_image(pipeline, &device).hint("`langevin info` says what a folder holds")?;
    let model = add(model, &args.additions, context, &device)?;
    model.notes().iter().for_each(|note| context.note(note));
    let noted = pipeline.notes();
    noted.iter().for_each(|note| context.note(note));
    let loaded = begun.elapsed().as_secs_f64();
    let task = beginning::task(args);
    let usual = model.usual(task).map_err(beginning::refused)?;
    let init = beginning::read(args, &usual)?;
    let steps = args.steps.unwrap_or(usual.steps);
    let size = beginning::size(args, model.as_ref(), init.as_ref());
    init.iter().filter(|_| worded).for_each(|init| beginning::tell_size(args, init, size, context));
    let start = beginning::start(model.as_ref(), init.as_ref(), steps)?;
    let request = Request { eta: args.eta, mode: args.mode, start, ..Request::steps(steps) };
    let shape = model
        .latent_shape(size)
        .map_err(|error| Failure::usage(error.to_string()).hint("choose another --size"))?;
    let plan = model.plan(task, &request, size).hint("other --steps may do")?;
    let given = args
        .latents
        .as_deref()
        .map(|path| latents(path, shape, plan.init_noise_sigma))
        .transpose()?;
    let count = count(args, given.as_ref().map(|(count, _)| *count), prompts.len())?;
    let job = Job {
        seed: context.seed(),
        count,
        labels: None,
        start: None,
        recorded: if args.trajectory.is_some() { count } else { 0 },
    };
    let guidance = args.guidance.unwrap_or(usual.guidance);
    let decoding = if args.tiles { Decoding::Tiles } else { Decoding::Whole };
    let prepare = |init: &Init| model.prepare(init, size, decoding, &device);
    let picture = init.as_ref().map(prepare).transpose()?;
    let asked = pipelines::Job {
        prompts: (0..count).map(|i| prompts[i % prompts.len()].clone()).collect(),
        negative: args.negative.clone(),
        seeds: (0..count).map(|i| job.seed_of(i)).collect(),
        size,
        plan,
        guidance,
        rescale: args.guidance_rescale.unwrap_or(0.0),
        clip_skip: args.clip_skip,
        wording: if args.additions.weighting { Wording::Weighted } else { Wording::Plain },
        decoding,
        mode: args.mode,
        rng,
        start: given.map(|(_, start)| start),
        picture,
    };
    let gallery = gallery(
        args.out.as_deref(),
        record(args, steps, (guidance, rng), &more(args, &asked, init.as_ref())),
    );
    let gallery = Gallery { prompts: asked.prompts.clone(), ..gallery };
    gallery.prepare(&job)?;
    args.trajectory.iter().try_for_each(|path| make_folder_of(path))?;
    let mut previews = Previews::new(args, model.as_ref(), shape[0], &device)?;
    let shown = Some(&mut previews);
    let steps_of = asked.plan.calls();
    let drawn = one_by_one(context, &job, steps_of, &gallery, shown, &mut |index, observer| {
        let note = &mut |text: String| context.note(&text);
        model.draw(&asked, index, &device, note, observer)
    });
    // Networks are read when they are needed, and only then it shows whether their numbers are finite: the reason of many a
    // picture that is not.
    pipeline
        .notes()
        .iter()
        .filter(|note| !noted.contains(note))
        .for_each(|note| context.note(note));
    let drawn = drawn?;
    gallery.finish(&job, &drawn.samples)?;
    previews.finish(&job)?;
    if let Some(path) = &args.trajectory {
        save_trajectory(path, &drawn, shape)?;
    }
    let text = told(args, &gallery, &drawn, loaded);
    let json = json!({
        "count": count, "seed": job.seed, "prompts": asked.prompts, "negative": asked.negative,
        "settings": {
            "steps": steps, "solver": Way::SCHEDULER, "eta": args.eta, "guidance": guidance,
            "guidance_rescale": args.guidance_rescale,
            "rng": rng.to_string(), "size": size, "clip_skip": args.clip_skip, "tiles": args.tiles,
            "init": args.init, "mask": args.mask, "strength": init.as_ref().map(Init::strength),
            "lora": args.additions.loras(), "embedding": args.additions.embeddings(),
            "weighting": args.additions.weighting,
        },
        "seconds": { "load": loaded, "sample": drawn.seconds },
        "sheet": gallery.sheet, "trajectory": args.trajectory,
        "animation": args.animate, "notes": model.notes(),
    });
    Ok(Outcome::done(text, json))
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

/// What a PNG records of a job, beside what all pipelines record.
fn more(args: &Sample, asked: &pipelines::Job, init: Option<&Init>) -> Vec<(&'static str, String)> {
    let [height, width] = asked.size;
    let mut more = args.additions.record();
    more.push(("negative", asked.negative.clone().unwrap_or_default()));
    more.push(("size", format!("{height}x{width}")));
    for (key, path) in [("init", &args.init), ("mask", &args.mask)] {
        more.extend(path.iter().map(|path| (key, path.display().to_string())));
    }
    more.extend(args.guidance_rescale.map(|share| ("guidance_rescale", share.to_string())));
    more.extend(init.map(|init| ("strength", init.strength().to_string())));
    more
}
