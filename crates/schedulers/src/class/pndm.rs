//! `PNDMScheduler`: pseudo linear multistep (PLMS) with or without a start of pseudo Runge–Kutta steps (PRK); Liu et al.
//! 2022, eq. 11 and 12.
//!
//! What is combined are the outputs of the network, whatever they mean, and only the combination is read at the level of
//! the step; with `v_prediction` that is another method than combining noises. Without PRK the first step is made
//! twice: an Euler step, then one from the same state with the mean of the outputs at both of its ends.
//! Each transfer is a DDIM step (eq. 11).
//!
//! Where a way begins in the middle of the list, the calls are counted from there, whatever their timesteps: its second
//! call repeats the first step although its timestep is the next one, and Runge–Kutta blocks start at the levels of the
//! list's own first timesteps.

use std::collections::HashMap;

use langevin_core::{Eval, Level, Prediction, Solver, Step};

use super::discrete::{Timeline, any_count, held};
use super::own::OwnPath;
use super::{BETA_KEYS, Class, SPACING_KEYS, prediction};
use crate::alphas::{Betas, Terminal, alphas_cumprod, train_timesteps};
use crate::process::Process;
use crate::run::{NoDenoiser, Observer};
use crate::spacing::Spacing;
use crate::{Config, Method, Network, Path, Plan, Request, Result, Sample};

pub(super) const CLASS: Class = Class {
    name: "PNDMScheduler",
    keys: &[BETA_KEYS, SPACING_KEYS, &["skip_prk_steps", "set_alpha_to_one"]],
    plan,
    order: 1,
    process: Process::Betas(&Betas::DDPM, Terminal::AsTrained),
};

/// Calls whose steps start from any state before and use any outputs so far.
#[derive(Clone, Debug)]
pub struct Pndm {
    prediction: Prediction,
    calls: Vec<Transfer>,
}

#[derive(Clone, Debug)]
struct Transfer {
    timestep: f64,
    seen: Level,
    /// Which state the step starts from.
    base: usize,
    from: Level,
    to: Level,
    /// Which outputs are combined, and their weights.
    terms: Vec<(usize, f64)>,
}

fn plan(config: &Config, request: &Request) -> Result<Plan> {
    let prediction = prediction(config, &["epsilon", "v_prediction"])?;
    let bars = alphas_cumprod(config, &Betas::DDPM, Terminal::AsTrained)?;
    let mut ascending = any_count(config, Spacing::of(config, "leading")?, request.steps)?;
    ascending.reverse();
    let skip = config.flag("skip_prk_steps", false)?;
    let (order, runge_kutta) = if skip {
        (multistep_alone(&ascending), 0)
    } else {
        with_runge_kutta(config, &ascending, request.steps)?
    };
    let line = Timeline::of(config, request, bars.into_iter().map(f64::from).collect(), order)?;
    let end = line.end(config, false)?;
    let mut calls = Vec::with_capacity(line.visited.len());
    // The calls whose outputs the multistep formulae use.
    let mut history: Vec<usize> = Vec::new();
    let made = line.visited.get(request.left_out()..).unwrap_or_default();
    for (index, &t) in made.iter().enumerate() {
        let stages = if index < runge_kutta {
            let half = line.total as i64 / request.steps as i64 / 2;
            let start = index / 4 * 4;
            if index == start {
                history.push(index);
            }
            let to = if index % 2 == 0 { t - half } else { t };
            (start, line.visited[start], to, runge_kutta_terms(index))
        } else if index == 1 {
            (0, t + line.stride, t, vec![(1, 0.5), (0, 0.5)])
        } else {
            history.push(index);
            history.drain(..history.len().saturating_sub(4));
            (index, t, t - line.stride, multistep_terms(&history))
        };
        let (base, from, to, terms) = stages;
        calls.push(Transfer {
            timestep: t as f64,
            seen: Level::from_alpha_bar(line.bar(config, t)?),
            base,
            from: held(line.bar(config, from)?),
            to: held(line.bar_or(config, to, end)?),
            terms,
        });
    }
    Ok(Plan {
        timesteps: line.timesteps(),
        sigmas: None,
        init_noise_sigma: 1.0,
        prediction,
        path: Path::Own(OwnPath::Pndm(Pndm { prediction, calls })),
    })
}

/// From the noisiest down, the second of them twice.
fn multistep_alone(ascending: &[i64]) -> Vec<i64> {
    let (last, before) = ascending.split_last().expect("there is at least one timestep");
    let mut order = before.to_vec();
    order.extend(before.last());
    order.push(*last);
    order.reverse();
    order
}

/// Three blocks of four calls on the way between the four noisiest timesteps, then the others.
fn with_runge_kutta(config: &Config, ascending: &[i64], steps: usize) -> Result<(Vec<i64>, usize)> {
    let Some(first) = ascending.len().checked_sub(4) else {
        return Err(config.impossible(format!(
            "{steps} steps are fewer than the 4 that Runge–Kutta steps need; `skip_prk_steps` does without them"
        )));
    };
    let half = (train_timesteps(config, 1000)? / steps / 2) as i64;
    let halves: Vec<i64> = ascending[first..].iter().flat_map(|&t| [t, t + half]).collect();
    let doubled: Vec<i64> = halves[..7].iter().flat_map(|&t| [t, t]).collect();
    let mut order: Vec<i64> = doubled[1..13].iter().rev().copied().collect();
    let blocks = order.len();
    order.extend(ascending[..=first].iter().rev());
    Ok((order, blocks))
}

/// The classical weights 1/6, 1/3, 1/3, 1/6 in the last call of a block; the output itself before.
fn runge_kutta_terms(index: usize) -> Vec<(usize, f64)> {
    if index % 4 < 3 {
        return vec![(index, 1.0)];
    }
    [1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0]
        .into_iter()
        .enumerate()
        .map(|(stage, weight)| (index - 3 + stage, weight))
        .collect()
}

/// Adams–Bashforth weights of the order that the history allows, newest output first (eq. 12).
fn multistep_terms(history: &[usize]) -> Vec<(usize, f64)> {
    let weights: &[f64] = match history.len() {
        1 => &[1.0],
        2 => &[1.5, -0.5],
        3 => &[23.0 / 12.0, -16.0 / 12.0, 5.0 / 12.0],
        _ => &[55.0 / 24.0, -59.0 / 24.0, 37.0 / 24.0, -9.0 / 24.0],
    };
    history.iter().rev().copied().zip(weights.iter().copied()).collect()
}

impl Pndm {
    pub(crate) fn levels(&self) -> impl Iterator<Item = Level> + '_ {
        self.calls.iter().map(|call| call.seen)
    }

    pub(crate) fn walk<X: Sample>(
        &self,
        network: &dyn Network<X>,
        start: X,
        observer: &mut Observer<'_, X>,
    ) -> Result<X> {
        // What no later call asks for is let go.
        let (mut last_base, mut last_use) = (vec![0; self.calls.len()], vec![0; self.calls.len()]);
        for (index, call) in self.calls.iter().enumerate() {
            last_base[call.base] = index;
            call.terms.iter().for_each(|&(at, _)| last_use[at] = index);
        }
        let mut bases: HashMap<usize, X> = HashMap::new();
        let mut outputs: HashMap<usize, X> = HashMap::new();
        let mut x = start;
        for (index, call) in self.calls.iter().enumerate() {
            bases.insert(index, x.clone());
            outputs.insert(index, network.output(&x, call.seen, call.timestep)?);
            let terms: Vec<_> = call.terms.iter().map(|&(at, c)| (c, &outputs[&at])).collect();
            let combined = X::combine(&terms)?;
            let base = bases[&call.base].clone();
            let (p, q) = self.prediction.clean(call.from);
            let clean = X::combine(&[(p, &base), (q, &combined)])?;
            let past = [Eval { level: call.from, x: base, clean }];
            let step = Step { to: call.to, fresh: 0.0 };
            x = network.settle(index + 1, Method::Euler.step(&past, step, &NoDenoiser)?)?;
            bases.retain(|&at, _| last_base[at] > index);
            outputs.retain(|&at, _| last_use[at] > index);
            observer(index + 1, &x)?;
        }
        Ok(x)
    }
}
