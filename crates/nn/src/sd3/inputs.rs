//! What a `SD3Transformer2DModel` is given.

use super::config::SD3Config;
use crate::Error;
use crate::transformer::check::{self, Size};
use burn::tensor::Tensor;

/// The inputs of one pass over N pictures.
#[derive(Clone, Debug)]
pub struct SD3Inputs {
    /// Noisy pictures, `[N, C, H, W]`.
    pub sample: Tensor<4>,
    /// Times, `[N]` or `[1]`.
    pub timestep: Tensor<1>,
    /// Embeddings of the text's words, `[N, S, joint_attention_dim]`.
    pub encoder_hidden_states: Tensor<3>,
    /// Embeddings of the whole text, `[N, pooled_projection_dim]`.
    pub pooled_projections: Tensor<2>,
}

impl SD3Inputs {
    /// Tells whether a network of this configuration accepts the inputs.
    ///
    /// # Errors
    /// [`Error::Input`] names the input at fault.
    pub fn check(&self, config: &SD3Config) -> Result<(), Error> {
        let (sample, patch) = (self.sample.dims(), config.patch_size);
        let most = config.pos_embed_max_size.unwrap_or(usize::MAX);
        check::picture(sample, config.in_channels, patch, most)?;
        let n = sample[0];
        check::numbers("timestep", &self.timestep, n)?;
        let words = [Size::Is(n), Size::Any("S"), Size::Is(config.joint_attention_dim)];
        check::shape("encoder_hidden_states", self.encoder_hidden_states.dims(), words)?;
        let pooled = [Size::Is(n), Size::Is(config.pooled_projection_dim)];
        check::shape("pooled_projections", self.pooled_projections.dims(), pooled)
    }
}
