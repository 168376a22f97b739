//! `langevin likelihood MODEL --data DATA`.

use std::time::Instant;

use langevin_data::options::Options;
use langevin_data::signed::to_signed;
use langevin_data::{DataSource, Dataset, open};
use langevin_models::{LikelihoodMethod, Model, SampleConfig, Subjects, likelihood};
use serde_json::json;

use crate::args::likelihood::{Likelihood, Method};
use crate::context::Context;
use crate::failure::{Failure, Hint};
use crate::output::Outcome;
use crate::subject::Subject;
use crate::words::{counted, seconds, thousands};

/// Pictures where no count is asked for.
const COUNTS: (usize, usize) = (256, 16);

pub(crate) fn run(args: &Likelihood, context: &Context) -> Result<Outcome, Failure> {
    let subject = Subject::find(&args.model)?;
    let device = context.device();
    let model = subject.load(context)?;
    let data = pictures(args, &model, context)?;
    let labels = labels(args, &model, &data)?;
    let (method, name) = match args.method {
        Method::Elbo => (LikelihoodMethod::Elbo { draws: args.draws }, "elbo"),
        Method::Flow => (LikelihoodMethod::Flow { steps: args.steps, probes: args.probes }, "flow"),
    };

    let (watch, begun) = (context.interrupt.watch(), Instant::now());
    let mut progress = context.task("likelihood");
    let (count, size) = (data.len(), data.image_len());
    let sides = [data.height(), data.width()];
    // Gradients hold on to every layer.
    let parts = if args.method == Method::Flow { 4 } else { 1 };
    let batch = SampleConfig::default().batch_of(&model, Some(sides), count).div_ceil(parts);
    let mut bits = Vec::with_capacity(count);
    for first in (0..count).step_by(batch) {
        progress.update(first as f64 / count as f64, || {
            format!("{} of {}", thousands(first), counted(count, "picture"))
        });
        if watch.asked() {
            let sentence = format!("{} of {}", thousands(first), counted(count, "picture"));
            return Err(Failure::interrupted(sentence).hint("a smaller --count takes less time"));
        }
        let end = (first + batch).min(count);
        let values: Vec<f32> =
            data.pixels()[first * size..end * size].iter().map(|&pixel| to_signed(pixel)).collect();
        let images = Subjects {
            values: &values,
            shape: [end - first, data.channels(), sides[0], sides[1]],
            labels: labels.map(|labels| &labels[first..end]),
            seed: context.seed().wrapping_add(first as u64),
        };
        bits.extend(likelihood(&model, &images, method, &device)?);
    }
    let taken = begun.elapsed().as_secs_f64();
    let mean = bits.iter().sum::<f64>() / count as f64;
    let variance = bits.iter().map(|b| (b - mean).powi(2)).sum::<f64>();
    let error = (count > 1).then(|| (variance / (count as f64 * (count - 1) as f64)).sqrt());
    progress.finish(&format!("{} in {}", counted(count, "picture"), seconds(taken)));

    let given = if labels.is_some() { ", given their classes" } else { "" };
    let spread = error.map_or_else(String::new, |error| format!(" ± {error:.4}"));
    let text = format!(
        "{mean:.4}{spread} bits per dimension by {name}: at most this is needed, on average over {}{given}",
        counted(count, "picture")
    );
    let json = json!({
        "bits_per_dimension": mean, "standard_error": error, "method": name, "count": count,
        "conditional": labels.is_some(), "per_picture": bits, "seconds": taken, "data": args.data,
    });
    Ok(Outcome::done(text, json))
}

/// The pictures, evenly spread over the data set, in the model's shape.
fn pictures(args: &Likelihood, model: &Model, context: &Context) -> Result<Dataset, Failure> {
    let advice = "DATA is digits, digits:test, an IDX file, a folder or a tar of pictures";
    let source: DataSource = args.data.parse().hint(advice)?;
    let network = &model.config.network;
    let options = match source {
        DataSource::Digits(_) => Options::default(),
        DataSource::Path(_) => Options {
            channels: Some(network.in_channels()),
            size: network.sample_size(),
            ..Options::default()
        },
    };
    let (data, notes) = open(&source, &options).hint(advice)?;
    notes.lines().iter().for_each(|note| context.note(note));
    let usual = if args.method == Method::Flow { COUNTS.1 } else { COUNTS.0 };
    let count = args.count.unwrap_or(usual.min(data.len()));
    if count > data.len() {
        return Err(Failure::usage(format!(
            "--count is {count}, but {} holds {}",
            args.data,
            counted(data.len(), "picture")
        )));
    }
    let chosen: Vec<usize> = (0..count).map(|i| i * data.len() / count).collect();
    Ok(data.select(&chosen)?)
}

/// The classes of the pictures, where both they and the model have some.
fn labels<'a>(
    args: &Likelihood,
    model: &Model,
    data: &'a Dataset,
) -> Result<Option<&'a [u32]>, Failure> {
    let Some(classes) = &model.config.classes else { return Ok(None) };
    match data.labels().filter(|_| !args.unconditional) {
        Some(labels) if labels.iter().all(|&label| label < classes.count()) => Ok(Some(labels)),
        Some(_) if classes.null.is_some() => Ok(None),
        None if classes.null.is_some() || classes.count() == 0 => Ok(None),
        _ => Err(Failure::failed(format!(
            "the model needs a class for each picture, and the pictures of {} have none that it knows",
            args.data
        ))
        .hint("name the folders of the pictures after the model's classes")),
    }
}
