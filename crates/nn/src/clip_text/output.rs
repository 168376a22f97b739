//! What the text encoder gives to pipelines.

use burn::tensor::Tensor;

/// States of the tokens of a batch, and of each sequence as a whole.
#[derive(Clone, Debug)]
pub struct CLIPTextOutput {
    /// The embedded tokens `[N, L, C]` and what each layer makes of them, before the final normalisation.
    pub hidden_states: Vec<Tensor<3>>,
    /// The last layer's states behind the final normalisation, `[N, L, C]`.
    pub last_hidden_state: Tensor<3>,
    /// The row of [`CLIPTextOutput::last_hidden_state`] that stands for each sequence, `[N, C]`.
    pub pooled: Tensor<2>,
    /// [`CLIPTextOutput::pooled`] behind the projection, `[N, projection_dim]`, where the network has one.
    pub text_embeds: Option<Tensor<2>>,
}

impl CLIPTextOutput {
    /// The states counted from the end, before the final normalisation: 1 is the last layer's, 2 the one before, which
    /// Stable Diffusion XL reads; `None` where there are not as many.
    pub fn hidden_state_from_end(&self, count: usize) -> Option<&Tensor<3>> {
        self.hidden_states.len().checked_sub(count).and_then(|i| self.hidden_states.get(i))
    }
}
