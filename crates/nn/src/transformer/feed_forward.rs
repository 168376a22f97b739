//! The feed-forward layer of a transformer block (Vaswani et al. 2017, eq. 2; Shazeer 2020 for gated forms), as diffusers'
//! `FeedForward`: a linear map to four times the width with a non-linearity, and a linear map back.

use crate::Init;
use crate::layer::Linear;
use burn::module::Module;
use burn::tensor::Tensor;
use langevin_kernels::{geglu, gelu, gelu_tanh, silu};
use serde::{Deserialize, Serialize};

/// Width of the layer in multiples of its input's.
const EXPANSION: usize = 4;

/// The non-linearities by the names that configurations use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeedForwardActivation {
    /// `x · Φ(x)`.
    Gelu,
    /// GELU by its approximation with the hyperbolic tangent.
    GeluApproximate,
    /// `value · gelu(gate)`, from a map to twice the width.
    Geglu,
    /// `x · sigmoid(1.702 x)`, which has no gate in spite of its name.
    GegluApproximate,
    /// `value · silu(gate)`, from a map to twice the width.
    Swiglu,
    /// `x · sigmoid(x)`.
    LinearSilu,
}

impl FeedForwardActivation {
    /// Outputs of the first map for each number that the non-linearity gives.
    pub fn maps(self) -> usize {
        match self {
            Self::Geglu | Self::Swiglu => 2,
            Self::Gelu | Self::GeluApproximate | Self::GegluApproximate | Self::LinearSilu => 1,
        }
    }

    fn forward(self, x: Tensor<3>) -> Tensor<3> {
        match self {
            Self::Gelu => gelu(x),
            Self::GeluApproximate => gelu_tanh(x),
            Self::Geglu => geglu(x),
            // x · sigmoid(a x) is silu(a x)/a.
            Self::GegluApproximate => silu(x * 1.702) / 1.702,
            Self::Swiglu => {
                let width = x.dims()[2] / 2;
                x.clone().narrow(2, 0, width) * silu(x.narrow(2, width, width))
            }
            Self::LinearSilu => silu(x),
        }
    }
}

/// Tokens mapped at a time.
const TOKENS: usize = 1024;

/// A linear map followed by a non-linearity.
#[derive(Module, Debug)]
pub struct Projection {
    /// The map.
    pub proj: Linear,
    #[module(skip)]
    activation: FeedForwardActivation,
}

/// The layer with its parameters.
#[derive(Module, Debug)]
pub struct FeedForward {
    /// The map in, PyTorch's dropout (no parameters: its probability is kept, for training alone) and the map out, for
    /// their names `net.0.proj` and `net.2`.
    pub net: (Projection, f64, Linear),
}

impl FeedForward {
    /// From `dim` channels to as many.
    pub fn new(
        init: &mut Init<'_>,
        dim: usize,
        activation: FeedForwardActivation,
        dropout: f64,
    ) -> Self {
        let inner = EXPANSION * dim;
        let proj = Linear::new(init, dim, activation.maps() * inner);
        Self { net: (Projection { proj, activation }, dropout, Linear::new(init, inner, dim)) }
    }

    /// Maps each token of `x [N, L, C]`; nothing is dropped.
    ///
    /// Without gradients many tokens are mapped some at a time: what lies between the two maps is up to eight times as
    /// wide as they are, and so stays in a cache. Each token's numbers are the same.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [n, length, channels] = x.dims();
        let tokens = n * length;
        let device = x.device();
        if tokens <= TOKENS || device != device.clone().without_autodiff() {
            return self.map_tokens(x);
        }
        let x = x.reshape([1, tokens, channels]);
        let pieces = (0..tokens)
            .step_by(TOKENS)
            .map(|first| self.map_tokens(x.clone().narrow(1, first, TOKENS.min(tokens - first))));
        Tensor::cat(pieces.collect(), 1).reshape([n, length, channels])
    }

    fn map_tokens(&self, x: Tensor<3>) -> Tensor<3> {
        let (first, _, last) = &self.net;
        last.forward(first.activation.forward(first.proj.forward(x)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params;
    use burn::tensor::Device;

    #[test]
    fn names_and_gates() {
        let device = Device::flex();
        let mut half = |u: &mut [f32]| u.fill(0.5);
        let mut init = Init::new(&device, &mut half);
        let layer = FeedForward::new(&mut init, 3, FeedForwardActivation::Swiglu, 0.0);
        let list: Vec<_> = params::list(&layer).into_iter().map(|p| (p.name, p.shape)).collect();
        let expected = [
            ("net.0.proj.weight", vec![24, 3]),
            ("net.0.proj.bias", vec![24]),
            ("net.2.weight", vec![3, 12]),
            ("net.2.bias", vec![3]),
        ];
        assert_eq!(list, expected.map(|(name, shape)| (name.to_owned(), shape)));
        let x = Tensor::<3>::from_floats([[[2.0, -1.0]]], &device);
        let value = |f: FeedForwardActivation| {
            f64::from(f.forward(x.clone()).into_data().try_to_vec::<f32>().unwrap()[0])
        };
        let sigmoid = |v: f64| 1.0 / (1.0 + (-v).exp());
        assert!((value(FeedForwardActivation::Swiglu) + 2.0 * sigmoid(-1.0)).abs() < 1e-6);
        assert!(
            (value(FeedForwardActivation::GegluApproximate) - 2.0 * sigmoid(3.404)).abs() < 1e-6
        );
    }

    #[test]
    fn many_tokens_are_mapped_as_each_alone() {
        let device = Device::flex();
        let mut next = 0.0_f32;
        let mut source = |u: &mut [f32]| {
            u.fill_with(|| {
                next = (next + 0.618_034) % 1.0;
                next
            });
        };
        let mut init = Init::new(&device, &mut source);
        let layer = FeedForward::new(&mut init, 5, FeedForwardActivation::Geglu, 0.0);
        let numbers = |x: Tensor<3>| x.into_data().try_to_vec::<f32>().unwrap();
        let x = init.normal::<3>([2, TOKENS / 2 + 7, 5], 1.0).val();
        let whole = numbers(layer.map_tokens(x.clone()));
        assert_eq!(numbers(layer.forward(x.clone())), whole);
        let tracked = layer.forward(Tensor::from_data(x.into_data(), &device.autodiff()));
        assert_eq!(numbers(tracked), whole);
    }
}
