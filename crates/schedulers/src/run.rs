//! The run of a plan: for each call the network's output, its clean estimate, the step, the noise.

use langevin_core::{Denoiser, Eval, Level, Solver, State, Step};

use crate::learned::parts;
use crate::{Call, Error, Keep, NoiseSource, Path, Plan, Result, Sample};

/// What a plan asks of a network.
pub trait Network<X> {
    /// The output for the state `x` at level `at`; `timestep` is what diffusers would tell the network.
    ///
    /// # Errors
    /// Whatever keeps the output from being computed.
    fn output(&self, x: &X, at: Level, timestep: f64) -> Result<X>;

    /// What becomes of the state after `done` calls before it is told and used: itself, but for networks that know a part
    /// of it.
    ///
    /// # Errors
    /// Whatever keeps it from being computed.
    fn settle(&self, done: usize, x: X) -> Result<X> {
        let _ = done;
        Ok(x)
    }
}

/// What is told of each state as it is reached, with its index; an error from it ends the run.
pub type Observer<'a, X> = dyn FnMut(usize, &X) -> Result<()> + 'a;

/// The states of a plan: the one it starts from, then one after each call.
///
/// # Errors
/// What the network, the noise or the solvers return.
pub fn run<X: Sample>(
    plan: &Plan,
    network: &dyn Network<X>,
    start: X,
    noise: &mut dyn NoiseSource<X>,
) -> Result<Vec<X>> {
    let mut states = Vec::with_capacity(plan.timesteps.len() + 1);
    walk(plan, network, start, noise, &mut |_, x| {
        states.push(x.clone());
        Ok(())
    })?;
    Ok(states)
}

/// The last state of a plan, or its mean where [`Plan::as_score_sde_ve`] asks for that; `observer` is told of all states, the one it starts from included, and none is kept longer than
/// the steps need it.
///
/// # Errors
/// What the network, the noise, the solvers or the observer return.
pub fn walk<X: Sample>(
    plan: &Plan,
    network: &dyn Network<X>,
    start: X,
    noise: &mut dyn NoiseSource<X>,
    observer: &mut Observer<'_, X>,
) -> Result<X> {
    observer(0, &start)?;
    match &plan.path {
        Path::Calls(calls) => walk_calls(calls, network, start, noise, observer),
        Path::Own(own) => own.walk(network, start, noise, observer),
    }
}

fn walk_calls<X: Sample>(
    calls: &[Call],
    network: &dyn Network<X>,
    start: X,
    noise: &mut dyn NoiseSource<X>,
    observer: &mut Observer<'_, X>,
) -> Result<X> {
    // As much as any call looks back on: the methods change from call to call.
    let methods = calls.iter().flat_map(|call| [Some(call.method), call.corrector]).flatten();
    let memory = methods.map(|method| Solver::<X>::memory(&method)).max().unwrap_or(1);
    let mut past: Vec<Eval<X>> = Vec::new();
    let mut x = start;
    for (done, call) in calls.iter().enumerate() {
        let (evaluated, deviation) = observe(call, network, &x)?;
        past.push(evaluated);
        past.drain(..past.len().saturating_sub(memory));
        if let Some(corrected) = correct(call, &past)? {
            *past.last_mut().expect("an evaluation was just pushed") = corrected;
        }
        x = network.settle(done + 1, deviate(call, &past, noise, deviation.as_ref())?)?;
        observer(done + 1, &x)?;
    }
    Ok(x)
}

/// The evaluation that a call's step starts from.
pub(crate) fn evaluate<X: Sample>(call: &Call, network: &dyn Network<X>, x: &X) -> Result<Eval<X>> {
    Ok(observe(call, network, x)?.0)
}

/// The same, with the standard deviations of the noise where they are learned.
fn observe<X: Sample>(
    call: &Call,
    network: &dyn Network<X>,
    x: &X,
) -> Result<(Eval<X>, Option<X>)> {
    if let Some(most) = call.channels.filter(|most| x.channels() > *most) {
        return Err(Error::Number {
            name: "the number of channels",
            found: x.channels().to_string(),
            expected: format!("at most {most}, because `variance_type` cuts the rest off"),
        });
    }
    let seen = X::combine(&[(call.scale, x)])?;
    let output = network.output(&seen, call.seen, call.timestep)?;
    let (output, deviation) = parts(call, output, x.channels())?;
    let x = if call.keep == Keep::Seen { &seen } else { x };
    let (p, q) = call.reading;
    let read = X::combine(&[(p, x), (q, &output)])?;
    let clean = call.estimate.apply(read.clone());
    let x = match call.keep {
        Keep::State | Keep::Seen => x.clone(),
        Keep::Noise => {
            let alpha = call.from.alpha;
            X::combine(&[(1.0, x), (alpha, &clean), (-alpha, &read)])?
        }
    };
    Ok((Eval { level: call.from, x, clean }, deviation))
}

fn correct<X: Sample>(call: &Call, past: &[Eval<X>]) -> Result<Option<Eval<X>>> {
    Ok(call.corrector.map(|corrector| corrector.correct(past)).transpose()?.flatten())
}

/// The state after the step, noise included.
pub(crate) fn step<X: Sample>(
    call: &Call,
    past: &[Eval<X>],
    noise: &mut dyn NoiseSource<X>,
) -> Result<X> {
    deviate(call, past, noise, None)
}

/// The same, with these standard deviations of the noise.
fn deviate<X: Sample>(
    call: &Call,
    past: &[Eval<X>],
    noise: &mut dyn NoiseSource<X>,
    deviation: Option<&X>,
) -> Result<X> {
    let target = Step { to: call.to, fresh: call.fresh };
    let next = call.method.step(past, target, &NoDenoiser)?;
    let mut drawn = None;
    for _ in 0..call.draws {
        drawn = Some(noise.draw()?);
    }
    if let Some(increment) = &call.increment {
        drawn = Some(noise.increment(increment)?);
    }
    match (drawn, deviation) {
        (Some(drawn), Some(deviation)) => {
            Ok(X::combine(&[(1.0, &next), (1.0, &drawn.product(deviation))])?)
        }
        (Some(drawn), None) if call.added != 0.0 => {
            Ok(X::combine(&[(1.0, &next), (call.added, &drawn)])?)
        }
        _ => Ok(next),
    }
}

/// Plans call the network themselves, so their stages must not.
pub(crate) struct NoDenoiser;

impl<X: State> Denoiser<X> for NoDenoiser {
    fn denoise(&self, _: &X, _: Level) -> langevin_core::Result<X> {
        Err(langevin_core::Error::Denoiser(
            "a stage of a plan asked for a second evaluation".to_owned(),
        ))
    }
}
