//! Sinusoidal embedding of a time (Vaswani et al. 2017, section 3.5; Ho et al. 2020): for `i < h`, with `h = ⌊dim/2⌋`,
//! `ω_i = exp(−ln(10000) · i/(h − shift))`, and the embedding is `[sin(ω t), cos(ω t)]`, or the halves swapped.

use burn::tensor::{Tensor, TensorData};

/// The parameterless embedding.
///
/// Frequencies and angles are computed in f32 in PyTorch's order of operations: at t = 1000 an f32 angle is only good to
/// 3e-5, so another order would cost a visible part of the agreement with PyTorch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sinusoidal {
    /// Length of the embedding; an odd length ends in a zero.
    pub dim: usize,
    /// Whether the cosines come first.
    pub flip_sin_to_cos: bool,
    /// Subtracted from the number of frequencies in the exponent's denominator: with 1, the slowest frequency is
    /// exactly 1/10000.
    pub freq_shift: f64,
}

impl Sinusoidal {
    /// The angular frequencies ω, per unit of time, fastest first.
    pub fn frequencies(&self) -> Vec<f32> {
        let half = self.dim / 2;
        let rate = -(10_000_f64.ln()) as f32;
        let span = (half as f64 - self.freq_shift) as f32;
        (0..half).map(|i| f64::from(rate * i as f32 / span).exp() as f32).collect()
    }

    /// Embeds `t [N]` as `[N, dim]`.
    pub fn forward(&self, t: Tensor<1>) -> Tensor<2> {
        let half = self.dim / 2;
        let (n, device) = (t.dims()[0], t.device());
        let omega = Tensor::<2>::from_data(TensorData::new(self.frequencies(), [1, half]), &device);
        let angle = t.reshape([n, 1]) * omega;
        let (sin, cos) = (angle.clone().sin(), angle.cos());
        let mut parts = if self.flip_sin_to_cos { vec![cos, sin] } else { vec![sin, cos] };
        if self.dim % 2 == 1 {
            parts.push(Tensor::zeros([n, 1], &device));
        }
        Tensor::cat(parts, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn closed_form_with_shift_flip_and_odd_length() {
        let t = Tensor::<1>::from_floats([3.5, 250.0], &Device::flex());
        for (flip_sin_to_cos, freq_shift) in [(false, 0.0), (true, 1.0)] {
            let embedding = Sinusoidal { dim: 7, flip_sin_to_cos, freq_shift };
            let got: Vec<f32> = embedding.forward(t.clone()).into_data().try_to_vec().unwrap();
            for (n, t) in [3.5_f64, 250.0].into_iter().enumerate() {
                for i in 0..3 {
                    let angle = t * (10_000_f64).powf(-(i as f64) / (3.0 - freq_shift));
                    let (first, second) = if flip_sin_to_cos {
                        (angle.cos(), angle.sin())
                    } else {
                        (angle.sin(), angle.cos())
                    };
                    assert!((f64::from(got[n * 7 + i]) - first).abs() < 3e-5);
                    assert!((f64::from(got[n * 7 + 3 + i]) - second).abs() < 3e-5);
                }
                assert_eq!(got[n * 7 + 6], 0.0);
            }
        }
    }
}
