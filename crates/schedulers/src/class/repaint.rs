//! `RePaintScheduler`: DDIM steps with noise and jumps back (Lugmayr et al. 2022, algorithm 1).
//!
//! A plan has no mask, so nothing is known and every pixel is sampled. Jumps are those of the defaults, 10 timesteps
//! back 9 times every 10; a jump is a series of small noisings, after which no state is recorded.

use std::collections::HashMap;

use langevin_core::Level;

use super::ddim::landing;
use super::discrete::{Timeline, at_most, call, clip, keeping_noise};
use super::own::OwnPath;
use super::{BETA_KEYS, Class};
use crate::alphas::{Betas, CURVES, Curve, Terminal, alphas_cumprod, betas, train_timesteps};
use crate::process::Process;
use crate::run::{Observer, evaluate, step};
use crate::{
    Call, Config, Estimate, Method, Network, NoiseSource, Path, Plan, Request, Result, Sample,
};

pub(super) const CLASS: Class = Class {
    name: "RePaintScheduler",
    keys: &[BETA_KEYS, &["eta", "clip_sample"]],
    plan,
    order: 1,
    process: Process::Betas(&BETAS, Terminal::AsTrained),
};

const BETAS: Betas = Betas {
    schedules: &[CURVES[0], CURVES[1], CURVES[2], ("sigmoid", Curve::Sigmoid)],
    ..Betas::DDPM
};

/// Steps down and jumps up.
#[derive(Clone, Debug)]
pub struct RePaint {
    moves: Vec<Move>,
}

#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "most moves are steps")]
enum Move {
    Down(Call),
    /// The betas of the noisings.
    Up(Vec<f64>),
}

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    if config.optional::<Vec<f64>>("trained_betas")?.is_some() {
        return Err(config.refuse("trained_betas", "a list", "null: diffusers takes no list here"));
    }
    let eta: f64 = config.get("eta", 0.0)?;
    let estimate = match clip(config, true)? {
        Estimate::Clip { .. } => Estimate::Clip { range: 1.0 },
        other => other,
    };
    let total = train_timesteps(config, 1000)?;
    let request = &Request { steps: request.steps.min(total), ..*request };
    at_most(config, request.steps, total)?;
    let stride = (total / request.steps) as i64;
    let visited = jumping(request.steps).into_iter().map(|t| t * stride).collect();
    let betas = betas(config, &BETAS)?;
    let bars = alphas_cumprod(config, &BETAS, Terminal::AsTrained)?;
    let line = Timeline::of(config, request, bars.into_iter().map(f64::from).collect(), visited)?;
    let prediction = langevin_core::Prediction::Noise;
    let mut moves = Vec::with_capacity(line.visited.len());
    let mut before = line.visited[0] + 1;
    for &t in &line.visited {
        if t < before {
            let (now, to) = (line.bar(config, t)?, line.bar_or(config, t - stride, 1.0)?);
            let (to, noise) = landing(config, (now as f32, to as f32), eta)?;
            let step = call(t, now, (prediction, estimate), to, Method::Euler);
            let added = if t > 0 { noise } else { 0.0 };
            let step = Call { added, draws: 1, ..keeping_noise(step) };
            moves.push(Move::Down(step));
        } else {
            let noisings = before as usize..(before + stride) as usize;
            moves.push(Move::Up(noisings.map(|t| f64::from(betas[t])).collect()));
        }
        before = t;
    }
    Ok(Plan {
        timesteps: line.timesteps(),
        sigmas: None,
        init_noise_sigma: 1.0,
        prediction,
        path: Path::Own(OwnPath::RePaint(RePaint { moves })),
    })
}

/// The indices of the steps, jumps included.
fn jumping(steps: usize) -> Vec<i64> {
    const LENGTH: i64 = 10;
    const TIMES: usize = 9;
    let steps = steps as i64;
    let mut left: HashMap<i64, usize> =
        (0..(steps - LENGTH).max(0)).step_by(LENGTH as usize).map(|at| (at, TIMES)).collect();
    let mut order = Vec::new();
    let mut t = steps;
    while t >= 1 {
        t -= 1;
        order.push(t);
        if let Some(times) = left.get_mut(&t).filter(|times| **times > 0) {
            *times -= 1;
            order.extend(t + 1..=t + LENGTH);
            t += LENGTH;
        }
    }
    order
}

impl RePaint {
    pub(crate) fn levels(&self) -> impl Iterator<Item = Level> + '_ {
        self.moves.iter().filter_map(|way| match way {
            Move::Down(call) => Some(call.from),
            Move::Up(_) => None,
        })
    }

    pub(crate) fn walk<X: Sample>(
        &self,
        network: &dyn Network<X>,
        start: X,
        noise: &mut dyn NoiseSource<X>,
        observer: &mut Observer<'_, X>,
    ) -> Result<X> {
        let (mut x, mut done) = (start, 0);
        for way in &self.moves {
            match way {
                Move::Down(call) => {
                    let past = [evaluate(call, network, &x)?];
                    done += 1;
                    x = network.settle(done, step(call, &past, noise)?)?;
                    observer(done, &x)?;
                }
                Move::Up(betas) => {
                    for beta in betas {
                        let drawn = noise.draw()?;
                        x = X::combine(&[((1.0 - beta).sqrt(), &x), (beta.sqrt(), &drawn)])?;
                    }
                }
            }
        }
        Ok(x)
    }
}

#[cfg(test)]
mod tests {
    use super::jumping;

    /// 20 steps: down to 0, then nine times up by 10 and down again.
    #[test]
    fn jumps_go_back_nine_times() {
        let order = jumping(20);
        assert_eq!(order.len(), 20 + 9 * 20);
        assert_eq!(order.iter().filter(|&&t| t == 0).count(), 10);
        assert_eq!(order[20..31], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 9]);
        assert_eq!(*order.last().unwrap(), 0);
        assert_eq!(jumping(10), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    }
}
