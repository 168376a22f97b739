//! Ways that begin in the middle, from noised data, held to what is known of them: trajectories of diffusers 0.42.1 on the
//! exact denoiser of small mixtures, made by `tests/golden/scheduler_starts.py`
//! (`--write crates/schedulers/tests/golden_starts --count 2 --small`): every state to 1e-4 of its scale.
//! With `SCHEDULER_STARTS` those of another folder are compared.

use std::path::{Path, PathBuf};

use langevin_core::{GaussianMixture, Level, State};
use langevin_schedulers::{
    Batch, Config, ExactNetwork, Network, Noise, Plan, Request, Result, RngKind, Start, run,
};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Case {
    scheduler: Value,
    mixture: Mixture,
    steps: usize,
    after: usize,
    share: Option<f64>,
    eta: Option<f64>,
    seed: u64,
    clean: Vec<Vec<f64>>,
    noise: Vec<Vec<f64>>,
    mask: Vec<Vec<f64>>,
    trajectory: Vec<Vec<Vec<f64>>>,
    timesteps: Vec<f64>,
}

#[derive(Deserialize)]
struct Mixture {
    weights: Vec<f64>,
    means: Vec<Vec<f64>>,
    stds: Vec<Vec<f64>>,
}

/// A network whose states are known where the mask is 0.
struct Held<'a> {
    network: ExactNetwork<'a>,
    levels: Vec<Level>,
    clean: Batch,
    noise: Batch,
    mask: &'a [f64],
}

impl Held<'_> {
    fn known(&self, done: usize) -> Batch {
        let Level { alpha, sigma } = self.levels[done];
        State::combine(&[(alpha, &self.clean), (sigma, &self.noise)]).unwrap()
    }
}

impl Network<Batch> for Held<'_> {
    fn output(&self, x: &Batch, at: Level, timestep: f64) -> Result<Batch> {
        self.network.output(x, at, timestep)
    }

    fn settle(&self, done: usize, x: Batch) -> Result<Batch> {
        let known = self.known(done);
        let parts = x.values().iter().zip(known.values()).zip(self.mask);
        Batch::new(parts.map(|((x, known), m)| m * x + (1.0 - m) * known).collect(), x.dimension())
    }
}

fn request(case: &Case) -> Request {
    let start = case.share.map_or(Start::After(case.after), Start::Share);
    Request { eta: case.eta, start, ..Request::steps(case.steps) }
}

fn answer(case: &Case) -> Result<(Plan, Vec<Batch>)> {
    let config = Config::parse(&case.scheduler.to_string())?;
    let plan = Plan::new(&config, &request(case))?;
    let Mixture { weights, means, stds } = &case.mixture;
    let mixture = GaussianMixture::new(weights.clone(), means.clone(), stds.clone())?;
    let dimension = mixture.dimension();
    let mask = case.mask.concat();
    let network = Held {
        network: ExactNetwork::new(&mixture, plan.prediction),
        levels: plan.beside(),
        clean: Batch::new(case.clean.concat(), dimension)?,
        noise: Batch::new(case.noise.concat(), dimension)?,
        mask: &mask,
    };
    let mut noise = Noise::new(RngKind::Torch, case.seed, case.clean.len(), dimension);
    let states = run(&plan, &network, network.known(0), &mut noise)?;
    Ok((plan, states))
}

/// How far two lists are apart, over their scale.
fn apart(ours: &[f64], theirs: &[f64]) -> f64 {
    let scale = theirs.iter().fold(1.0f64, |scale, x| scale.max(x.abs()));
    let worst = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    if ours.len() == theirs.len() { worst / scale } else { f64::INFINITY }
}

/// What is wrong with our answer to a case.
fn wrong(case: &Case) -> Option<String> {
    let (plan, states) = match answer(case) {
        Ok(answer) => answer,
        Err(error) => return Some(error.to_string()),
    };
    let timesteps = apart(&plan.timesteps, &case.timesteps);
    if timesteps > 1e-5 {
        return Some(format!("timesteps {:?}, not {:?}", plan.timesteps, case.timesteps));
    }
    if states.len() != case.trajectory.len() {
        return Some(format!("{} states, not {}", states.len(), case.trajectory.len()));
    }
    let distances =
        states.iter().zip(&case.trajectory).map(|(a, b)| apart(a.values(), &b.concat()));
    // Written so that what is no number is wrong.
    distances
        .enumerate()
        .find(|(_, distance)| distance.is_nan() || *distance > 1e-4)
        .map(|(index, distance)| format!("state {index} is {distance:e} apart"))
}

#[test]
fn ways_from_the_middle_are_those_of_diffusers() {
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden_starts");
    let folder = std::env::var_os("SCHEDULER_STARTS").map_or(usual, PathBuf::from);
    let (mut classes, mut failures) = (0, Vec::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let cases: Vec<Case> = serde_json::from_str(&text).unwrap();
        assert!(!cases.is_empty(), "{}", path.display());
        for case in cases {
            if let Some(wrong) = wrong(&case) {
                let Case { steps, after, share, eta, .. } = case;
                let asked =
                    format!("{steps} steps, {after} left out, share {share:?}, eta {eta:?}");
                failures.push(format!("{wrong}: {asked}: {}", case.scheduler));
            }
        }
        classes += 1;
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    assert!(classes >= 20, "only {classes} classes have goldens");
}

#[test]
fn what_leaves_no_step_is_refused() {
    let plan = |class: &str, start| {
        let config = Config::parse(&format!(r#"{{"_class_name": "{class}"}}"#)).unwrap();
        Plan::new(&config, &Request { start, ..Request::steps(5) })
    };
    let say = |class, start| plan(class, start).unwrap_err().to_string();
    for class in ["DDIMScheduler", "HeunDiscreteScheduler", "PNDMScheduler"] {
        assert!(plan(class, Start::After(4)).is_ok(), "{class}");
        if class != "PNDMScheduler" {
            let none = say(class, Start::After(5));
            assert!(none.contains("steps left out is 5") && none.contains("fewer than"), "{none}");
        }
    }
    assert!(say("DDIMScheduler", Start::After(usize::MAX)).contains("steps left out"));
    assert!(say("DDIMScheduler", Start::Share(0.5)).contains("distilled"));
    assert!(say("LCMScheduler", Start::Share(0.05)).contains("5 steps are more than the 2"));
    assert!(say("ScoreSdeVeScheduler", Start::After(1)).contains("middle"));
}
