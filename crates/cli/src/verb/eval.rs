//! `langevin eval MODEL|FOLDER --reference DATA`.

use std::time::Instant;

use langevin_data::options::Strictness;
use langevin_train::read_metrics;
use langevin_weights::folder::MODEL_INDEX;
use langevin_weights::{atomic, nearest};
use serde_json::json;

use crate::args::eval::Eval;
use crate::context::Context;
use crate::draw::{Job, draw};
use crate::failure::Failure;
use crate::output::Outcome;
use crate::pictures;
use crate::reference::Reference;
use crate::report::verdict::{METRICS, json as metrics_json, lines, rows};
use crate::settings::{Asked, labels, settle};
use crate::subject::Subject;
use crate::words::{counted, seconds};

/// Pictures drawn from a model where no count is asked for.
const COUNT: usize = 1000;

/// What is judged, and how long it took to come by.
struct Judged {
    values: Vec<f32>,
    shape: [usize; 4],
    labels: Option<Vec<u32>>,
    train_seconds: Option<f64>,
    sample_seconds: Option<f64>,
}

pub(crate) fn run(args: &Eval, context: &Context) -> Result<Outcome, Failure> {
    check_metrics(&args.metrics)?;
    let strictness = if args.strict { Strictness::Strict } else { Strictness::Lenient };
    let folder = atomic::existing(&args.subject);
    let is_model = folder.join("run.json").exists() || folder.join(MODEL_INDEX).exists();
    let (judged, reference) = if is_model {
        of_model(args, context, strictness)?
    } else {
        of_folder(args, context, strictness)?
    };
    reference.notes.iter().for_each(|note| context.note(note));

    let begun = Instant::now();
    let verdict = reference.judge(&judged.values, judged.shape, judged.labels.as_deref())?;
    let judge_seconds = begun.elapsed().as_secs_f64();
    let rows = rows(&verdict, &args.metrics);
    let count = counted(verdict.samples, "picture");
    let against = counted(verdict.reference_images, "reference picture");
    let text =
        format!("{count} judged against {against} in {}\n{}", seconds(judge_seconds), lines(&rows));
    let json = json!({
        "metrics": metrics_json(&verdict, &args.metrics)?,
        "seconds": { "train": judged.train_seconds, "sample": judged.sample_seconds, "judge": judge_seconds },
        "folder": args.subject,
    });
    Ok(Outcome::done(text, json))
}

fn check_metrics(metrics: &[String]) -> Result<(), Failure> {
    let Some(unknown) = metrics.iter().find(|name| !METRICS.contains(&name.as_str())) else {
        return Ok(());
    };
    let failure = Failure::usage(format!(
        "--metrics {unknown} is unknown: expected names among {}",
        METRICS.join(", ")
    ));
    Err(match nearest(unknown, METRICS) {
        Some(near) => failure.hint(format!("did you mean {near}?")),
        None => failure,
    })
}

/// Draws from a model; labels run through its classes in turn.
fn of_model(
    args: &Eval,
    context: &Context,
    strictness: Strictness,
) -> Result<(Judged, Reference), Failure> {
    let subject = Subject::find(&args.subject)?;
    let model = subject.load(context)?;
    let asked = Asked {
        steps: args.steps,
        guidance: args.guidance,
        guidance_interval: args.guidance_interval,
        ..Asked::default()
    };
    let config = settle(&asked, &model, &subject)?;
    let count = args.count.unwrap_or(COUNT);
    let job = Job {
        seed: context.seed(),
        count,
        labels: labels(&model, &[], count)?,
        start: None,
        recorded: 0,
    };
    let network = &model.config.network;
    let shape = network.sample_size().map(|[height, width]| [network.in_channels(), height, width]);
    let reference = Reference::open(&args.reference, shape, strictness)?;
    let drawn = draw(context, "sample", &model, &job, &config, &mut |_, _| Ok(()))?;
    let metrics = subject.run.as_ref().and_then(|run| read_metrics(&run.metrics_path()).ok());
    let judged = Judged {
        values: drawn.samples.data,
        shape: drawn.samples.shape,
        labels: job.labels,
        train_seconds: metrics.and_then(|lines| Some(lines.last()?.seconds)),
        sample_seconds: Some(drawn.seconds),
    };
    Ok((judged, reference))
}

/// Reads a folder of pictures.
fn of_folder(
    args: &Eval,
    context: &Context,
    strictness: Strictness,
) -> Result<(Judged, Reference), Failure> {
    if args.steps.is_some() || args.guidance.is_some() {
        return Err(Failure::usage(format!(
            "{} is no model, so --steps and --guidance mean nothing",
            args.subject.display()
        ))
        .hint("a model is a run folder or a folder with model_index.json"));
    }
    let reference = Reference::open(&args.reference, None, strictness)?;
    let pictures = pictures::read(&args.subject, reference.channels(), args.count, strictness)?;
    if !pictures.notes.is_empty() {
        context.note(&format!(
            "{} skipped in {}",
            counted(pictures.notes.len(), "picture"),
            args.subject.display()
        ));
        pictures.notes.iter().take(10).for_each(|note| context.note(note));
    }
    let judged = Judged {
        values: pictures.values,
        shape: pictures.shape,
        labels: pictures.labels,
        train_seconds: None,
        sample_seconds: None,
    };
    Ok((judged, reference))
}
