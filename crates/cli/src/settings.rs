//! How to sample: what was asked for, else what the run shows its own pictures with, else plain DDIM on the grid that
//! the folder's scheduler names.

use langevin_core::{AnySolver, Grid, Schedule};
use langevin_models::{Model, RngKind, SampleConfig};

use crate::failure::Failure;
use crate::subject::Subject;

/// What was asked for on the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) steps: Option<usize>,
    pub(crate) solver: Option<AnySolver>,
    pub(crate) grid: Option<Grid>,
    pub(crate) eta: Option<f64>,
    pub(crate) guidance: Option<f64>,
    pub(crate) guidance_interval: Option<[f64; 2]>,
    pub(crate) rng: RngKind,
    pub(crate) batch: Option<usize>,
}

/// Fills in what was not asked for; guidance is only a default where the model can be guided.
pub(crate) fn settle(
    asked: &Asked,
    model: &Model,
    subject: &Subject,
) -> Result<SampleConfig, Failure> {
    let mut config = SampleConfig::default();
    if let Some(run) = subject.configuration()? {
        let samples = run.samples;
        config.steps = samples.steps;
        config.solver = samples.solver;
        config.grid = samples.grid;
        config.eta = samples.eta;
        config.guidance_interval = samples.guidance_interval;
        if model.config.classes.as_ref().is_some_and(|classes| classes.null.is_some()) {
            config.guidance = samples.guidance;
        }
    } else if let Some(spacing) = subject.spacing() {
        config.grid = spacing;
        config.steps = config.steps.min(model.config.schedule.steps());
    }
    Ok(SampleConfig {
        steps: asked.steps.unwrap_or(config.steps),
        solver: asked.solver.unwrap_or(config.solver),
        grid: asked.grid.unwrap_or(config.grid),
        eta: asked.eta.unwrap_or(config.eta),
        guidance: asked.guidance.unwrap_or(config.guidance),
        guidance_interval: asked.guidance_interval.unwrap_or(config.guidance_interval),
        rng: asked.rng,
        batch: asked.batch,
    })
}

/// The class of each of `count` pictures: the classes given, or all there are, in turn.
pub(crate) fn labels(
    model: &Model,
    classes: &[u32],
    count: usize,
) -> Result<Option<Vec<u32>>, Failure> {
    let turn = |classes: &[u32]| Some((0..count).map(|i| classes[i % classes.len()]).collect());
    match &model.config.classes {
        None => match classes.first() {
            Some(class) => Err(Failure::usage(format!(
                "class {class} was asked for, but this model has no classes"
            ))
            .hint("leave --class away")),
            None => Ok(None),
        },
        Some(known) if known.count() == 0 => Ok(None),
        Some(known) => match classes.iter().find(|&&class| class >= known.count()) {
            Some(class) => {
                let last = known.count() - 1;
                Err(Failure::usage(format!(
                    "class {class} does not exist: the model has the classes 0 to {last}"
                ))
                .hint("`langevin info` lists a model's classes"))
            }
            None if classes.is_empty() => Ok(turn(&(0..known.count()).collect::<Vec<u32>>())),
            None => Ok(turn(classes)),
        },
    }
}

/// The settings as a PNG records them, without what differs from picture to picture.
pub(crate) fn record(config: &SampleConfig, model: &str) -> Vec<(String, String)> {
    let [low, high] = config.guidance_interval;
    let text = |key: &str, value: String| (format!("langevin:{key}"), value);
    vec![
        ("Software".to_owned(), format!("langevin {}", env!("CARGO_PKG_VERSION"))),
        text("version", env!("CARGO_PKG_VERSION").to_owned()),
        text("model", model.to_owned()),
        text("steps", config.steps.to_string()),
        text("solver", config.solver.to_string()),
        text("grid", config.grid.to_string()),
        text("eta", config.eta.to_string()),
        text("guidance", config.guidance.to_string()),
        text("guidance_interval", format!("{low},{high}")),
        text("rng", config.rng.to_string()),
    ]
}
