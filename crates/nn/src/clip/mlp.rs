//! The two linear maps of a transformer layer with a non-linearity between them (Vaswani et al. 2017, section 3.3).

use super::CLIPEncoderConfig;
use crate::Init;
use crate::layer::{Activation, Linear};
use burn::module::Module;
use burn::tensor::Tensor;

/// The maps with their parameters.
#[derive(Module, Debug)]
pub struct CLIPMLP {
    /// To the intermediate width.
    pub fc1: Linear,
    /// Back to the width of a token.
    pub fc2: Linear,
    #[module(skip)]
    act: Activation,
}

impl CLIPMLP {
    /// Builds the maps.
    pub fn new(init: &mut Init<'_>, config: &CLIPEncoderConfig) -> Self {
        let (outer, inner) = (config.hidden_size, config.intermediate_size);
        Self {
            fc1: Linear::new(init, outer, inner),
            fc2: Linear::new(init, inner, outer),
            act: config.hidden_act,
        }
    }

    /// Maps `x [.., C]` to `[.., C]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.fc2.forward(self.act.forward(self.fc1.forward(x)))
    }
}
