//! A block for all tokens alike (Dehghani et al. 2023, section 2, "parallel layers"): attention and a feed-forward layer side
//! by side on one normalised input, and one linear map back; `FluxSingleTransformerBlock` of diffusers.

use crate::Init;
use crate::layer::Linear;
use crate::transformer::{AdaLayerNormZero, JointAttention, JointAttentionConfig, Rope};
use burn::module::Module;
use burn::tensor::Tensor;
use langevin_kernels::gelu_tanh;

/// The block with its parameters.
#[derive(Module, Debug)]
pub struct FluxSingleBlock {
    /// Modulation of the one branch.
    pub norm: AdaLayerNormZero,
    /// Into the feed-forward layer.
    pub proj_mlp: Linear,
    /// From heads and feed-forward layer back to channels.
    pub proj_out: Linear,
    /// Attention between all tokens.
    pub attn: JointAttention,
}

impl FluxSingleBlock {
    /// Builds the block with PyTorch's default initialisation.
    pub fn new(init: &mut Init<'_>, attention: &JointAttentionConfig) -> Self {
        let dim = attention.heads * attention.head_dim;
        Self {
            norm: AdaLayerNormZero::new(init, dim, 1),
            proj_mlp: Linear::new(init, dim, 4 * dim),
            proj_out: Linear::new(init, 5 * dim, dim),
            attn: JointAttention::new(init, attention).without_output(),
        }
    }

    /// Maps the tokens `x [N, L, C]` under `condition [N, C]`.
    pub fn forward(&self, x: Tensor<3>, condition: &Tensor<2>, rope: &Rope) -> Tensor<3> {
        let [modulation] = self.norm.modulations(condition);
        let entered = modulation.enter(&self.norm.norm, x.clone());
        let mlp = gelu_tanh(self.proj_mlp.forward(entered.clone()));
        let mixed = self.attn.forward(entered, Some(rope));
        let branch = self.proj_out.forward(Tensor::cat(vec![mixed, mlp], 2));
        modulation.leave(x, branch)
    }
}
