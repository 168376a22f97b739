//! DEIS in float32 (Zhang and Chen 2023): antiderivatives of the Lagrange polynomials in `ln ρ`, `ρ = sigma/alpha`,
//! at both ends of the step, subtracted.

use langevin_core::solver::Form;

use super::{Level, exp};
use crate::numpy_log::log;
use crate::weighted::Weighted;

/// The coefficients of a step to `to`; the levels of the evaluations that count, the current one first.
pub(crate) fn deis(to: Level, from: &[Level]) -> Weighted {
    let now = from[0];
    let rho = |level: &Level| level.sigma / level.alpha;
    let (end, nodes): (f32, Vec<f32>) = (rho(&to), from.iter().map(rho).collect());
    let mut on = [0.0; 5];
    match nodes[..] {
        [a, b] => {
            let whole = |p, q| two(end, p, q) - two(a, p, q);
            on[0] = f64::from(whole(a, b));
            on[1] = f64::from(whole(b, a));
        }
        [a, b, c] => {
            let whole = |p, q, r| three(end, p, q, r) - three(a, p, q, r);
            on[0] = f64::from(whole(a, b, c));
            on[1] = f64::from(whole(b, c, a));
            on[2] = f64::from(whole(c, a, b));
        }
        _ => {
            let h = to.lambda() - now.lambda();
            on[0] = f64::from(-(to.sigma * (exp(h) - 1.0)));
            let state = f64::from(to.alpha / now.alpha);
            return Weighted { form: Form::Noise, state, on };
        }
    }
    let alpha = f64::from(to.alpha);
    on.iter_mut().for_each(|share| *share *= alpha);
    Weighted { form: Form::Noise, state: alpha / f64::from(now.alpha), on }
}

/// `∫ (ln t − ln c)/(ln b − ln c) dt`.
fn two(t: f32, b: f32, c: f32) -> f32 {
    t * (-log(c) + log(t) - 1.0) / (log(b) - log(c))
}

/// `∫ (ln t − ln c)(ln t − ln d)/((ln b − ln c)(ln b − ln d)) dt`.
fn three(t: f32, b: f32, c: f32, d: f32) -> f32 {
    let (t_, b_, c_, d_) = (log(t), log(b), log(c), log(d));
    let numerator = t * (c_ * (d_ - t_ + 1.0) - d_ * t_ + d_ + t_ * t_ - 2.0 * t_ + 2.0);
    numerator / ((b_ - c_) * (b_ - d_))
}
