//! Element-wise non-linearities by the names that configurations use.

use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};

/// A non-linearity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// `x · sigmoid(x)` (Hendrycks and Gimpel 2016; Ramachandran et al. 2017), also called swish.
    #[default]
    #[serde(alias = "swish")]
    Silu,
    /// `x · tanh(ln(1 + eˣ))` (Misra 2019).
    Mish,
    /// `x · Φ(x)` with the exact normal distribution function (Hendrycks and Gimpel 2016).
    Gelu,
    /// `max(x, 0)`.
    Relu,
    /// `x · sigmoid(1.702 x)`, an approximation of GELU (Hendrycks and Gimpel 2016, section 2).
    #[serde(rename = "quick_gelu")]
    QuickGelu,
    /// `x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))`, a closer one (ibid.).
    #[serde(
        rename = "gelu_new",
        alias = "gelu_pytorch_tanh",
        alias = "gelu_python_tanh",
        alias = "gelu_fast"
    )]
    GeluTanh,
}

/// The factor of [`Activation::QuickGelu`].
const QUICK: f64 = 1.702;

impl Activation {
    /// Applies the function to each element.
    pub fn forward<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Silu => langevin_kernels::silu(x),
            Self::Mish => langevin_kernels::mish(x),
            Self::Gelu => langevin_kernels::gelu(x),
            Self::Relu => activation::relu(x),
            Self::QuickGelu => langevin_kernels::silu(x * QUICK) / QUICK,
            Self::GeluTanh => langevin_kernels::gelu_tanh(x),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn apply(f: Activation, x: &[f32]) -> Vec<f32> {
        f.forward(Tensor::<1>::from_floats(x, &Device::flex())).into_data().try_to_vec().unwrap()
    }

    #[test]
    fn closed_forms() {
        let x = [-90.0_f32, -3.0, -0.5, 0.0, 0.7, 4.0, 90.0];
        for (i, &v) in x.iter().enumerate() {
            let v = f64::from(v);
            let close = |f: Activation, expected: f64| {
                let got = f64::from(apply(f, &x)[i]);
                assert!(
                    (got - expected).abs() <= 2e-6 * expected.abs().max(1.0),
                    "{f:?}({v}) = {got}, not {expected}"
                );
            };
            close(Activation::Silu, v / (1.0 + (-v).exp()));
            close(Activation::Mish, v * v.exp().ln_1p().tanh());
            close(Activation::Relu, v.max(0.0));
            close(Activation::QuickGelu, v / (1.0 + (-1.702 * v).exp()));
            let u = (2.0 / std::f64::consts::PI).sqrt() * (v + 0.044_715 * v.powi(3));
            close(Activation::GeluTanh, 0.5 * v * (1.0 + u.tanh()));
        }
        let gelu = apply(Activation::Gelu, &[-1.0, 0.0, 1.0, 2.0]);
        for (got, expected) in gelu.iter().zip([-0.158_655_25, 0.0, 0.841_344_7, 1.954_499_7]) {
            assert!((got - expected).abs() < 1e-6);
        }
    }
}
