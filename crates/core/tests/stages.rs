//! A method run stage by stage, one evaluation each, is the method run as whole steps.

use langevin_core::solver::{
    Curvature, Dpm2Stage, DpmSinglestep, DpmSinglestepStage, Euler, Form, Heun, HeunFlow,
    HeunFlowStage, HeunStage, Output, PlmsStage, PrkStage, Rk4, Slope,
};
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

/// Between `from` and `to` on variance-exploding levels, by `sigma`.
fn ve(sigma: f64) -> Level {
    Level::new(1.0, sigma)
}

#[test]
fn single_step_dpm_solver() {
    let (from, to) = (ve(2.0), ve(0.5));
    let inner = |share: f64| ve(2.0 * (0.25f64).powf(share));
    for form in [Form::Data, Form::Noise] {
        for slope in [Slope::Midpoint, Slope::Exact] {
            let stage =
                |stage| DpmSinglestepStage { stage, form, slope, curvature: Curvature::EXACT };
            let (a, b, c) = (stage(1), stage(2), stage(3));
            let whole = |order| DpmSinglestep { order, form, slope };
            let step = Step { to, fresh: 0.0 };
            check(&whole(2), &[(&a, inner(0.5)), (&b, to)], from, step);
            check(
                &whole(3),
                &[(&a, inner(1.0 / 3.0)), (&b, inner(2.0 / 3.0)), (&c, to)],
                from,
                step,
            );
        }
    }
}

#[test]
fn dpm_2_is_dpm_solver_2_with_its_middle() {
    let (from, to) = (ve(2.0), ve(0.5));
    for form in [Form::Data, Form::Noise] {
        let whole = DpmSinglestep { order: 2, form, slope: Slope::Midpoint };
        let stages: [(&dyn Solver<Vec<f64>>, Level); 2] =
            [(&Euler, ve(1.0)), (&Dpm2Stage { form }, to)];
        check(&whole, &stages, from, Step { to, fresh: 0.0 });
    }
}

#[test]
fn prk_is_rk4() {
    let (from, to) = (ve(2.0), ve(0.5));
    let stage = |stage| PrkStage { stage, output: Output::Noise };
    let (a, b, c, d) = (stage(1), stage(2), stage(3), stage(4));
    let middle = ve(1.25);
    check(&Rk4, &[(&a, middle), (&b, middle), (&c, to), (&d, to)], from, Step { to, fresh: 0.0 });
}

#[test]
fn the_start_of_plms_is_heun() {
    let (from, to) = (Level::new(0.6, 0.8), Level::new(0.9, 0.3));
    let stage = PlmsStage { output: Output::Noise };
    check(&Heun, &[(&Euler, to), (&stage, to)], from, Step { to, fresh: 0.0 });
}

/// One evaluation of v and of the noise are the same DDIM step.
#[test]
fn one_output_is_a_ddim_step() {
    let (from, to) = (Level::new(0.6, 0.8), Level::new(0.9, 0.3));
    for output in [Output::Noise, Output::V] {
        let stage = PrkStage { stage: 1, output };
        check(&Euler, &[(&stage, to)], from, Step { to, fresh: 0.0 });
    }
}

#[test]
fn a_stage_without_its_start_is_an_error() {
    let data = data();
    let eval = Eval { level: ve(1.0), x: vec![0.0], clean: vec![0.0] };
    let found = HeunStage.step(&[eval], Step { to: ve(0.5), fresh: 0.0 }, &data);
    let sentence =
        "number of evaluations before a stage is 1, but must be at least the stage's memory";
    assert_eq!(found.unwrap_err().to_string(), sentence);
}
