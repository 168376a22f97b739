//! The importance-weighted bound (Burda et al. 2016, eq. 8): `ln p ≥ E[ln (1/K) Σ w_k]`, tighter with each draw and exact in the
//! limit; with `K = 1` the plain bound.

/// `ln` of the mean of the weights whose logarithms these are; `−∞` where there is none.
///
/// ```
/// use langevin_core::likelihood::importance_weighted;
///
/// // Two paths, one of weight 0.2 and one of 0.4.
/// let bound = importance_weighted(&[0.2_f64.ln(), 0.4_f64.ln()]);
/// assert!((bound - 0.3_f64.ln()).abs() < 1e-15);
/// ```
pub fn importance_weighted(log_weights: &[f64]) -> f64 {
    let max = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !max.is_finite() {
        return max;
    }
    let sum: f64 = log_weights.iter().map(|log| (log - max).exp()).sum();
    max + (sum / log_weights.len() as f64).ln()
}
