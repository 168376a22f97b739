//! Multistep DPM-Solver and DPM-Solver++ in float32 (Lu et al. 2022): the formulae of [`DpmMultistep`] written with
//! differences `D₁ = (m₀ − m₁)/r₀` and so on, `r = h_prev/h`.
//!
//! [`DpmMultistep`]: langevin_core::solver::DpmMultistep

use langevin_core::solver::{Form, Slope};

use super::{Level, exp};
use crate::weighted::Weighted;

/// Which formula.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) form: Form,
    /// Whether it is the SDE's.
    pub(crate) stochastic: bool,
    pub(crate) slope: Slope,
}

/// The coefficients of a step to `to`; the levels of the evaluations that count, the current one first.
pub(crate) fn dpm(kind: Kind, to: Level, from: &[Level]) -> Weighted {
    let (now, lambda) = (from[0], from[0].lambda());
    let h = to.lambda() - lambda;
    let (state, zeroth) = first(kind, now, to, h);
    let mut on = [0.0; 5];
    on[0] = f64::from(zeroth);
    // D₁ and D₂ as shares of the evaluations, in float64, as the states are.
    let ratio = |i: usize| f64::from((from[i].lambda() - from[i + 1].lambda()) / h);
    let inverse = |i: usize| f64::from(1.0 / ((from[i].lambda() - from[i + 1].lambda()) / h));
    match from.len() {
        1 => {}
        2 => {
            let slope = f64::from(slope(kind, to, h, kind.slope)) * inverse(0);
            on[0] += slope;
            on[1] -= slope;
        }
        _ => {
            let (a, b) = (inverse(0), inverse(1));
            let (r0, r1) = (ratio(0) as f32, ratio(1) as f32);
            let (blend, scale) = (f64::from(r0 / (r0 + r1)), f64::from(1.0 / (r0 + r1)));
            let slope = f64::from(slope(kind, to, h, Slope::Exact));
            let bend = f64::from(curvature(kind, to, h));
            let difference = [a, -a - b, b];
            let tilt = [a, -a, 0.0];
            for j in 0..3 {
                on[j] += slope * (tilt[j] + blend * difference[j]) + bend * scale * difference[j];
            }
        }
    }
    Weighted { form: kind.form, state: f64::from(state), on }
}

/// The shares of the state and of the current evaluation.
fn first(kind: Kind, from: Level, to: Level, h: f32) -> (f32, f32) {
    match (kind.form, kind.stochastic) {
        (Form::Data, false) => (to.sigma / from.sigma, -(to.alpha * (exp(-h) - 1.0))),
        (Form::Data, true) => (to.sigma / from.sigma * exp(-h), to.alpha * (1.0 - exp(-2.0 * h))),
        (Form::Noise, false) => (to.alpha / from.alpha, -(to.sigma * (exp(h) - 1.0))),
        (Form::Noise, true) => (to.alpha / from.alpha, -(2.0 * (to.sigma * (exp(h) - 1.0)))),
    }
}

/// The share of `D₁`.
fn slope(kind: Kind, to: Level, h: f32, slope: Slope) -> f32 {
    let midpoint = slope == Slope::Midpoint;
    match (kind.form, kind.stochastic) {
        (Form::Data, false) if midpoint => -(0.5 * (to.alpha * (exp(-h) - 1.0))),
        (Form::Data, false) => to.alpha * ((exp(-h) - 1.0) / h + 1.0),
        (Form::Data, true) if midpoint => 0.5 * (to.alpha * (1.0 - exp(-2.0 * h))),
        (Form::Data, true) => to.alpha * ((1.0 - exp(-2.0 * h)) / (-2.0 * h) + 1.0),
        (Form::Noise, false) if midpoint => -(0.5 * (to.sigma * (exp(h) - 1.0))),
        (Form::Noise, false) => -(to.sigma * ((exp(h) - 1.0) / h - 1.0)),
        (Form::Noise, true) if midpoint => -(to.sigma * (exp(h) - 1.0)),
        (Form::Noise, true) => -(2.0 * (to.sigma * ((exp(h) - 1.0) / h - 1.0))),
    }
}

/// The share of `D₂`; the SDE has none in noise form.
fn curvature(kind: Kind, to: Level, h: f32) -> f32 {
    match (kind.form, kind.stochastic) {
        (Form::Data, false) => -(to.alpha * ((exp(-h) - 1.0 + h) / (h * h) - 0.5)),
        (Form::Data, true) => {
            let double = 2.0 * h;
            to.alpha * ((1.0 - exp(-2.0 * h) - double) / (double * double) - 0.5)
        }
        (Form::Noise, _) => -(to.sigma * ((exp(h) - 1.0 - h) / (h * h) - 0.5)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use langevin_core::solver::{Curvature, DpmMultistep};
    use langevin_core::{Eval, Solver, Step};

    /// On steps that are not short, rounding is small: the coefficients are those of the core.
    #[test]
    fn coefficients_are_those_of_the_core_up_to_rounding() {
        let levels = [0.5f32, 1.0, 2.5, 4.0].map(Level::variance_preserving);
        let wide = |level: Level| {
            langevin_core::Level::new(f64::from(level.alpha), f64::from(level.sigma))
        };
        for form in [Form::Data, Form::Noise] {
            for slope in [Slope::Exact, Slope::Midpoint] {
                for order in 1..=3 {
                    let kind = Kind { form, stochastic: false, slope };
                    let weighted = dpm(kind, levels[0], &levels[1..=order]);
                    let past: Vec<_> = [(3, 0.4), (2, -0.3), (1, 0.9)]
                        .map(|(i, clean)| Eval { level: wide(levels[i]), x: 0.2, clean })
                        .to_vec();
                    let core = DpmMultistep { order, form, slope, curvature: Curvature::HALF };
                    let step = Step { to: wide(levels[0]), fresh: 0.0 };
                    let none = |_: &f64, _: langevin_core::Level| Ok(0.0);
                    let (ours, exact) = (
                        weighted.step(&past, step, &none).unwrap(),
                        core.step(&past, step, &none).unwrap(),
                    );
                    assert!((ours - exact).abs() < 2e-6, "{kind:?} {order}: {ours} {exact}");
                }
            }
        }
    }
}
