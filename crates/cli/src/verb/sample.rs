//! `langevin sample MODEL`.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use langevin_core::Grid;
use langevin_models::{Mixing, Model, RngKind, SampleConfig};
use langevin_weights::{TensorFile, TensorRef, Values, nearest, write_tensors};
use serde_json::json;

use super::{beginning, composed, latent, prompted};
use crate::args::sample::Sample;
use crate::context::Context;
use crate::draw::{Drawn, Job, draw};
use crate::failure::{Failure, Hint};
use crate::gallery::{ANIMATED, Gallery, Place, animate, free_sibling, make_folder_of};
use crate::output::Outcome;
use crate::settings::{Asked, Way, labels, record, settle};
use crate::subject::Subject;
use crate::words::{counted, seconds};

pub(crate) fn run(args: &Sample, context: &Context) -> Result<Outcome, Failure> {
    let asked = Asked {
        steps: args.steps,
        way: args
            .solver
            .as_deref()
            .map(|name| choice("--solver", name, &Way::names()))
            .transpose()?,
        grid: args.grid.as_deref().map(|name| choice("--grid", name, Grid::NAMES)).transpose()?,
        eta: args.eta,
        guidance: args.guidance,
        guidance_interval: args.guidance_interval,
        mixing: mixing(args),
        bounds: args.clip.unwrap_or_default(),
        mode: args.mode,
        rng: choice::<RngKind>("--rng", &args.rng, &RngKind::NAMES)?,
        batch: args.batch,
    };
    let subject = Subject::find(&args.model)?
        .with_variant(args.variant.as_deref())
        .with_tokenizers(args.tokenizer.as_deref());
    // What is wrong with the folder itself is told before anything is made of it.
    subject.open().hint(
        "`langevin info` says what a folder holds; MODEL is a run folder or a diffusers folder",
    )?;
    if let Some(pipeline) = prompted::find(&subject) {
        return prompted::run(args, context, &pipeline);
    }
    if let Some(pipeline) = latent::find(&subject) {
        without_prompts(args)?;
        beginning::none(args)?;
        return latent::run(args, context, &pipeline);
    }
    composed::refuse_others(&subject)?;
    without_prompts(args)?;
    beginning::none(args)?;
    let model = subject.load(context)?;
    let config = settle(&asked, &model, &subject)?;
    let sizes = config.sizes(&model).map_err(|error| {
        Failure::usage(error.to_string()).hint("choose other --steps or another --grid")
    })?;
    let classes: Vec<u32> = args.class.iter().flat_map(|classes| classes.0.clone()).collect();
    let given = args
        .latents
        .as_deref()
        .map(|path| latents(path, &model, config.start_size(&model)?))
        .transpose()?;
    let count = count(args, &model, &classes, given.as_ref().map(|(count, _)| *count))?;
    let recorded = match (&args.trajectory, &args.animate) {
        (Some(_), _) => count,
        (None, Some(_)) => count.min(ANIMATED),
        (None, None) => 0,
    };
    let job = Job {
        seed: context.seed(),
        count,
        labels: labels(&model, &classes, count)?,
        start: given.map(|(_, start)| start),
        recorded,
    };
    let gallery = gallery(args.out.as_deref(), record(&config, &args.model.display().to_string()));
    gallery.prepare(&job)?;
    [&args.trajectory, &args.animate]
        .into_iter()
        .flatten()
        .try_for_each(|path| make_folder_of(path))?;

    let drawn = draw(context, "sample", &model, &job, &config, &mut |first, samples| {
        gallery.add(&job, first, samples)
    })?;
    gallery.finish(&job, &drawn.samples)?;
    if let Some(path) = &args.trajectory {
        let [_, c, h, w] = drawn.samples.shape;
        save_trajectory(path, &drawn, [c, h, w])?;
    }
    if let Some(path) = &args.animate {
        animate(path, &job, drawn.samples.shape, &drawn.states, &sizes)?;
    }
    Ok(outcome(args, &gallery, &job, &config, &drawn))
}

/// How guided and plain estimate are mixed.
fn mixing(args: &Sample) -> Mixing {
    match (args.guidance_rescale, args.guidance_project) {
        (Some(share), _) => Mixing::Rescaled(share),
        (None, Some(share)) => Mixing::Projected(share),
        (None, None) => Mixing::Plain,
    }
}

fn outcome(
    args: &Sample,
    gallery: &Gallery,
    job: &Job,
    config: &SampleConfig,
    drawn: &Drawn,
) -> Outcome {
    let folder = match &gallery.place {
        Place::Folder(folder) | Place::ClassFolders(folder) => Some(folder.as_path()),
        Place::Nowhere => None,
    };
    let place = folder.unwrap_or(&gallery.sheet).display();
    let mut text =
        format!("{} in {}: {place}", counted(job.count, "picture"), seconds(drawn.seconds));
    for path in [&args.animate, &args.trajectory].into_iter().flatten() {
        text.push_str(&format!("\nwrote {}", path.display()));
    }
    let (solver, grid, eta) = match &config.plan {
        None => (config.solver.to_string(), Some(config.grid.to_string()), Some(config.eta)),
        Some(_) => (Way::SCHEDULER.to_owned(), None, args.eta),
    };
    let json = json!({
        "count": job.count,
        "seed": job.seed,
        "classes": job.labels,
        "settings": {
            "steps": config.steps, "solver": solver, "grid": grid, "eta": eta, "guidance": config.guidance, "rng": config.rng.to_string(),
        },
        "seconds": { "sample": drawn.seconds },
        "folder": folder,
        "sheet": gallery.sheet,
        "animation": args.animate,
        "trajectory": args.trajectory,
    });
    Outcome::done(text, json)
}

/// One of `names`, or wrong usage with the nearest of them.
pub(crate) fn choice<T: FromStr>(option: &str, name: &str, names: &[&str]) -> Result<T, Failure> {
    let refuse = |_| {
        let failure = Failure::usage(format!(
            "{option} {name} is unknown: expected one of {}",
            names.join(", ")
        ));
        match nearest(name, names.iter().copied()) {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None => failure,
        }
    };
    name.parse().map_err(refuse)
}

/// Options that only folders that read prompts know.
fn without_prompts(args: &Sample) -> Result<(), Failure> {
    let given = [
        ("--prompt", !args.prompt.is_empty()),
        ("--prompts", args.prompts.is_some()),
        ("--negative", args.negative.is_some()),
        ("--size", args.size.is_some()),
        ("--clip-skip", args.clip_skip != 0),
        ("--tiles", args.tiles),
    ];
    match given.iter().chain(&args.additions.given()).find(|(_, given)| *given) {
        Some((option, _)) => Err(Failure::usage(format!(
            "{option} does not go with this model, which reads no prompts"
        ))
        .hint("leave it away; `langevin info` says what a model is")),
        None => Ok(()),
    }
}

/// How many pictures: as asked, as many as there are latents, one for each class, or sixteen.
fn count(
    args: &Sample,
    model: &Model,
    classes: &[u32],
    latents: Option<usize>,
) -> Result<usize, Failure> {
    let known = model.config.classes.as_ref().map_or(0, |known| known.count() as usize);
    let usual = [classes.len(), known, 16].into_iter().find(|&count| count > 0);
    composed::count(args, latents, usual.unwrap_or(1))
}

/// The tensor `latents [N, C, H, W]` in place of drawn noise, and N.
///
/// Like drawn noise it is of unit variance and is brought to the first level's size, as diffusers does with
/// `init_noise_sigma`.
fn latents(path: &Path, model: &Model, start_size: f64) -> Result<(usize, Vec<f32>), Failure> {
    let file =
        TensorFile::open(path).hint("--latents is a safetensors file with a tensor `latents`")?;
    let shape = file.shape("latents")?;
    let channels = model.config.network.in_channels();
    let fits = match (shape, model.config.network.sample_size()) {
        (&[n, c, h, w], Some(size)) => n > 0 && c == channels && [h, w] == size,
        (&[n, c, _, _], None) => n > 0 && c == channels,
        _ => false,
    };
    if !fits {
        let size = model
            .config
            .network
            .sample_size()
            .map_or_else(|| "H, W".to_owned(), |[h, w]| format!("{h}, {w}"));
        let sentence =
            format!("the tensor `latents` has shape {shape:?}: expected [N, {channels}, {size}]");
        return Err(Failure::failed(sentence));
    }
    let count = shape[0];
    let mut values = file.f32("latents")?;
    if let Some(at) = values.iter().position(|x| !x.is_finite()) {
        return Err(Failure::failed(format!(
            "number {at} of the tensor `latents` is {}: expected a finite one",
            values[at]
        )));
    }
    values.iter_mut().for_each(|x| *x *= start_size as f32);
    Ok((count, values))
}

/// A folder of pictures with their sheet, or the sheet alone where the place is a PNG file.
pub(super) fn gallery(out: Option<&Path>, record: Vec<(String, String)>) -> Gallery {
    let folder = match out {
        Some(path) if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("png")) => {
            return Gallery {
                place: Place::Nowhere,
                sheet: path.to_owned(),
                record,
                prompts: Vec::new(),
            };
        }
        Some(path) => path.to_owned(),
        None => free_sibling(Path::new("samples")),
    };
    let sheet = folder.join("sheet.png");
    Gallery { sheet, place: Place::Folder(folder), record, prompts: Vec::new() }
}

/// `trajectory [steps + 1, N, C, H, W]` from noise on, whose states are of shape `[C, H, W]`, and `sample`, the pictures.
pub(super) fn save_trajectory(
    path: &Path,
    drawn: &Drawn,
    [c, h, w]: [usize; 3],
) -> Result<(), Failure> {
    let n = drawn.samples.shape[0];
    let states = drawn.states.concat();
    let shape = [drawn.states.len(), n, c, h, w];
    let tensors = [
        TensorRef { name: "trajectory", shape: &shape, values: Values::F32(&states) },
        TensorRef {
            name: "sample",
            shape: &drawn.samples.shape,
            values: Values::F32(&drawn.samples.data),
        },
    ];
    Ok(write_tensors(path, &tensors, &BTreeMap::new())?)
}
