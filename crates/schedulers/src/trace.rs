//! The run of a scheduler configuration on the exact denoiser of a Gaussian mixture, from file to file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use langevin_core::GaussianMixture;
use langevin_weights::{TensorFile, TensorRef, Values, write_tensors};

use crate::{Batch, Config, Error, ExactNetwork, Noise, Plan, Request, Result, RngKind, run};

/// What to run.
#[derive(Clone, Debug)]
pub struct Job {
    /// A `scheduler_config.json`.
    pub scheduler: PathBuf,
    /// `{"weights": [k], "means": [[d]…k], "stds": [[d]…k]}`.
    pub mixture: PathBuf,
    /// A safetensors file with the states `x` `[N, d]` to start from.
    pub init: PathBuf,
    /// Steps, eta and mode.
    pub request: Request,
    /// The generator of the noise.
    pub rng: RngKind,
    /// Its seed.
    pub seed: u64,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Traced {
    /// The plan that was run.
    pub plan: Plan,
    /// The first state, and one after each call.
    pub states: Vec<Batch>,
    /// One sentence for each key of the configuration that has no effect.
    pub warnings: Vec<String>,
}

/// Runs a job.
///
/// # Errors
/// Where a file cannot be read, the configuration cannot be run, or shapes do not fit.
pub fn trace(job: &Job) -> Result<Traced> {
    let config = Config::read(&job.scheduler)?;
    let plan = Plan::new(&config, &job.request)?;
    let mixture = read_mixture(job)?;
    let start = read_start(job, mixture.dimension())?;
    let network = ExactNetwork::new(&mixture, plan.prediction);
    let count = start.samples().count();
    let mut noise = Noise::new(job.rng, job.seed, count, start.dimension());
    let states = run(&plan, &network, start, &mut noise)?;
    Ok(Traced { plan, states, warnings: config.warnings() })
}

fn read_mixture(job: &Job) -> Result<GaussianMixture> {
    let file = langevin_weights::Config::read(&job.mixture)?;
    let (weights, means, stds) = (file.get("weights")?, file.get("means")?, file.get("stds")?);
    GaussianMixture::new(weights, means, stds).map_err(|error| Error::Mixture {
        path: job.mixture.display().to_string(),
        reason: error.to_string(),
    })
}

fn read_start(job: &Job, dimension: usize) -> Result<Batch> {
    let file = TensorFile::open(&job.init)?;
    match *file.shape("x")? {
        [count, found] if count > 0 && found == dimension => Batch::new(file.f64("x")?, dimension),
        ref found => Err(Error::Shape {
            name: "x",
            path: job.init.display().to_string(),
            found: found.to_vec(),
            expected: format!("[N, {dimension}], the dimension of the mixture"),
        }),
    }
}

impl Traced {
    /// Writes `trajectory` `[calls + 1, N, d]`, `timesteps` and, where the scheduler has them, `sigmas`.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write(&self, path: impl AsRef<std::path::Path>) -> Result<()> {
        let single = |numbers: &[f64]| numbers.iter().map(|x| *x as f32).collect::<Vec<f32>>();
        let trajectory: Vec<f32> =
            self.states.iter().flat_map(|batch| single(batch.values())).collect();
        let (count, dimension) = (self.states[0].samples().count(), self.states[0].dimension());
        let timesteps = single(&self.plan.timesteps);
        let sigmas = self.plan.sigmas.as_deref().map(single);
        let shape = [self.states.len(), count, dimension];
        let tensor = |name, shape, values| TensorRef { name, shape, values: Values::F32(values) };
        let (calls, levels) = ([timesteps.len()], [sigmas.as_ref().map_or(0, Vec::len)]);
        let mut tensors = vec![
            tensor("trajectory", &shape, &trajectory),
            tensor("timesteps", &calls, &timesteps),
        ];
        if let Some(sigmas) = &sigmas {
            tensors.push(tensor("sigmas", &levels, sigmas));
        }
        Ok(write_tensors(path, &tensors, &BTreeMap::new())?)
    }
}
