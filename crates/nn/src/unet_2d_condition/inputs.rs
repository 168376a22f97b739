//! What a conditional U-Net is given beside the picture and the time.

use crate::ClassLabels;
use burn::tensor::Tensor;

/// The context, and what else the configuration asks for.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// Tokens to attend to, `[N, S, cross_attention_dim]`, or `encoder_hid_dim` numbers per token.
    pub encoder_hidden_states: Tensor<3>,
    /// Labels, where the network has a class embedding.
    pub class_labels: Option<ClassLabels>,
    /// The condition of the time embedding, `[N, time_cond_proj_dim]`; nothing is added without it.
    pub timestep_cond: Option<Tensor<2>>,
    /// Pooled text, `[N, dim]`, with `addition_embed_type` `text_time`.
    pub text_embeds: Option<Tensor<2>>,
    /// Original height and width, crop and target size, `[N, 6]`, with `addition_embed_type` `text_time`.
    pub time_ids: Option<Tensor<2>>,
}

impl Conditions {
    /// A context and nothing else.
    pub fn context(encoder_hidden_states: Tensor<3>) -> Self {
        Self {
            encoder_hidden_states,
            class_labels: None,
            timestep_cond: None,
            text_embeds: None,
            time_ids: None,
        }
    }

    /// `N`.
    pub(super) fn entries(&self) -> usize {
        self.encoder_hidden_states.dims()[0]
    }

    /// Whether there is nothing but the context.
    pub(super) fn context_only(&self) -> bool {
        let Self { class_labels, timestep_cond, text_embeds, time_ids, .. } = self;
        class_labels.is_none()
            && timestep_cond.is_none()
            && text_embeds.is_none()
            && time_ids.is_none()
    }
}
