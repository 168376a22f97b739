//! Dynamic thresholding (Saharia et al. 2022, Imagen, §2.3): each sample's clean estimate is clamped to `[−s, s]` and
//! divided by `s`, where `s` is a quantile of its absolute numbers, at least 1.

use std::marker::PhantomData;

use crate::{Denoiser, Error, Level, Result, Samples};

/// Keeps each sample's estimate in `[−1, 1]` without crowding its numbers at the ends.
#[derive(Clone, Copy, Debug)]
pub struct DynamicThreshold<X, D> {
    denoiser: D,
    quantile: f64,
    max: f64,
    state: PhantomData<fn(&X)>,
}

impl<X, D: Denoiser<X>> DynamicThreshold<X, D> {
    /// `s` is the `quantile` (0.995 in the paper) of a sample's absolute numbers, between 1 and `max`.
    ///
    /// With `max = 1` this is clipping to `[−1, 1]`; the paper has no upper bound (infinity).
    ///
    /// # Errors
    /// Where `quantile` is not between 0 and 1, or `max` is below 1.
    pub fn new(denoiser: D, quantile: f64, max: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&quantile) {
            let expected = "between 0 and 1";
            return Err(Error::Value { name: "quantile", found: quantile.to_string(), expected });
        }
        if max.is_nan() || max < 1.0 {
            let expected = "at least 1";
            return Err(Error::Value {
                name: "largest threshold",
                found: max.to_string(),
                expected,
            });
        }
        Ok(Self { denoiser, quantile, max, state: PhantomData })
    }
}

impl<X: Samples, D: Denoiser<X>> Denoiser<X> for DynamicThreshold<X, D> {
    fn denoise(&self, x: &X, at: Level) -> Result<X> {
        let clean = self.denoiser.denoise(x, at)?;
        let mut numbers = clean.numbers()?;
        let size = (numbers.len() / clean.samples()).max(1);
        for sample in numbers.chunks_mut(size) {
            let s = absolute_quantile(sample, self.quantile).clamp(1.0, self.max);
            sample.iter_mut().for_each(|x| *x = x.clamp(-s, s) / s);
        }
        clean.like(numbers)
    }
}

/// The quantile of the absolute numbers, interpolated linearly between its two neighbours in order.
fn absolute_quantile(sample: &[f64], quantile: f64) -> f64 {
    let mut sorted: Vec<f64> = sample.iter().map(|x| x.abs()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let position = quantile * (sorted.len() - 1) as f64;
    let below = position as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (position - below as f64) * (sorted[above] - sorted[below])
}
