//! What a `FluxTransformer2DModel` is given.

use super::config::FluxConfig;
use crate::Error;
use crate::transformer::check::{self, Size};
use burn::tensor::Tensor;

/// The inputs of one pass over N pictures of L tokens.
#[derive(Clone, Debug)]
pub struct FluxInputs {
    /// Noisy pictures as tokens, `[N, L, in_channels]`.
    pub sample: Tensor<3>,
    /// Times from 0 to 1, `[N]` or `[1]`.
    pub timestep: Tensor<1>,
    /// Embeddings of the text's words, `[N, S, joint_attention_dim]`.
    pub encoder_hidden_states: Tensor<3>,
    /// Embeddings of the whole text, `[N, pooled_projection_dim]`.
    pub pooled_projections: Tensor<2>,
    /// Places of the picture's tokens, `[L, axes]`.
    pub img_ids: Tensor<2>,
    /// Places of the text's tokens, `[S, axes]`.
    pub txt_ids: Tensor<2>,
    /// Guidance scales, `[N]` or `[1]`, exactly where the network embeds them.
    pub guidance: Option<Tensor<1>>,
}

impl FluxInputs {
    /// Tells whether a network of this configuration accepts the inputs.
    ///
    /// # Errors
    /// [`Error::Input`] names the input at fault.
    pub fn check(&self, config: &FluxConfig) -> Result<(), Error> {
        let tokens = [Size::Any("N"), Size::Any("L"), Size::Is(config.in_channels)];
        check::shape("sample", self.sample.dims(), tokens)?;
        let [n, l, _] = self.sample.dims();
        check::numbers("timestep", &self.timestep, n)?;
        let words = [Size::Is(n), Size::Any("S"), Size::Is(config.joint_attention_dim)];
        check::shape("encoder_hidden_states", self.encoder_hidden_states.dims(), words)?;
        let pooled = [Size::Is(n), Size::Is(config.pooled_projection_dim)];
        check::shape("pooled_projections", self.pooled_projections.dims(), pooled)?;
        let (s, axes) = (self.encoder_hidden_states.dims()[1], config.axes_dims_rope.len());
        check::shape("img_ids", self.img_ids.dims(), [Size::Is(l), Size::Is(axes)])?;
        check::shape("txt_ids", self.txt_ids.dims(), [Size::Is(s), Size::Is(axes)])?;
        let fail = |found: &str, expected: &str| {
            let (found, expected) = (found.to_owned(), expected.to_owned());
            Err(Error::Input { name: "guidance", found, expected })
        };
        match (config.guidance_embeds, &self.guidance) {
            (true, Some(guidance)) => check::numbers("guidance", guidance, n),
            (false, None) => Ok(()),
            (true, None) => fail("missing", "a guidance scale for each picture"),
            (false, Some(_)) => {
                fail("given", "nothing, since this network does not embed the guidance scale,")
            }
        }
    }
}
