//! What the exponential integrators share: the exact solution of the linear part, and quadrature of a polynomial
//! through evaluations for the rest.
//!
//! With `λ = ln(alpha/sigma)`, `h = λ' − λ` and `θ` the share of the step, both forms of the diffusion equation read
//! `x' = c · x + A · ∫₀¹ f(θ) · H · e^{−H(1−θ)} dθ` (Lu et al. 2022, DPM-Solver++, proposition 4.1; DPM-Solver, eq. 3.4):
//! - data form: `f = clean`, `c = kept/sigma`, `A = alpha'`, `H = ln(alpha' · sigma / (alpha · kept))`,
//! - noise form: `f = noise`, `c = alpha'/alpha`, `A = (1 + τ²) · sigma'`, `H = −h`,
//!
//! where `kept` is the noise before fresh noise, and `τ² = fresh² / (sigma'² (e^{2h} − 1))` (Xue et al. 2023, eq. 14).

use super::euler::remix;
use super::{Eval, Step};
use crate::{Level, Result, State};

/// Which quantity a method takes to be smooth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// The clean estimate (DPM-Solver++).
    #[default]
    Data,
    /// The noise (DPM-Solver, DEIS).
    Noise,
}

/// The first moment in formulae of two evaluations; all choices agree to second order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Slope {
    /// `∫ θ`, exactly ("heun" in the DPM-Solver family).
    #[default]
    Exact,
    /// Half of the zeroth moment ("midpoint" in the DPM-Solver family, `B₂(h)` in UniPC).
    Midpoint,
    /// `H/2` (`B₁(h)` in UniPC, SA-Solver's few-step form).
    Half,
}

/// The second moment in formulae of three evaluations, `factor · exact + shift`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curvature {
    /// Of the exact moment.
    pub factor: f64,
    /// Added to it.
    pub shift: f64,
}

impl Curvature {
    /// `∫ θ²`, exactly: the method is of third order.
    pub const EXACT: Self = Self { factor: 1.0, shift: 0.0 };
    /// Half of it, as in the published code of DPM-Solver++(3M), which makes the method one of second order.
    pub const HALF: Self = Self { factor: 0.5, shift: 0.0 };
}

impl Default for Curvature {
    fn default() -> Self {
        Self::EXACT
    }
}

/// How a polynomial through evaluations is integrated.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rule {
    pub(super) form: Form,
    pub(super) slope: Slope,
    pub(super) curvature: Curvature,
}

/// The coefficients of one step.
struct Span {
    /// Of `x`.
    keep: f64,
    /// Of the integral.
    scale: f64,
    /// The exponent over the step.
    exponent: f64,
}

impl Span {
    fn new(form: Form, from: Level, step: Step) -> Self {
        let to = step.to;
        match form {
            Form::Data => {
                let kept = step.before_noise().sigma;
                let exponent = ((to.alpha * from.sigma) / (from.alpha * kept)).ln();
                Self { keep: kept / from.sigma, scale: to.alpha, exponent }
            }
            Form::Noise => {
                let h = to.half_log_snr() - from.half_log_snr();
                // (sigma'/alpha')² (e^{2h} − 1) without exponentials.
                let room =
                    (to.alpha * from.ratio() - to.sigma) * (to.alpha * from.ratio() + to.sigma);
                let share = if step.fresh == 0.0 { 0.0 } else { step.fresh.powi(2) / room };
                Self { keep: to.alpha / from.alpha, scale: (1.0 + share) * to.sigma, exponent: -h }
            }
        }
    }

    fn is_finite(&self) -> bool {
        self.keep.is_finite() && self.scale.is_finite() && self.exponent.is_finite()
    }
}

/// The state at `step` from `start`, with the polynomial through `nodes`, of which the first is where it starts from
/// if fewer must do.
///
/// Nodes at infinite `λ`, and those that coincide with an earlier one, are left out; where the step itself is infinitely
/// long, from pure noise or to clean data, this is the first-order step from `last`.
pub(super) fn advance<X: State>(
    start: &Eval<X>,
    nodes: &[&Eval<X>],
    last: &Eval<X>,
    step: Step,
    rule: Rule,
) -> Result<X> {
    let span = Span::new(rule.form, start.level, step);
    let h = step.to.half_log_snr() - start.level.half_log_snr();
    if !span.is_finite() || !h.is_finite() || h == 0.0 {
        return remix(last.level, &last.x, &last.clean, step.before_noise());
    }
    let mut used: Vec<(&Eval<X>, f64)> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let place = (node.level.half_log_snr() - start.level.half_log_snr()) / h;
        if place.is_finite() && used.iter().all(|(_, other)| *other != place) {
            used.push((node, place));
        }
    }
    let places: Vec<f64> = used.iter().map(|(_, place)| *place).collect();
    let weights = quadrature(&places, moments_by(rule, span.exponent, places.len()));
    let mut terms = vec![(span.keep, &start.x)];
    for ((node, _), weight) in used.iter().zip(weights) {
        let weight = span.scale * weight;
        let Level { alpha, sigma } = node.level;
        match rule.form {
            Form::Data => terms.push((weight, &node.clean)),
            Form::Noise => {
                terms.push((weight / sigma, &node.x));
                terms.push((-weight * alpha / sigma, &node.clean));
            }
        }
    }
    X::combine(&terms)
}

fn moments_by(rule: Rule, exponent: f64, count: usize) -> Vec<f64> {
    let mut moments = moments(exponent, count);
    match (&mut moments[..], rule.slope) {
        ([zeroth, first], Slope::Midpoint) => *first = 0.5 * *zeroth,
        ([_, first], Slope::Half) => *first = 0.5 * exponent,
        ([_, _, second], _) => *second = rule.curvature.factor * *second + rule.curvature.shift,
        _ => {}
    }
    moments
}

/// `M_k = ∫₀¹ θ^k · H · e^{−H(1−θ)} dθ` for `k < count`.
///
/// `M_0 = 1 − e^{−H}` and `M_k = 1 − k · M_{k−1}/H`; the recurrence cancels where `|H|` is small against `k`, and there
/// the series `M_k = Σ_{j ≥ 1} (−1)^{j−1} H^j · k!/(k + j)!` takes its place.
pub(super) fn moments(exponent: f64, count: usize) -> Vec<f64> {
    let mut moments: Vec<f64> = Vec::with_capacity(count);
    for k in 0..count {
        let moment = match moments.last() {
            None => -(-exponent).exp_m1(),
            Some(before) if exponent.abs() > 1.0 + k as f64 => 1.0 - k as f64 * before / exponent,
            Some(_) => {
                let (mut sum, mut term) = (0.0, -1.0);
                for j in 1..40 {
                    term *= -exponent / (k + j) as f64;
                    sum += term;
                }
                sum
            }
        };
        moments.push(moment);
    }
    moments
}

/// Weights `w` with `Σ_j w_j · place_j^k = moment_k`, for distinct places (Björck and Pereyra 1970).
pub(super) fn quadrature(places: &[f64], mut moments: Vec<f64>) -> Vec<f64> {
    let n = places.len();
    for (k, place) in places.iter().enumerate() {
        for i in (k + 1..n).rev() {
            moments[i] -= place * moments[i - 1];
        }
    }
    for k in (0..n).rev() {
        for i in k + 1..n {
            moments[i] /= places[i] - places[i - k - 1];
        }
        for i in k + 1..n {
            moments[i - 1] -= moments[i];
        }
    }
    moments
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Simpson's rule with enough panels.
    fn integral(f: impl Fn(f64) -> f64) -> f64 {
        let n = 2000;
        let weight = |i: usize| if i == 0 || i == n { 1.0 } else { 2.0 + 2.0 * (i % 2) as f64 };
        (0..=n).map(|i| weight(i) * f(i as f64 / n as f64)).sum::<f64>() / (3 * n) as f64
    }

    #[test]
    fn moments_are_integrals() {
        for exponent in [-9.0, -3.1, -1.9, -0.5, -1e-4, 1e-9, 1e-3, 0.7, 1.1, 2.5, 4.2, 30.0] {
            for (k, found) in moments(exponent, 5).into_iter().enumerate() {
                let exact =
                    integral(|t| t.powi(k as i32) * exponent * (-exponent * (1.0 - t)).exp());
                let error = (found - exact) / exact;
                assert!(error.abs() < 1e-7, "H = {exponent}, k = {k}: {found} and {exact}");
            }
        }
    }

    #[test]
    fn quadrature_meets_its_moments() {
        let places = [0.0, -0.7, 1.0, -2.1];
        let moments = vec![0.4, -1.0, 2.0, 0.3];
        let weights = quadrature(&places, moments.clone());
        for (k, moment) in moments.iter().enumerate() {
            let sum: f64 = places.iter().zip(&weights).map(|(p, w)| w * p.powi(k as i32)).sum();
            assert!((sum - moment).abs() < 1e-12, "{sum} and {moment}");
        }
    }
}
