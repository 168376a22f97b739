//! Quantiles of the beta distribution, for "beta" noise levels (Lee et al. 2024, Beta Sampling is All You Need).
//!
//! The distribution function is the regularised incomplete beta function `I_x(a, b)`, here from the power series
//! `x^a · Σ (1 − b)_n x^n / (n! (a + n)) / B(a, b)` for `x ≤ ½` and by
//! `I_x(a, b) = 1 − I_{1−x}(b, a)` above; it is inverted by bisection.

/// The `x` with `I_x(a, a) = p`.
pub(crate) fn symmetric_beta_quantile(p: f64, a: f64) -> f64 {
    if p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return 1.0;
    }
    if p > 0.5 {
        return 1.0 - symmetric_beta_quantile(1.0 - p, a);
    }
    // The whole distribution is twice the half below ½.
    let whole = 2.0 * incomplete(0.5, a);
    // Bisection in ln x keeps the digits of the smallest quantiles.
    let (mut low, mut high) = (-800.0f64, 0.5f64.ln());
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if incomplete(middle.exp(), a) < p * whole {
            low = middle;
        } else {
            high = middle;
        }
    }
    (0.5 * (low + high)).exp()
}

/// `∫₀ˣ t^(a−1) (1 − t)^(a−1) dt` for `x ≤ ½`.
fn incomplete(x: f64, a: f64) -> f64 {
    let (mut sum, mut coefficient) = (0.0, 1.0);
    for n in 0..200 {
        let n = f64::from(n);
        let term = coefficient / (a + n);
        sum += term;
        if term.abs() < 1e-18 * sum {
            break;
        }
        coefficient *= x * (1.0 - a + n) / (n + 1.0);
    }
    x.powf(a) * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.beta.ppf(p, 0.6, 0.6)`.
    #[test]
    fn quantiles_are_those_of_scipy() {
        for (p, expected) in PPF {
            let found = symmetric_beta_quantile(p, 0.6);
            assert!((found / expected - 1.0).abs() < 1e-12, "{p}: {found} {expected}");
        }
        assert_eq!(
            (symmetric_beta_quantile(0.0, 0.6), symmetric_beta_quantile(1.0, 0.6)),
            (0.0, 1.0)
        );
    }

    /// At `a = ½` the distribution is the arcsine law.
    #[test]
    fn the_arcsine_law_is_known_in_closed_form() {
        for p in [1e-6, 0.01, 0.3, 0.5, 0.77, 0.999] {
            let expected = (std::f64::consts::FRAC_PI_2 * p).sin().powi(2);
            assert!((symmetric_beta_quantile(p, 0.5) / expected - 1.0).abs() < 1e-12);
        }
    }

    const PPF: [(f64, f64); 5] = [
        (0.001, 1.855873851745199e-05),
        (0.05, 0.012554456873611399),
        (1.0 / 3.0, 0.2754132907776234),
        (0.6, 0.6372990092467856),
        (0.99, 0.9991387611784571),
    ];
}
