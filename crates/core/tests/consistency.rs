//! Samplers of consistency models: with the exact consistency function of Gaussian data in place of a denoiser, LCM and TCD
//! meet every level's variance in any number of steps.

use langevin_core::solver::{Euler, Tcd};
use langevin_core::{Eval, Level, Result, Schedule, Solver, Step, Vp};

const STD: f64 = 0.6;

/// Where the probability flow takes `x`: `x · S/√(alpha² S² + sigma²)`.
fn consistent(x: &f64, at: Level) -> Result<f64> {
    Ok(x * STD / (at.alpha * STD).hypot(at.sigma))
}

/// A step's factor on the state and on fresh noise; the state and the estimate do not depend on each other's noise.
fn variance_after(solver: &dyn Solver<f64>, fresh: f64, from: Level, to: Level) -> f64 {
    let eval = Eval { level: from, x: 1.0, clean: consistent(&1.0, from).unwrap() };
    let keep = solver.step(&[eval], Step { to, fresh }, &consistent).unwrap();
    let before = (from.alpha * STD).powi(2) + from.sigma.powi(2);
    keep * keep * before + fresh * fresh
}

#[test]
fn lcm_meets_the_variance_from_clean_estimates() {
    let vp = Vp::default();
    for (from, to) in [(1.0, 0.5), (0.7, 0.2), (0.3, 0.0)] {
        let (from, to) = (vp.level(from), vp.level(to));
        let exact = (to.alpha * STD).powi(2) + to.sigma.powi(2);
        let found = variance_after(&Euler, to.sigma, from, to);
        assert!((found - exact).abs() < 1e-12, "{found} and {exact}");
    }
}

/// At `γ = 1` the jump is to clean data, which is LCM; at `γ = 0` nothing is drawn, which is DDIM.
#[test]
fn tcd_lies_between_ddim_and_lcm() {
    let vp = Vp::default();
    let (from, to) = (vp.level(0.8), vp.level(0.4));
    let eval = Eval { level: from, x: 0.7, clean: 0.2 };
    let step = |solver: &dyn Solver<f64>, fresh| {
        solver.step(std::slice::from_ref(&eval), Step { to, fresh }, &consistent).unwrap()
    };
    let lcm = Tcd { jump: vp.level(0.0) };
    assert!((lcm.fresh(to) - to.sigma).abs() < 1e-15);
    assert!((step(&lcm, lcm.fresh(to)) - step(&Euler, to.sigma)).abs() < 1e-15);
    let ddim = Tcd { jump: to };
    assert_eq!(ddim.fresh(to), 0.0);
    assert!((step(&ddim, 0.0) - step(&Euler, 0.0)).abs() < 1e-15);
    // In between, the noise completes the level's: kept² + fresh² = sigma'².
    let half = Tcd { jump: vp.level(0.2) };
    let kept = to.alpha / half.jump.alpha * half.jump.sigma;
    assert!((kept.hypot(half.fresh(to)) - to.sigma).abs() < 1e-15);
}
