//! `KarrasVeScheduler`: Heun's method with churn (Karras et al. 2022, algorithm 2): noise first, then a step from the
//! raised level, corrected at its end.
//!
//! Known bug: the list of levels `sigma_max² · (sigma_min²/sigma_max²)^(i/(n − 1))` holds the squares of what it should;
//! the fixed mode takes their roots.

use langevin_core::{Eval, Level, Prediction, Solver, Step};

use super::Class;
use super::own::OwnPath;
use crate::process::Process;
use crate::run::{NoDenoiser, Observer, evaluate};
use crate::{
    Call, Config, Method, Mode, Network, NoiseSource, Path, Plan, Request, Result, Sample,
};

pub(super) const CLASS: Class = Class {
    name: "KarrasVeScheduler",
    keys: &[&["sigma_min", "sigma_max", "s_noise", "s_churn", "s_min", "s_max"]],
    plan,
    order: 2,
    process: Process::None,
};

/// Raised levels and the steps from them.
#[derive(Clone, Debug)]
pub struct KarrasVe {
    steps: Vec<Raised>,
}

#[derive(Clone, Debug)]
struct Raised {
    /// Standard deviation of the noise before the step.
    noise: f64,
    call: Call,
}

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let (min, max): (f64, f64) = (config.get("sigma_min", 0.02)?, config.get("sigma_max", 100.0)?);
    let (churn, s_noise): (f64, f64) =
        (config.get("s_churn", 80.0)?, config.get("s_noise", 1.007)?);
    let (s_min, s_max): (f64, f64) = (config.get("s_min", 0.05)?, config.get("s_max", 50.0)?);
    if request.steps < 2 {
        return Err(config.impossible("one step alone has no stride between levels"));
    }
    let count = request.steps - 1;
    let (ratio, first) = ((min * min / (max * max)) as f32, (max * max) as f32);
    let square = |t: usize| first * ratio.powf((count - t) as f32 / count as f32);
    let level = |t: usize| match request.mode {
        Mode::AsDiffusers => square(t),
        Mode::Fixed => square(t).sqrt(),
    };
    let mut steps = Vec::with_capacity(request.steps);
    for t in (0..request.steps).rev() {
        let sigma = level(t);
        let next = if t == 0 { 0.0 } else { level(t - 1) };
        let within = (s_min..=s_max).contains(&f64::from(sigma));
        let gamma =
            if within { (churn / request.steps as f64).min(2f64.sqrt() - 1.0) } else { 0.0 };
        let raised = sigma + gamma as f32 * sigma;
        let noise = f64::from((raised * raised - sigma * sigma).sqrt()) * s_noise;
        let at = |sigma: f32| Level::new(1.0, f64::from(sigma));
        let call = Call::new(t as f64, Prediction::Noise, at(raised), at(next), Method::Euler);
        steps.push(Raised { noise, call });
    }
    let wrong = steps.iter().find(|s| !(s.call.from.sigma > 0.0 && s.noise.is_finite()));
    if let Some(step) = wrong {
        return Err(
            config.impossible(format!("one of its noise levels is {}", step.call.from.sigma))
        );
    }
    Ok(Plan {
        timesteps: steps.iter().map(|step| step.call.timestep).collect(),
        sigmas: None,
        init_noise_sigma: max,
        prediction: Prediction::Noise,
        path: Path::Own(OwnPath::KarrasVe(KarrasVe { steps })),
    })
}

impl KarrasVe {
    pub(crate) fn levels(&self) -> impl Iterator<Item = Level> + '_ {
        self.steps.iter().map(|step| step.call.from)
    }

    pub(crate) fn walk<X: Sample>(
        &self,
        network: &dyn Network<X>,
        start: X,
        noise: &mut dyn NoiseSource<X>,
        observer: &mut Observer<'_, X>,
    ) -> Result<X> {
        let mut x = start;
        for (done, Raised { noise: added, call }) in self.steps.iter().enumerate() {
            x = X::combine(&[(1.0, &x), (*added, &noise.draw()?)])?;
            let mut past: Vec<Eval<X>> = vec![evaluate(call, network, &x)?];
            let to = Step { to: call.to, fresh: 0.0 };
            let mut next = Method::Euler.step(&past, to, &NoDenoiser)?;
            if call.to.sigma != 0.0 {
                let end =
                    Call::new(call.timestep, Prediction::Noise, call.to, call.to, Method::Euler);
                past.push(evaluate(&end, network, &next)?);
                next = Method::HeunStage.step(&past, to, &NoDenoiser)?;
            }
            x = network.settle(done + 1, next)?;
            observer(done + 1, &x)?;
        }
        Ok(x)
    }
}
