//! Dropout (Srivastava et al. 2014, scaled so that the expectation is kept): during training each element is zero with
//! probability p and multiplied by `1/(1 − p)` otherwise; outside training nothing happens.

use burn::tensor::{Tensor, TensorData};
use std::fmt;

/// Whether a forward pass drops, and from which random source.
///
/// Networks own no generator, so a pass that drops must be given a source; [`Dropout::Off`] is for everything else.
#[derive(Default)]
pub enum Dropout<'a> {
    /// Nothing is dropped: sampling, judging, and training without dropout.
    #[default]
    Off,
    /// Elements are dropped by numbers of U[0, 1) with which this fills slices.
    On(&'a mut dyn FnMut(&mut [f32])),
}

impl fmt::Debug for Dropout<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "Off",
            Self::On(_) => "On",
        })
    }
}

impl Dropout<'_> {
    /// Drops elements of `x` with probability `rate`, in `[0, 1)`.
    pub fn apply<const D: usize>(&mut self, x: Tensor<D>, rate: f64) -> Tensor<D> {
        let Self::On(uniform) = self else { return x };
        if rate <= 0.0 {
            return x;
        }
        let mut mask = vec![0.0; x.dims().iter().product()];
        uniform(&mut mask);
        let (rate, kept) = (rate as f32, (1.0 / (1.0 - rate)) as f32);
        mask.iter_mut().for_each(|u| *u = if *u < rate { 0.0 } else { kept });
        let mask = Tensor::from_data(TensorData::new(mask, x.dims()), &x.device());
        x * mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn keeps_the_expectation_and_is_off_outside_training() {
        let x = Tensor::<2>::ones([100, 100], &Device::flex());
        let mut next = 0_u32;
        let mut even = |out: &mut [f32]| {
            for u in out {
                *u = next as f32 / 10_000.0;
                next += 1;
            }
        };
        let dropped: Vec<f32> =
            Dropout::On(&mut even).apply(x.clone(), 0.2).into_data().try_to_vec().unwrap();
        assert!(dropped.iter().all(|&v| v == 0.0 || v == 1.25));
        assert_eq!(dropped.iter().filter(|&&v| v == 0.0).count(), 2000);
        let kept: Vec<f32> = Dropout::Off.apply(x, 0.2).into_data().try_to_vec().unwrap();
        assert!(kept.iter().all(|&v| v == 1.0));
    }
}
