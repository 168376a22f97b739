//! Scheduler configurations of diffusers, run on the solvers of the core.
//!
//! A [`Config`] is what a `scheduler_config.json` says, [`Plan::new`] translates it once, with a number of steps, into
//! a list of calls of the network, and [`run`] makes them.
//! A plan holds choices only: at which level the network sees the state, how its output is read, which solver makes
//! the step, where to, and with how much noise.
//! What is particular to diffusers, its known bugs included, stands in the one file of each class under `class/`.
//!
//! ```
//! use langevin_core::GaussianMixture;
//! use langevin_schedulers::{Batch, Config, ExactNetwork, Noise, Plan, Request, RngKind, run};
//!
//! # fn main() -> langevin_schedulers::Result<()> {
//! let config = Config::parse(r#"{"_class_name": "EulerDiscreteScheduler"}"#)?;
//! let plan = Plan::new(&config, &Request::steps(20))?;
//! let mixture = GaussianMixture::new(vec![1.0], vec![vec![3.0]], vec![vec![0.5]])?;
//! let network = ExactNetwork::new(&mixture, plan.prediction);
//! let start = Batch::new(vec![plan.init_noise_sigma], 1)?;
//! let mut noise = Noise::new(RngKind::Philox, 0, 1, 1);
//! let states = run(&plan, &network, start, &mut noise)?;
//! // One state for each call, after the one it started from; noise 1 ends near one deviation above the mean.
//! assert_eq!(states.len(), 21);
//! assert!((states[20].values()[0] - 3.5).abs() < 0.2);
//! # Ok(())
//! # }
//! ```

mod alphas;
mod batch;
mod beta_quantile;
mod brownian;
mod class;
mod config;
mod error;
mod estimate;
mod exact;
mod learned;
mod method;
mod mix;
mod noise;
mod numpy;
mod numpy_log;
mod pipelines;
mod plan;
mod process;
mod resolution_shift;
mod run;
mod seed_sequence;
mod sigmas;
mod single;
mod spacing;
mod start;
#[cfg(feature = "burn")]
mod tensor;
mod torch_sqrt;
mod trace;
mod weighted;

pub use batch::Batch;
pub use brownian::Increment;
pub use config::Config;
pub use error::{Error, Result};
pub use estimate::{Estimate, Keep, Sample};
pub use exact::ExactNetwork;
pub use learned::Learned;
pub use method::Method;
pub use mix::Mix;
pub use noise::{Noise, NoiseSource, RngKind};
pub use plan::{Call, Levels, Mode, Path, Plan, Request};
pub use process::process;
pub use run::{Network, Observer, run, walk};
pub use start::Start;
pub use trace::{Job, Traced, trace};
