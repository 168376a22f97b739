//! Prompts as what the U-Net attends to.

use burn::tensor::{Device, Tensor};
use langevin_nn::CLIPTextOutput;

use super::{Reading, StableDiffusion};
use crate::text::Clip;
use crate::{Result, Wording};

/// A prompt as the text encoders see it.
#[derive(Clone, Debug)]
pub(super) struct Embedded {
    /// `[1, L, C]`.
    pub(super) tokens: Tensor<3>,
    /// `[1, P]`, where the pipeline adds pooled text.
    pub(super) pooled: Option<Tensor<2>>,
}

impl Embedded {
    /// As many zeros.
    pub(super) fn zeros_like(&self) -> Self {
        Self {
            tokens: self.tokens.zeros_like(),
            pooled: self.pooled.as_ref().map(Tensor::zeros_like),
        }
    }
}

impl StableDiffusion {
    /// Reads a prompt as it is worded, leaving out `skip` layers at the end; what does not fit is told to `cut`.
    pub(super) fn embed(
        &self,
        (prompt, wording): (&str, Wording),
        skip: usize,
        device: &Device,
        cut: &mut dyn FnMut(&str),
    ) -> Result<Embedded> {
        if wording == Wording::Weighted {
            return self.embed_weighted(prompt, skip, device);
        }
        let (mut states, mut pooled) = (Vec::new(), None);
        for text in &self.texts {
            let output = text.read(prompt, device, cut)?;
            states.push(self.state(text, &output, skip)?);
            if self.reading == Reading::Penultimate {
                pooled = Some(output.text_embeds.unwrap_or(output.pooled));
            }
        }
        Ok(Embedded { tokens: Tensor::cat(states, 2), pooled })
    }

    /// The states of an encoder that this pipeline reads, `skip` layers left out at the end.
    pub(super) fn state(
        &self,
        text: &Clip,
        output: &CLIPTextOutput,
        skip: usize,
    ) -> Result<Tensor<3>> {
        // Where states are read before the last layer anyway, that layer is not counted.
        let from_end = skip + if self.reading == Reading::Penultimate { 2 } else { 1 };
        if self.reading == Reading::Last && skip == 0 {
            return Ok(output.last_hidden_state.clone());
        }
        let state = output.hidden_state_from_end(from_end).cloned();
        let state = state.ok_or_else(|| text.too_many(skip))?;
        Ok(match self.reading {
            Reading::Last => text.model.get()?.text_model.final_layer_norm.forward(state),
            Reading::Penultimate => state,
        })
    }
}
