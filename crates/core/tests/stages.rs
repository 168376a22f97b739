//! A method run stage by stage, one evaluation each, is the method run as whole steps.

use langevin_core::solver::{Euler, Heun, HeunFlow, HeunFlowStage, HeunStage};
use langevin_core::{Denoiser, Eval, GaussianMixture, Level, Solver, Step};

fn data() -> GaussianMixture {
    GaussianMixture::new(vec![0.4, 0.6], vec![vec![-1.0], vec![1.0]], vec![vec![0.3], vec![0.5]])
        .unwrap()
}

/// One step of a whole method, and of its stages, each given with the level it goes to.
fn check(
    whole: &dyn Solver<Vec<f64>>,
    stages: &[(&dyn Solver<Vec<f64>>, Level)],
    from: Level,
    step: Step,
) {
    let data = data();
    let evaluate = |level, x: Vec<f64>| Eval { level, clean: data.denoise(&x, level).unwrap(), x };
    let start = evaluate(from, vec![0.7]);
    let expected = whole.step(std::slice::from_ref(&start), step, &data).unwrap();
    let mut past = vec![start];
    for (stage, to) in &stages[..stages.len() - 1] {
        let x = stage.step(&past, Step { to: *to, fresh: 0.0 }, &data).unwrap();
        past.push(evaluate(*to, x));
    }
    let none = |_: &Vec<f64>, _: Level| panic!("a stage does not call the denoiser");
    let found = stages.last().unwrap().0.step(&past, step, &none).unwrap();
    assert!((found[0] - expected[0]).abs() < 1e-13, "{found:?} and {expected:?}");
}

#[test]
fn heun() {
    let (from, to) = (Level::new(0.6, 0.8), Level::new(0.9, 0.3));
    check(&Heun, &[(&Euler, to), (&HeunStage, to)], from, Step { to, fresh: 0.0 });
}

#[test]
fn heun_flow() {
    let (from, to) = (Level::NOISE, Level::new(0.7, 0.3));
    check(&HeunFlow, &[(&Euler, to), (&HeunFlowStage, to)], from, Step { to, fresh: 0.0 });
    let fresh = Step { to, fresh: 0.2 };
    let before = fresh.before_noise();
    check(&HeunFlow, &[(&Euler, before), (&HeunFlowStage, to)], Level::new(0.2, 0.8), fresh);
}
