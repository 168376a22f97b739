//! Prompts as what the transformer attends to.

use burn::tensor::{Device, Tensor};

use super::{StableDiffusion3, T5_LENGTH};
use crate::{Error, Result};

/// A prompt as the text encoders see it.
#[derive(Clone, Debug)]
pub(super) struct Embedded {
    /// CLIP's tokens, filled up with zeros to T5's width, then T5's, `[1, L, C]`.
    pub(super) tokens: Tensor<3>,
    /// The projections of both CLIP encoders, `[1, P]`.
    pub(super) pooled: Tensor<2>,
}

impl StableDiffusion3 {
    /// Reads a prompt, leaving out `skip` layers of CLIP at the end; what does not fit is told to `note`.
    pub(super) fn embed(
        &self,
        prompt: &str,
        skip: usize,
        device: &Device,
        note: &mut dyn FnMut(String),
    ) -> Result<Embedded> {
        let (mut states, mut pooled) = (Vec::new(), Vec::new());
        let mut cut = None;
        for clip in &self.clips {
            let output = clip.read(prompt, device, &mut |text| cut = Some(text.to_owned()))?;
            // The last layer is never read.
            let state = output.hidden_state_from_end(skip + 2).cloned();
            states.push(state.ok_or_else(|| clip.too_many(skip))?);
            pooled.push(output.text_embeds.ok_or_else(|| {
                Error::Tensor("a CLIP text encoder gave no projection".to_owned())
            })?);
        }
        if let Some(cut) = cut {
            note(format!("the prompt is too long for CLIP; cut off: \"{cut}\""));
        }
        let dim = self.transformer.config().joint_attention_dim;
        let clip = filled_up(Tensor::cat(states, 2), dim, device);
        let t5 = match &self.t5 {
            Some(t5) => t5.read(prompt, T5_LENGTH, device, &mut |cut| {
                note(format!("the prompt is too long for T5; cut off: \"{cut}\""));
            })?,
            None => Tensor::zeros([1, T5_LENGTH, dim], device),
        };
        Ok(Embedded { tokens: Tensor::cat(vec![clip, t5], 1), pooled: Tensor::cat(pooled, 1) })
    }
}

/// `[1, L, C]` with zeros behind, `[1, L, dim]`.
fn filled_up(tokens: Tensor<3>, dim: usize, device: &Device) -> Tensor<3> {
    let [n, l, c] = tokens.dims();
    if c >= dim {
        return tokens;
    }
    Tensor::cat(vec![tokens, Tensor::zeros([n, l, dim - c], device)], 2)
}
