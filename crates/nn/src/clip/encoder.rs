//! A stack of transformer layers with the normalisation before each part: `x + attention(norm(x))`, then `x + mlp(norm(x))`.

use super::{CLIPAttention, CLIPEncoderConfig, CLIPMLP};
use crate::layer::LayerNorm;
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;
use langevin_kernels::AttentionMask;

/// One layer with its parameters.
#[derive(Module, Debug)]
pub struct CLIPEncoderLayer {
    /// Attention between tokens.
    pub self_attn: CLIPAttention,
    /// Normalisation before the attention.
    pub layer_norm1: LayerNorm,
    /// The maps of each token.
    pub mlp: CLIPMLP,
    /// Normalisation before the maps.
    pub layer_norm2: LayerNorm,
}

impl CLIPEncoderLayer {
    /// Builds the layer.
    pub fn new(init: &mut Init<'_>, config: &CLIPEncoderConfig) -> Self {
        Self {
            self_attn: CLIPAttention::new(init, config),
            layer_norm1: LayerNorm::new(init, config.hidden_size, config.layer_norm_eps),
            mlp: CLIPMLP::new(init, config),
            layer_norm2: LayerNorm::new(init, config.hidden_size, config.layer_norm_eps),
        }
    }

    /// Maps `x [N, L, C]` to `[N, L, C]`.
    pub fn forward(&self, x: Tensor<3>, mask: AttentionMask) -> Tensor<3> {
        let x = self.self_attn.forward(&self.layer_norm1.forward(x.clone()), mask) + x;
        self.mlp.forward(self.layer_norm2.forward(x.clone())) + x
    }
}

/// The stack.
#[derive(Module, Debug)]
pub struct CLIPEncoder {
    /// The first layer first.
    pub layers: Vec<CLIPEncoderLayer>,
}

impl CLIPEncoder {
    /// Builds the stack.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn new(init: &mut Init<'_>, config: &CLIPEncoderConfig) -> Result<Self, Error> {
        config.check()?;
        let layers = 0..config.num_hidden_layers;
        Ok(Self { layers: layers.map(|_| CLIPEncoderLayer::new(init, config)).collect() })
    }

    /// `x [N, L, C]` and what each layer makes of it, the last layer last.
    pub fn forward(&self, x: Tensor<3>, mask: &AttentionMask) -> Vec<Tensor<3>> {
        let mut states = Vec::with_capacity(self.layers.len() + 1);
        let mut x = x;
        for layer in &self.layers {
            let next = layer.forward(x.clone(), mask.clone());
            states.push(x);
            x = next;
        }
        states.push(x);
        states
    }
}
