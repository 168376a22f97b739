//! The adaptive method: tolerances are met, counts add up, both directions, and bad input is an error.

use langevin_core::ode::{DormandPrince, Field, Fixed};
use langevin_core::{Error, Result};

#[test]
fn tolerances_are_met_and_counts_add_up() {
    // x' = −50 (x − cos t): stiff enough that steps are rejected where the start is far off.
    let stiff = |t: f64, x: &Vec<f64>| -> Result<Vec<f64>> { Ok(vec![-50.0 * (x[0] - t.cos())]) };
    // x = A cos t + B sin t + C e^{−50 t} with A = 2500/2501, B = 50/2501.
    let exact = |t: f64| {
        (2500.0 * t.cos() + 50.0 * t.sin()) / 2501.0 + (3.0 - 2500.0 / 2501.0) * (-50.0 * t).exp()
    };
    for tolerance in [1e-4, 1e-7, 1e-10] {
        let method = DormandPrince { relative: tolerance, absolute: tolerance, max_steps: 10_000 };
        let end = method.solve(&stiff, vec![3.0], [0.0, 1.5]).unwrap();
        assert!((end.x[0] - exact(1.5)).abs() < 10.0 * tolerance, "{end:?}");
        // One evaluation at the start, one for the first step's length, six for each attempt.
        assert_eq!(end.evaluations, 2 + 6 * (end.accepted + end.rejected));
        assert!(end.rejected > 0, "{end:?}");
    }
}

#[test]
fn time_may_run_down() {
    let grow = |_: f64, x: &f64| -> Result<f64> { Ok(*x) };
    let method = DormandPrince { relative: 1e-9, absolute: 1e-12, max_steps: 1000 };
    let down = method.solve(&grow, 1.0, [1.0, 0.0]).unwrap();
    assert!((down.x - (-1f64).exp()).abs() < 1e-8, "{down:?}");
    let same = method.solve(&grow, 1.0, [0.5, 0.5]).unwrap();
    assert_eq!((same.x, same.accepted), (1.0, 0));
}

#[test]
fn f32_states_work_too() {
    let decay = |_: f64, x: &Vec<f32>| -> Result<Vec<f32>> { Ok(x.iter().map(|x| -x).collect()) };
    let end = DormandPrince::default().solve(&decay, vec![1.0f32, 2.0], [0.0, 1.0]).unwrap();
    assert!((end.x[1] - 2.0 * (-1f32).exp()).abs() < 1e-4);
}

#[test]
fn failures_are_errors() {
    let blow_up = |_: f64, x: &f64| -> Result<f64> { Ok(x * x) };
    let method = DormandPrince { max_steps: 200, ..DormandPrince::default() };
    let error = method.solve(&blow_up, 1.0, [0.0, 2.0]).unwrap_err().to_string();
    assert!(
        error.starts_with("steps is 200 at time") && error.ends_with("enough for the tolerances"),
        "{error}"
    );
    let zero = DormandPrince { relative: 0.0, ..method };
    let error = zero.solve(&blow_up, 1.0, [0.0, 0.5]).unwrap_err().to_string();
    assert_eq!(error, "tolerances is 0 and 0.00001, but must be positive");
    let refuse = |_: f64, _: &f64| -> Result<f64> { Err(Error::Denoiser("no".to_owned())) };
    let field: &dyn Field<f64> = &refuse;
    assert!(Fixed::Rk4.solve(field, 1.0, [0.0, 1.0], 3).is_err());
    assert!(method.solve(field, 1.0, [0.0, 1.0]).is_err());
}
