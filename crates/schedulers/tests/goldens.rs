//! Trajectories of diffusers 0.42.1 on the exact denoiser of small mixtures, made by `tests/golden/schedulers.py`
//! (`--write crates/schedulers/tests/golden --count 4`): every state to 1e-4 of its scale.

use std::path::Path;

use langevin_core::GaussianMixture;
use langevin_schedulers::{
    Batch, Config, ExactNetwork, Mode, Noise, Plan, Request, Result, RngKind, run,
};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Case {
    scheduler: Value,
    mixture: Mixture,
    steps: usize,
    eta: Option<f64>,
    seed: u64,
    x: Vec<Vec<f64>>,
    trajectory: Vec<Vec<Vec<f64>>>,
    timesteps: Vec<f64>,
    sigmas: Option<Vec<f64>>,
}

#[derive(Deserialize)]
struct Mixture {
    weights: Vec<f64>,
    means: Vec<Vec<f64>>,
    stds: Vec<Vec<f64>>,
}

/// The plan and the states of a case.
fn answer(case: &Case) -> Result<(Plan, Vec<Batch>)> {
    let config = Config::parse(&case.scheduler.to_string())?;
    let request = Request { eta: case.eta, mode: Mode::AsDiffusers, ..Request::steps(case.steps) };
    let plan = Plan::new(&config, &request)?;
    let Mixture { weights, means, stds } = &case.mixture;
    let mixture = GaussianMixture::new(weights.clone(), means.clone(), stds.clone())?;
    let network = ExactNetwork::new(&mixture, plan.prediction);
    let dimension = mixture.dimension();
    let start = Batch::new(case.x.concat(), dimension)?;
    let mut noise = Noise::new(RngKind::Torch, case.seed, case.x.len(), dimension);
    let states = run(&plan, &network, start, &mut noise)?;
    Ok((plan, states))
}

/// Whether two lists agree to `tolerance` of their scale.
fn close(ours: &[f64], theirs: &[f64], tolerance: f64) -> bool {
    let scale = theirs.iter().fold(1.0f64, |scale, x| scale.max(x.abs()));
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= tolerance * scale;
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(near)
}

fn check(name: &str, case: &Case) {
    let named = format!("{name}, {} steps: {}", case.steps, case.scheduler);
    let (plan, states) = answer(case).unwrap_or_else(|error| panic!("{named}: {error}"));
    assert!(close(&plan.timesteps, &case.timesteps, 1e-5), "timesteps of {named}");
    if let Some(sigmas) = &case.sigmas {
        let ours = plan.sigmas.as_deref().unwrap_or_default();
        assert!(close(ours, sigmas, 1e-5), "sigmas of {named}");
    }
    assert_eq!(states.len(), case.trajectory.len(), "states of {named}");
    for (index, (ours, theirs)) in states.iter().zip(&case.trajectory).enumerate() {
        assert!(close(ours.values(), &theirs.concat(), 1e-4), "state {index} of {named}");
    }
}

#[test]
fn trajectories_are_those_of_diffusers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut classes = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let cases: Vec<Case> = serde_json::from_str(&text).unwrap();
        assert!(!cases.is_empty(), "{}", path.display());
        let name = path.file_stem().unwrap().to_string_lossy();
        cases.iter().for_each(|case| check(&name, case));
        classes += 1;
    }
    assert!(classes >= 41, "only {classes} classes have goldens");
}
