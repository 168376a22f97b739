//! How to sample: what was asked for, else what the run shows its own pictures with, else, in a folder that is not
//! Langevin's own, the steps of its scheduler.

use std::str::FromStr;
use std::sync::Arc;

use langevin_core::{AnySolver, Grid};
use langevin_models::{Bounds, Mixing, Model, PipelineClass, RngKind, SampleConfig};
use langevin_schedulers::{Mode, Plan, Request};

use crate::failure::Failure;
use crate::subject::Subject;

/// A solver by name, or the scheduler of the model's folder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    Solver(AnySolver),
    Scheduler,
}

impl Way {
    /// The name of the folder's scheduler.
    pub(crate) const SCHEDULER: &str = "scheduler";

    /// All names.
    pub(crate) fn names() -> Vec<&'static str> {
        AnySolver::NAMES.iter().copied().chain([Self::SCHEDULER]).collect()
    }
}

impl FromStr for Way {
    type Err = langevin_core::Error;

    fn from_str(name: &str) -> langevin_core::Result<Self> {
        if name == Self::SCHEDULER { Ok(Self::Scheduler) } else { Ok(Self::Solver(name.parse()?)) }
    }
}

/// What was asked for on the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) steps: Option<usize>,
    pub(crate) way: Option<Way>,
    pub(crate) grid: Option<Grid>,
    pub(crate) eta: Option<f64>,
    pub(crate) guidance: Option<f64>,
    pub(crate) guidance_interval: Option<[f64; 2]>,
    pub(crate) mixing: Mixing,
    pub(crate) bounds: Bounds,
    pub(crate) mode: Mode,
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
    }
    let own = subject.is_own() || asked.grid.is_some();
    let plan = match asked.way {
        Some(Way::Solver(_)) => None,
        None if own => None,
        None | Some(Way::Scheduler) => Some(Arc::new(plan(asked, subject)?)),
    };
    if let (Some(grid), Some(_)) = (asked.grid, &plan) {
        return Err(Failure::usage(format!(
            "--grid {grid} does not go with --solver {}, whose configuration says where the steps lie",
            Way::SCHEDULER
        ))
        .hint("leave one of the two away"));
    }
    let own = [
        ("--guidance-project", matches!(asked.mixing, Mixing::Projected(_))),
        ("--clip", asked.bounds != Bounds::Free),
    ];
    if let (Some((option, _)), Some(_)) = (own.iter().find(|(_, given)| *given), &plan) {
        return Err(Failure::usage(format!(
            "{option} does not go with --solver {}, which takes the network's output as it is",
            Way::SCHEDULER
        ))
        .hint("choose a solver of Langevin's own, such as --solver euler"));
    }
    let solver = match asked.way {
        Some(Way::Solver(solver)) => Some(solver),
        _ => None,
    };
    Ok(SampleConfig {
        steps: asked.steps.unwrap_or(config.steps),
        plan,
        solver: solver.unwrap_or(config.solver),
        grid: asked.grid.unwrap_or(config.grid),
        eta: asked.eta.unwrap_or(config.eta),
        guidance: asked.guidance.unwrap_or(config.guidance),
        guidance_interval: asked.guidance_interval.unwrap_or(config.guidance_interval),
        mixing: asked.mixing,
        bounds: asked.bounds,
        range: subject.pipeline_class().range(),
        rng: asked.rng,
        batch: asked.batch,
    })
}

/// The steps of the folder's scheduler.
fn plan(asked: &Asked, subject: &Subject) -> Result<Plan, Failure> {
    let (scheduler, class) = (subject.scheduler()?, subject.pipeline_class());
    let steps = asked.steps.unwrap_or_else(|| class.usual_steps());
    let request = Request { eta: asked.eta, mode: asked.mode, ..Request::steps(steps) };
    // Langevin's own folders use their scheduler as it is made to be used.
    let class = if subject.is_own() { PipelineClass::Other } else { class };
    class.plan(&scheduler, &request).map_err(|error| {
        Failure::failed(error.to_string())
            .hint("other --steps may do, or a solver of Langevin's own: --solver euler")
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
    let way = match &config.plan {
        None => {
            let solver = config.solver.to_string();
            vec![
                ("solver", solver),
                ("grid", config.grid.to_string()),
                ("eta", config.eta.to_string()),
            ]
        }
        Some(_) => vec![("solver", Way::SCHEDULER.to_owned())],
    };
    let way = way.into_iter().map(|(key, value)| text(key, value));
    let before = vec![
        ("Software".to_owned(), format!("langevin {}", env!("CARGO_PKG_VERSION"))),
        text("version", env!("CARGO_PKG_VERSION").to_owned()),
        text("model", model.to_owned()),
        text("steps", config.steps.to_string()),
    ];
    let after = vec![
        text("guidance", config.guidance.to_string()),
        text("guidance_interval", format!("{low},{high}")),
        text("rng", config.rng.to_string()),
    ];
    // Only where they change something, so that pictures of plain guidance stay the same bytes.
    let mixing = match config.mixing {
        Mixing::Plain => None,
        Mixing::Rescaled(share) => Some(text("guidance_rescale", share.to_string())),
        Mixing::Projected(share) => Some(text("guidance_project", share.to_string())),
    };
    let bounds = match config.bounds {
        Bounds::Free => None,
        Bounds::Clipped => Some(text("clip", "clip".to_owned())),
        Bounds::Dynamic(quantile) => Some(text("clip", quantile.to_string())),
    };
    before.into_iter().chain(way).chain(after).chain(mixing).chain(bounds).collect()
}
