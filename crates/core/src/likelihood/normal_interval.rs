//! Logarithms of normal probabilities, right in the far tails too.
//!
//! `Q(z) = 1 − Φ(z)`: below 2 by the series `Φ(z) = ½ + φ(z) Σ z^(2k+1)/(1·3·…·(2k+1))`, above by the continued fraction
//! `Q(z) = φ(z)/(z + 1/(z + 2/(z + …)))` (Abramowitz and Stegun 1964, 26.2.11 and 26.2.14).

/// Where the series ends and the fraction begins.
const SPLIT: f64 = 2.0;

/// `ln Q(z)`, the log-probability that a standard normal number is above `z`.
pub fn log_normal_tail(z: f64) -> f64 {
    if z > SPLIT {
        return log_density(z) - fraction(z).ln();
    }
    if z < -SPLIT {
        // Q(z) = 1 − Q(−z).
        return (-log_normal_tail(-z).exp()).ln_1p();
    }
    (0.5 - series(z)).ln()
}

/// `ln (Φ(high) − Φ(low))`, the log-probability of an interval of standard normal numbers; `low` and `high` may be
/// infinite, and an empty interval has the logarithm `−∞`.
pub fn log_normal_interval(low: f64, high: f64) -> f64 {
    if low.is_nan() || high.is_nan() || low >= high {
        return f64::NEG_INFINITY;
    }
    // To the upper side, where tails are small numbers.
    let (low, high) = if low + high < 0.0 { (-high, -low) } else { (low, high) };
    if low.abs() <= SPLIT && high.abs() <= SPLIT {
        return (series(high) - series(low)).ln();
    }
    let (near, far) = (log_normal_tail(low), log_normal_tail(high));
    near + (-(far - near).exp()).ln_1p()
}

fn log_density(z: f64) -> f64 {
    -0.5 * (z * z + std::f64::consts::TAU.ln())
}

/// `Φ(z) − ½`.
fn series(z: f64) -> f64 {
    let (mut term, mut sum) = (z, z);
    let mut odd = 1.0;
    while term.abs() > 1e-17 * sum.abs() {
        odd += 2.0;
        term *= z * z / odd;
        sum += term;
    }
    log_density(z).exp() * sum
}

/// `z + 1/(z + 2/(z + …))`, from the inside out; infinity is its own fraction.
fn fraction(z: f64) -> f64 {
    (1..=200).rev().fold(z, |inner, k| z + f64::from(k) / inner)
}
