//! The perceptron of transformer blocks with a gate (Shazeer 2020): `net.2(geglu(net.0.proj(x)))`, four times as wide inside.

use super::{Geglu, Linear};
use crate::Init;
use burn::module::Module;
use burn::tensor::Tensor;

/// The perceptron with its parameters.
#[derive(Module, Debug)]
pub struct FeedForward {
    /// The gated map, a place without parameters, and the map back: the indices of the state dictionary.
    pub net: Vec<FeedForwardPart>,
}

/// One place of [`FeedForward::net`].
#[derive(Module, Debug)]
pub enum FeedForwardPart {
    /// The gated map.
    Gate(Geglu),
    /// Where Python drops elements in training.
    Nothing(Nothing),
    /// The map back.
    Back(Linear),
}

/// A module without parameters.
#[derive(Module, Debug)]
pub struct Nothing {}

impl FeedForward {
    /// Keeps `channels` numbers per token.
    pub fn new(init: &mut Init<'_>, channels: usize) -> Self {
        let inner = 4 * channels;
        Self {
            net: vec![
                FeedForwardPart::Gate(Geglu::new(init, channels, inner)),
                FeedForwardPart::Nothing(Nothing {}),
                FeedForwardPart::Back(Linear::new(init, inner, channels)),
            ],
        }
    }

    /// Maps `x [.., channels]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.net.iter().fold(x, |x, part| match part {
            FeedForwardPart::Gate(gate) => gate.forward(x),
            FeedForwardPart::Nothing(_) => x,
            FeedForwardPart::Back(map) => map.forward(x),
        })
    }
}
