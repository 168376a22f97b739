//! The loop: one evaluation per level but the last, errors that end it, noise only where it is asked for, the same
//! result in one go and step by step, and a bounded number of states.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use langevin_core::{
    AnySolver, Denoiser, Error, Eval, GaussianMixture, Grid, Level, NoNoise, RectifiedFlow, Result,
    State, Trajectory,
};

const SOLVERS: [AnySolver; 6] = [
    AnySolver::Euler,
    AnySolver::Ancestral,
    AnySolver::Lcm,
    AnySolver::Heun,
    AnySolver::HeunFlow,
    AnySolver::Dpm2M,
];

fn mixture() -> GaussianMixture {
    GaussianMixture::new(vec![0.4, 0.6], vec![vec![-1.0], vec![2.0]], vec![vec![0.3], vec![0.5]])
        .unwrap()
}

fn levels(steps: usize) -> Vec<Level> {
    Grid::Uniform.levels(&RectifiedFlow, steps).unwrap()
}

fn noise(step: usize) -> Result<Vec<f64>> {
    Ok(vec![(step as f64 * 1.3).cos()])
}

#[test]
fn one_evaluation_is_yielded_per_level_but_the_last() {
    let data = mixture();
    for solver in SOLVERS {
        for steps in [1, 2, 9] {
            let levels = levels(steps);
            let mut run = Trajectory::new(vec![0.5], levels.clone(), solver, 0.5, &data, &noise);
            assert_eq!(run.size_hint().1, Some(steps));
            let mut state = vec![0.5];
            for level in &levels[..steps] {
                let eval = run.next().unwrap().unwrap();
                assert_eq!(eval.level, *level, "{solver}");
                assert_eq!(eval.x, state, "{solver}");
                assert_eq!(eval.clean, data.denoise(&eval.x, *level).unwrap(), "{solver}");
                state = run.state().clone();
            }
            assert!(run.next().is_none() && run.next().is_none());
            assert_eq!(run.size_hint().1, Some(0));
        }
    }
}

/// With a single level, or none, there is nowhere to go.
#[test]
fn no_step_leaves_the_start() {
    for levels in [vec![], vec![Level::NOISE]] {
        let end =
            Trajectory::new(vec![0.5], levels, AnySolver::Ancestral, 1.0, &mixture(), &NoNoise)
                .run();
        assert_eq!(end, Ok(vec![0.5]));
    }
}

#[test]
fn step_by_step_and_at_once_end_in_the_same_state() {
    let data = mixture();
    for solver in SOLVERS {
        let new = || Trajectory::new(vec![0.5], levels(20), solver, 0.7, &data, &noise);
        let mut run = new();
        let mut evals = 0;
        for eval in run.by_ref() {
            eval.unwrap();
            evals += 1;
        }
        assert_eq!(evals, 20);
        assert_eq!(run.state(), &new().run().unwrap(), "{solver}");
        // A run may also be finished by `run` after some steps.
        let mut begun = new();
        begun.by_ref().take(7).for_each(|eval| _ = eval.unwrap());
        assert_eq!(begun.run().unwrap(), new().run().unwrap(), "{solver}");
    }
}

/// The last step goes to clean data: its estimate is the end.
#[test]
fn the_end_is_the_last_estimate() {
    let data = mixture();
    for solver in SOLVERS {
        let mut run = Trajectory::new(vec![0.5], levels(10), solver, 1.0, &data, &noise);
        let last = run.by_ref().last().unwrap().unwrap();
        assert!((run.state()[0] - last.clean[0]).abs() < 1e-15, "{solver}");
    }
}

#[test]
fn a_denoisers_error_ends_the_run() {
    for (solver, bad_call, evals) in [(AnySolver::Euler, 3, 3), (AnySolver::Heun, 5, 2)] {
        let calls = Cell::new(0);
        let data = mixture();
        let denoiser = |x: &Vec<f64>, at: Level| {
            calls.set(calls.get() + 1);
            if calls.get() > bad_call {
                return Err(Error::Denoiser("the model is gone".to_owned()));
            }
            data.denoise(x, at)
        };
        let mut run = Trajectory::new(vec![0.5], levels(10), solver, 0.0, &denoiser, &NoNoise);
        for _ in 0..evals {
            assert!(run.next().unwrap().is_ok(), "{solver}");
        }
        let before = run.state().clone();
        let error = run.next().unwrap().unwrap_err();
        assert_eq!(error.to_string(), "the model is gone");
        // Nothing follows, the denoiser is not called again, and the last good state is kept.
        assert!(run.next().is_none());
        assert_eq!(calls.get(), bad_call + 1);
        assert_eq!(run.state(), &before);
        assert_eq!(run.size_hint(), (0, Some(0)));
    }
}

#[test]
fn run_returns_the_error() {
    let fails = |_: &Vec<f64>, _: Level| Err(Error::Denoiser("no weights".to_owned()));
    let end = Trajectory::new(vec![0.5], levels(4), AnySolver::Euler, 0.0, &fails, &NoNoise).run();
    assert_eq!(end.unwrap_err().to_string(), "no weights");
    // A denoiser that returns another shape.
    let grows = |x: &Vec<f64>, _: Level| Ok(vec![0.0; x.len() + 1]);
    let end = Trajectory::new(vec![0.5], levels(4), AnySolver::Euler, 0.0, &grows, &NoNoise).run();
    assert_eq!(end, Err(Error::Shapes(1, 2)));
    // A noise source of another shape.
    let noise = |_: usize| Ok(vec![0.0; 3]);
    let data = mixture();
    let end = Trajectory::new(vec![0.5], levels(4), AnySolver::Ancestral, 0.0, &data, &noise).run();
    assert_eq!(end, Err(Error::Shapes(1, 3)));
}

#[test]
fn deterministic_samplers_draw_no_noise() {
    let data = mixture();
    for solver in [AnySolver::Euler, AnySolver::Heun, AnySolver::HeunFlow, AnySolver::Dpm2M] {
        let new = |eta: f64| Trajectory::new(vec![0.5], levels(10), solver, eta, &data, &NoNoise);
        assert!(new(0.0).run().is_ok(), "{solver}");
        let error = new(0.5).run().unwrap_err().to_string();
        assert!(error.contains("noise is needed at step 0"), "{error}");
    }
}

/// Every step but the one to clean data draws once, and names its step.
#[test]
fn stochastic_samplers_draw_once_per_step() {
    let data = mixture();
    for (solver, eta) in [
        (AnySolver::Ancestral, 0.0),
        (AnySolver::Lcm, 0.0),
        (AnySolver::Euler, 0.3),
        (AnySolver::Heun, 1.0),
    ] {
        let drawn = RefCell::new(Vec::new());
        let source = |step: usize| {
            drawn.borrow_mut().push(step);
            noise(step)
        };
        Trajectory::new(vec![0.5], levels(6), solver, eta, &data, &source).run().unwrap();
        assert_eq!(*drawn.borrow(), [0, 1, 2, 3, 4], "{solver}");
    }
}

#[test]
fn absurd_etas_are_errors() {
    let data = mixture();
    for eta in [-0.1, f64::NAN, f64::INFINITY] {
        let mut run = Trajectory::new(vec![0.5], levels(5), AnySolver::Euler, eta, &data, &noise);
        let error = run.next().unwrap().unwrap_err().to_string();
        assert!(error.starts_with("eta is"), "{error}");
        assert!(run.next().is_none());
    }
    // Above 1 more noise is drawn anew, at most all of it.
    let (from, to) = (Level::new(0.5, 0.5), Level::new(0.75, 0.25));
    for eta in [1.5, 1e9] {
        let fresh = AnySolver::Euler.fresh(from, to, eta);
        assert!(fresh > AnySolver::Euler.fresh(from, to, 1.0) && fresh <= to.sigma);
    }
}

/// A number that counts how many of its kind exist, and the most there ever were.
#[derive(Debug)]
struct Counted {
    value: f64,
    live: Rc<Cell<(usize, usize)>>,
}

impl Counted {
    fn new(value: f64, live: &Rc<Cell<(usize, usize)>>) -> Self {
        let (now, most) = live.get();
        live.set((now + 1, most.max(now + 1)));
        Self { value, live: Rc::clone(live) }
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        Self::new(self.value, &self.live)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let (now, most) = self.live.get();
        self.live.set((now - 1, most));
    }
}

impl State for Counted {
    fn combine(terms: &[(f64, &Self)]) -> Result<Self> {
        let values: Vec<(f64, &f64)> = terms.iter().map(|(c, x)| (*c, &x.value)).collect();
        Ok(Self::new(f64::combine(&values)?, &terms[0].1.live))
    }
}

#[test]
fn memory_does_not_grow_with_the_number_of_steps() {
    for solver in SOLVERS {
        let most = |steps: usize| {
            let live = Rc::new(Cell::new((0, 0)));
            let denoiser = |x: &Counted, at: Level| Ok(Counted::new(at.alpha * x.value, &x.live));
            let noise = |step: usize| Ok(Counted::new(step as f64, &live));
            let start = Counted::new(1.0, &live);
            let end = Trajectory::new(start, levels(steps), solver, 1.0, &denoiser, &noise).run();
            drop(end);
            assert_eq!(live.get().0, 0, "{solver} leaves states behind");
            live.get().1
        };
        assert_eq!(most(1000), most(5), "{solver}");
        assert!(most(1000) <= 12, "{solver} holds {} states", most(1000));
    }
}

/// Iterator adaptors are enough for previews and for stopping early.
#[test]
fn runs_are_iterators() {
    let data = mixture();
    let run = Trajectory::new(vec![0.5], levels(50), AnySolver::Heun, 0.0, &data, &NoNoise);
    let previews: Result<Vec<Eval<Vec<f64>>>> = run.step_by(10).take(3).collect();
    let ratios: Vec<f64> = previews.unwrap().iter().map(|eval| eval.level.sigma).collect();
    assert_eq!(ratios, [1.0, 0.8, 0.6]);
}
