//! The distribution of latents given a picture, an independent Gaussian for each number (Kingma and Welling 2014,
//! section 3): `z = mean + exp(log_variance / 2) · noise`.

use burn::tensor::Tensor;

/// The moments of the latents of pictures.
#[derive(Clone, Debug)]
pub struct Posterior {
    /// Means, `[N, latent_channels, h, w]`.
    pub mean: Tensor<4>,
    /// Logarithms of the variances, of the same shape, from −30 to 20.
    pub log_variance: Tensor<4>,
}

impl Posterior {
    /// Splits `moments [N, 2·latent_channels, h, w]` into means, then logarithms of variances.
    pub(super) fn from_moments(moments: Tensor<4>) -> Self {
        let channels = moments.dims()[1] / 2;
        Self {
            mean: moments.clone().narrow(1, 0, channels),
            log_variance: moments.narrow(1, channels, channels).clamp(-30.0, 20.0),
        }
    }

    /// One draw for `noise` of N(0, 1), of the means' shape.
    pub fn sample(&self, noise: Tensor<4>) -> Tensor<4> {
        self.mean.clone() + (self.log_variance.clone() * 0.5).exp() * noise
    }

    /// The divergence `KL(posterior ‖ N(0, 1))` of each picture, `[N]`: `½ Σ (mean² + variance − 1 − log_variance)`.
    pub fn kl(&self) -> Tensor<1> {
        let n = self.mean.dims()[0];
        let variance = self.log_variance.clone().exp();
        let terms = self.mean.clone().square() + variance - 1.0 - self.log_variance.clone();
        terms.reshape([n as i32, -1]).sum_dim(1).reshape([n]) * 0.5
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn moments_draws_and_divergence() {
        let device = Device::flex();
        let moments =
            [[[[2.0]], [[0.0]], [[-40.0]], [[0.0]]], [[[1.0]], [[0.0]], [[0.0]], [[90.0]]]];
        let posterior = Posterior::from_moments(Tensor::<4>::from_floats(moments, &device));
        let values = |t: Tensor<4>| t.into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(values(posterior.log_variance.clone()), [-30.0, 0.0, 0.0, 20.0]);
        let drawn = values(posterior.sample(Tensor::full([2, 2, 1, 1], -1.0, &device)));
        let expected = [2.0 - (-15.0_f32).exp(), -1.0, 0.0, -(10.0_f32).exp()];
        assert!(drawn.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-6 * b.abs().max(1.0)));
        let kl: Vec<f32> = posterior.kl().into_data().try_to_vec().unwrap();
        // ½ (4 + e⁻³⁰ − 1 + 30) and ½ (1 + e²⁰ − 1 − 20).
        let expected = [16.5, 0.5 * ((20.0_f32).exp() - 20.0)];
        assert!(kl.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-6 * b), "{kl:?}");
    }
}
