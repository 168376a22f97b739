//! The sampling loop: the only place that draws noise, and an iterator, so that progress, previews, cancelling and
//! streaming are what the caller does between two items.

use std::collections::VecDeque;
use std::iter::FusedIterator;

use crate::plan::{self, Move};
use crate::{AnySolver, Denoiser, Error, Eval, Level, Result, Solver, State, Step};

/// Where the noise of a step comes from.
pub trait NoiseSource<X> {
    /// Standard normal noise for step `step`, counted over all moves of a plan, of the state's shape; the same for the
    /// same step.
    ///
    /// # Errors
    /// What keeps it from being drawn.
    fn noise(&self, step: usize) -> Result<X>;
}

impl<X, F: Fn(usize) -> Result<X>> NoiseSource<X> for F {
    fn noise(&self, step: usize) -> Result<X> {
        self(step)
    }
}

/// For deterministic samplers: an error where noise is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoNoise;

impl<X> NoiseSource<X> for NoNoise {
    fn noise(&self, step: usize) -> Result<X> {
        let found = format!("needed at step {step}");
        Err(Error::Value { name: "noise", found, expected: "given to a stochastic sampler" })
    }
}

/// Goes through the levels of a grid, or the moves of a plan, from a starting state; yields the evaluation that each
/// step of the solver starts from.
///
/// Where the solver has a corrector, the evaluation is yielded as it was made, and the trajectory goes on from the
/// corrected one.
pub struct Trajectory<'a, X> {
    moves: Vec<Move>,
    level: Option<Level>,
    solver: AnySolver,
    eta: f64,
    denoiser: &'a dyn Denoiser<X>,
    noise: &'a dyn NoiseSource<X>,
    state: X,
    past: VecDeque<Eval<X>>,
    done: usize,
}

impl<'a, X: State> Trajectory<'a, X> {
    /// A trajectory from `start`, a state at `levels[0]`, to `levels.last()`.
    ///
    /// `eta` is the share of the posterior's noise that is drawn anew at each step; not negative. Values above 1 draw
    /// more, up to all of the next level's noise. Any other value is the error of the first step.
    pub fn new(
        start: X,
        levels: Vec<Level>,
        solver: AnySolver,
        eta: f64,
        denoiser: &'a dyn Denoiser<X>,
        noise: &'a dyn NoiseSource<X>,
    ) -> Self {
        let level = levels.first().copied();
        let moves = levels.into_iter().skip(1).map(Move::Step).collect();
        Self {
            moves,
            level,
            solver,
            eta,
            denoiser,
            noise,
            state: start,
            past: VecDeque::new(),
            done: 0,
        }
    }

    /// The same trajectory along other moves from its first level: churn, restarts, resampling (see [`plan`]).
    #[must_use]
    pub fn along(mut self, moves: Vec<Move>) -> Self {
        self.moves = moves;
        self
    }

    /// Goes to the end and returns the last state.
    ///
    /// # Errors
    /// The first error of the denoiser, the noise source or the states.
    pub fn run(mut self) -> Result<X> {
        for eval in self.by_ref() {
            eval?;
        }
        Ok(self.state)
    }

    /// The state at the level reached so far.
    pub fn state(&self) -> &X {
        &self.state
    }

    fn advance(&mut self, from: Level, to: Level) -> Result<Eval<X>> {
        if !(self.eta >= 0.0 && self.eta.is_finite()) {
            let expected = "not negative and finite";
            return Err(Error::Value { name: "eta", found: self.eta.to_string(), expected });
        }
        if self.eta > 0.0 && !self.solver.takes_noise() {
            let expected = "0 for a solver that corrects its steps or extrapolates the noise";
            return Err(Error::Value { name: "eta", found: self.eta.to_string(), expected });
        }
        let clean = self.denoiser.denoise(&self.state, from)?;
        let eval = Eval { level: from, x: self.state.clone(), clean };
        self.past.push_back(eval.clone());
        while self.past.len() > Solver::<X>::memory(&self.solver) {
            self.past.pop_front();
        }
        let fresh = self.solver.fresh(from, to, self.eta);
        let past = self.past.make_contiguous();
        if let Some(corrected) = self.solver.correct(past)?
            && let Some(last) = past.last_mut()
        {
            *last = corrected;
        }
        let mut next = self.solver.step(past, Step { to, fresh }, self.denoiser)?;
        if fresh > 0.0 {
            next = X::combine(&[(1.0, &next), (fresh, &self.noise.noise(self.done)?)])?;
        }
        self.state = next;
        Ok(eval)
    }

    fn rise(&mut self, from: Level, to: Level, scale: f64) -> Result<()> {
        let noise = self.noise.noise(self.done)?;
        let added = scale * plan::rising_noise(from, to);
        self.state = X::combine(&[(to.alpha / from.alpha, &self.state), (added, &noise)])?;
        self.past.clear();
        Ok(())
    }
}

impl<X: State> FusedIterator for Trajectory<'_, X> {}

impl<X: State> Iterator for Trajectory<'_, X> {
    type Item = Result<Eval<X>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut from = self.level?;
        loop {
            let next = *self.moves.get(self.done)?;
            let eval = match next {
                Move::Step(to) => self.advance(from, to).map(Some),
                Move::Rise { to, scale } => self.rise(from, to, scale).map(|()| None),
            };
            // After an error nothing follows.
            self.done = if eval.is_ok() { self.done + 1 } else { self.moves.len() };
            from = next.to();
            self.level = Some(from);
            match eval.transpose() {
                Some(eval) => return Some(eval),
                None => continue,
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.moves.len().saturating_sub(self.done);
        (0, Some(left))
    }
}
