//! Guidance in a limited interval of noise (Kynkäänniemi et al. 2024, eq. 5): the guided estimate where
//! `low < sigma/alpha ≤ high`, the plain one elsewhere.

use std::marker::PhantomData;

use crate::{Denoiser, Error, Level, Result};

/// One denoiser inside an interval of `sigma/alpha`, another outside; only the one that counts is evaluated.
#[derive(Clone, Copy, Debug)]
pub struct Interval<X, I, O> {
    inside: I,
    outside: O,
    low: f64,
    high: f64,
    state: PhantomData<fn(&X)>,
}

impl<X, I: Denoiser<X>, O: Denoiser<X>> Interval<X, I, O> {
    /// `inside` (the guided denoiser) where `low < sigma/alpha ≤ high`, `outside` (the conditional one) elsewhere.
    ///
    /// The paper's interval for ImageNet at 512 pixels is (0.28, 2.9]; `high` may be infinite.
    ///
    /// # Errors
    /// Unless `0 ≤ low < high`.
    pub fn new(inside: I, outside: O, low: f64, high: f64) -> Result<Self> {
        if low >= 0.0 && low < high {
            return Ok(Self { inside, outside, low, high, state: PhantomData });
        }
        Err(Error::Value {
            name: "guidance interval",
            found: format!("({low}, {high}]"),
            expected: "two noise levels, the first not negative and below the second",
        })
    }
}

impl<X, I: Denoiser<X>, O: Denoiser<X>> Denoiser<X> for Interval<X, I, O> {
    fn denoise(&self, x: &X, at: Level) -> Result<X> {
        let ratio = at.ratio();
        if ratio > self.low && ratio <= self.high {
            self.inside.denoise(x, at)
        } else {
            self.outside.denoise(x, at)
        }
    }
}
