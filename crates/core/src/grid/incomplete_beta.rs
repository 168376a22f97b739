//! The regularised incomplete beta function `I_x(a, b)`, by its continued fraction (DiDonato and Morris 1992, eq. 9.1;
//! Lentz 1976), and its inverse, by bisection to the last bits.

/// `x` with `I_x(a, b) = p`: the quantile of the beta distribution; `p` is clamped to `[0, 1]`.
pub fn quantile(p: f64, a: f64, b: f64) -> f64 {
    if p.is_nan() || p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return 1.0;
    }
    let (mut low, mut high) = (0.0f64, 1.0f64);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle == low || middle == high {
            break;
        }
        if incomplete_beta(middle, a, b) < p { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// `I_x(a, b)` for `x` in `[0, 1]` and positive `a`, `b`.
pub fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges fast below the mean; above it, by symmetry.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let front = a * x.ln() + b * (-x).ln_1p() - (ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b));
    front.exp() / a / fraction(x, a, b)
}

/// `1 + d₁/(1 + d₂/(1 + …))` with the coefficients of `I_x`.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let floor = |v: f64| if v.abs() < TINY { TINY } else { v };
    let (mut value, mut c, mut d) = (1.0, 1.0, 0.0);
    for k in 1..500u32 {
        let m = f64::from(k / 2);
        let term = if k % 2 == 0 {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        d = 1.0 / floor(1.0 + term * d);
        c = floor(1.0 + term / c);
        value *= c * d;
        if (c * d - 1.0).abs() < 1e-16 {
            break;
        }
    }
    value
}

/// `ln Γ(x)` for positive `x`: Stirling's series after a shift above 15 (Abramowitz and Stegun 1964, 6.1.41).
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut product) = (x, 1.0f64);
    let mut shift = 0.0;
    while x < 15.0 {
        product *= x;
        if product > 1e200 {
            shift += product.ln();
            product = 1.0;
        }
        x += 1.0;
    }
    let inverse = 1.0 / (x * x);
    let series = (1.0 / 12.0
        - inverse
            * (1.0 / 360.0
                - inverse * (1.0 / 1260.0 - inverse * (1.0 / 1680.0 - inverse / 1188.0))))
        / x;
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - shift - product.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms() {
        for k in 1..100 {
            let x = f64::from(k) / 100.0;
            // Uniform, powers, and the arcsine law.
            let arcsine = 2.0 / std::f64::consts::PI * x.sqrt().asin();
            let power = 1.0 - (1.0 - x).powf(2.5);
            for (a, b, exact) in
                [(1.0, 1.0, x), (3.0, 1.0, x.powi(3)), (1.0, 2.5, power), (0.5, 0.5, arcsine)]
            {
                let found = incomplete_beta(x, a, b);
                assert!((found - exact).abs() < 1e-14, "{a}, {b} at {x}: {found} and {exact}");
                assert!((quantile(exact, a, b) - x).abs() < 1e-13, "{a}, {b} at {exact}");
            }
        }
        assert!((ln_gamma(0.5) - 0.5 * std::f64::consts::PI.ln()).abs() < 1e-14);
        assert!((ln_gamma(11.0) - 3_628_800f64.ln()).abs() < 1e-13);
    }

    /// Quantiles by scipy 1.x's `beta.ppf`, to the digits of both.
    #[test]
    fn quantiles_of_scipy() {
        let rows = [
            (1e-6, 1.855_882_462_405_304_3e-10, 0.008_100_720_534_405_362),
            (0.001, 1.855_873_851_745_199e-5, 0.125_240_998_089_238),
            (0.1, 0.039_584_405_588_780_75, 0.666_224_361_064_037_4),
            (0.25, 0.175_680_378_652_694_98, 0.853_934_867_312_385_3),
            (0.9, 0.960_415_594_411_219_2, 0.999_850_631_436_707_2),
        ];
        for (p, symmetric, skewed) in rows {
            for (a, b, exact) in [(0.6, 0.6, symmetric), (2.5, 0.3, skewed)] {
                let found = quantile(p, a, b);
                assert!((found / exact - 1.0).abs() < 1e-12, "{p}, {a}, {b}: {found} and {exact}");
            }
        }
    }

    #[test]
    fn the_symmetric_law_is_symmetric() {
        for k in 0..=50 {
            let p = f64::from(k) / 50.0;
            let sum = quantile(p, 0.6, 0.6) + quantile(1.0 - p, 0.6, 0.6);
            assert!((sum - 1.0).abs() < 1e-13, "{p}: {sum}");
        }
    }
}
