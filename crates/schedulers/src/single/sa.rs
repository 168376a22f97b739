//! SA-Solver in float32 (Xue et al. 2023): Lagrange polynomials in `λ` by their coefficients, times the moments of the
//! exponential over the step, powers of `λ` itself and not of its differences.

use langevin_core::solver::Form;

use super::{Level, exp};
use crate::torch_sqrt::sqrt;
use crate::weighted::Weighted;

/// Form and noise of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noise {
    pub(crate) form: Form,
    /// 0 or 1 in diffusers.
    pub(crate) tau: f32,
}

/// The coefficients of the prediction at `to`, and the standard deviation of its noise; the levels of the evaluations
/// that count, the current one first.
pub(crate) fn predictor(noise: Noise, to: Level, from: &[Level]) -> (Weighted, f64) {
    let (start, tau) = (from[0], noise.tau);
    let (lambda, lambda_start) = (to.lambda(), start.lambda());
    let h = lambda - lambda_start;
    let mut moments = coefficients(noise, lambda_start, lambda, from);
    if noise.form == Form::Data && from.len() == 2 {
        let share = 1.0 + tau * tau;
        let few = exp(share * lambda) * (h * h / 2.0 - rest(share, h) / (share * share));
        let few = few / (lambda_start - from[1].lambda());
        moments[0] += few;
        moments[1] -= few;
    }
    let scale = scale(noise, to, lambda);
    let mut on = [0.0; 5];
    on.iter_mut().zip(moments).for_each(|(on, moment)| *on = f64::from(scale * moment));
    let (state, added) = match noise.form {
        Form::Data => (
            exp(-(tau * tau) * h) * (to.sigma / start.sigma),
            to.sigma * sqrt(1.0 - exp(-2.0 * tau * tau * h)),
        ),
        Form::Noise => (to.alpha / start.alpha, tau * to.sigma * sqrt(exp(2.0 * h) - 1.0)),
    };
    (Weighted { form: noise.form, state: f64::from(state), on }, f64::from(added))
}

/// The correction of the state at `levels[0]`, which came from `start` by a step whose prediction had these
/// coefficients: the difference of both on the evaluations, added to the state, so that the noise stays as it was drawn.
/// `levels` are those of the evaluations that count, the current one first.
pub(crate) fn corrector(
    noise: Noise,
    start: Level,
    levels: &[Level],
    predicted: &Weighted,
) -> Weighted {
    let (to, start) = (levels[0], start.lambda());
    let (lambda, tau) = (to.lambda(), noise.tau);
    let mut moments = coefficients(noise, start, lambda, levels);
    if noise.form == Form::Data && levels.len() == 2 {
        let (h, share) = (lambda - start, 1.0 + tau * tau);
        let few = exp(share * lambda) * (h / 2.0 - rest(share, h) / (share * share * h));
        moments[0] += few;
        moments[1] -= few;
    }
    let scale = scale(noise, to, lambda);
    let mut on = [0.0; 5];
    on.iter_mut().zip(moments).for_each(|(on, moment)| *on = f64::from(scale * moment));
    for (on, before) in on[1..].iter_mut().zip(predicted.on) {
        *on -= before;
    }
    Weighted { form: noise.form, state: 1.0, on }
}

/// `H − 1 + e^{−H}` with `H = (1 + τ²) h`.
fn rest(share: f32, h: f32) -> f32 {
    h * share - 1.0 + exp(share * -h)
}

fn scale(noise: Noise, to: Level, lambda: f32) -> f32 {
    let square = noise.tau * noise.tau;
    match noise.form {
        Form::Data => (1.0 + square) * to.sigma * exp(-square * lambda),
        Form::Noise => -(1.0 + square) * to.alpha,
    }
}

/// The integral of each evaluation's Lagrange polynomial against the exponential.
fn coefficients(noise: Noise, start: f32, end: f32, levels: &[Level]) -> Vec<f32> {
    let lambdas: Vec<f32> = levels.iter().map(|level| level.lambda()).collect();
    let order = lambdas.len();
    let moment = |power: usize| match noise.form {
        Form::Data => growing(power, start, end, 1.0 + noise.tau * noise.tau),
        Form::Noise => falling(power, start, end),
    };
    lagrange(&lambdas)
        .into_iter()
        .map(|polynomial| {
            let terms = polynomial.iter().enumerate().map(|(j, c)| c * moment(order - 1 - j));
            terms.reduce(|sum, term| sum + term).unwrap_or(0.0)
        })
        .collect()
}

/// Coefficients of the Lagrange polynomials, the highest power first; at most four nodes.
fn lagrange(nodes: &[f32]) -> Vec<Vec<f32>> {
    (0..nodes.len())
        .map(|i| {
            let others: Vec<f32> =
                nodes.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, node)| *node).collect();
            let divisor =
                others.iter().map(|other| nodes[i] - other).reduce(|product, d| product * d);
            let divisor = divisor.unwrap_or(1.0);
            match others[..] {
                [a] => vec![1.0 / divisor, -a / divisor],
                [a, b] => vec![1.0 / divisor, (-a - b) / divisor, a * b / divisor],
                [a, b, c] => vec![
                    1.0 / divisor,
                    (-a - b - c) / divisor,
                    (a * b + a * c + b * c) / divisor,
                    -a * b * c / divisor,
                ],
                _ => vec![1.0],
            }
        })
        .collect()
}

/// `∫ e^{−λ} λ^power dλ` over the step.
fn falling(power: usize, start: f32, end: f32) -> f32 {
    let polynomial = |x: f32| match power {
        0 => 1.0,
        1 => x + 1.0,
        2 => x * x + 2.0 * x + 2.0,
        _ => x * x * x + 3.0 * (x * x) + 6.0 * x + 6.0,
    };
    exp(-end) * (polynomial(start) * exp(end - start) - polynomial(end))
}

/// `∫ e^{share · λ} λ^power dλ` over the step.
fn growing(power: usize, start: f32, end: f32, share: f32) -> f32 {
    let polynomial = |x: f32| match power {
        0 => 1.0,
        1 => x - 1.0,
        2 => x * x - 2.0 * x + 2.0,
        _ => x * x * x - 3.0 * (x * x) + 6.0 * x - 6.0,
    };
    let (end, start) = (share * end, share * start);
    let difference = polynomial(end) - polynomial(start) * exp(-(end - start));
    exp(end) * difference / share.powi(power as i32 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integral(f: impl Fn(f64) -> f64, from: f64, to: f64) -> f64 {
        let n = 2000;
        let h = (to - from) / f64::from(n);
        (0..n).map(|i| f(from + (f64::from(i) + 0.5) * h)).sum::<f64>() * h
    }

    #[test]
    fn moments_are_integrals() {
        for power in 0..4 {
            let exact =
                |share: f64| integral(|x| (share * x).exp() * x.powi(power as i32), -0.5, 1.0);
            assert!((f64::from(falling(power, -0.5, 1.0)) - exact(-1.0)).abs() < 1e-5, "{power}");
            for share in [1.0, 2.0] {
                let found = f64::from(growing(power, -0.5, 1.0, share as f32));
                assert!((found - exact(share)).abs() < 1e-5, "{power} {share}: {found}");
            }
        }
    }

    #[test]
    fn lagrange_polynomials_are_1_at_their_node() {
        let nodes = [0.5, -1.0, 2.0, 3.0];
        for count in 1..=4 {
            for (i, polynomial) in lagrange(&nodes[..count]).iter().enumerate() {
                for (j, node) in nodes[..count].iter().enumerate() {
                    let value = polynomial.iter().fold(0.0, |sum, c| sum * node + c);
                    let expected = if i == j { 1.0 } else { 0.0 };
                    assert!((value - expected).abs() < 1e-5, "{count} {i} {j}: {value}");
                }
            }
        }
    }
}
