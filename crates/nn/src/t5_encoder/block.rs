//! One block of the encoder: attention, then a feed-forward layer.

use super::{T5Config, T5LayerFF, T5LayerSelfAttention};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;
use langevin_kernels::AttentionMask;

/// The block with its parameters.
#[derive(Module, Debug)]
pub struct T5Block {
    /// Its two layers, `layer.0` and `layer.1` in the state dictionary.
    pub layer: (T5LayerSelfAttention, T5LayerFF),
}

impl T5Block {
    /// Builds block `index`.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn new(init: &mut Init<'_>, config: &T5Config, index: usize) -> Result<Self, Error> {
        let attention = T5LayerSelfAttention::new(init, config, index);
        Ok(Self { layer: (attention, T5LayerFF::new(init, config)?) })
    }

    /// Maps `x [N, L, C]` to `[N, L, C]`, with `bias` on the scores of attention.
    pub fn forward(&self, x: Tensor<3>, bias: AttentionMask) -> Tensor<3> {
        self.layer.1.forward(self.layer.0.forward(x, bias))
    }
}
