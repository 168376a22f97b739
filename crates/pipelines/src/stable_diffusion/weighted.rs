//! Prompts with weights and of any length: chunks of as many tokens as an encoder reads, encoded apart, joined along the
//! sequence, each token's state multiplied by its weight.
//!
//! A weight changes the tokens that carry it and nothing else. A1111 then scales all states so that their mean is what it
//! was; that mean is of numbers of both signs, may lie near zero, and is not restored here.

use burn::tensor::{Device, Tensor, TensorData};

use super::prompt::Embedded;
use super::{Reading, StableDiffusion};
use crate::Result;

impl StableDiffusion {
    /// Reads a prompt of any length with the weights in its brackets, leaving out `skip` layers at the end.
    ///
    /// The states are `[1, n · L, C]` for `n` chunks of `L` tokens; what stands for the whole is that of the first chunk.
    pub(super) fn embed_weighted(
        &self,
        prompt: &str,
        skip: usize,
        device: &Device,
    ) -> Result<Embedded> {
        let chunks = self.texts.iter().map(|text| text.tokenizer.chunks(prompt));
        let chunks = chunks.collect::<Result<Vec<_>>>()?;
        // A learnt word may be longer for one encoder than for the other.
        let count = chunks.iter().map(Vec::len).max().unwrap_or(1);
        let (mut all, mut pooled) = (Vec::new(), None);
        for (text, mut chunks) in self.texts.iter().zip(chunks) {
            while chunks.len() < count {
                chunks.extend(text.tokenizer.chunks("")?);
            }
            let (mut states, mut whole) = (Vec::new(), None);
            for chunk in chunks {
                let weights = chunk.is_weighted().then(|| {
                    let data = TensorData::new(chunk.weights.clone(), [1, chunk.weights.len(), 1]);
                    Tensor::<3>::from_data(data, device)
                });
                let output = text.read_ids(chunk.ids, device)?;
                let state = self.state(text, &output, skip)?;
                states.push(match weights {
                    Some(weights) => state * weights,
                    None => state,
                });
                if whole.is_none() {
                    whole = Some(output.text_embeds.unwrap_or(output.pooled));
                }
            }
            all.push(Tensor::cat(states, 1));
            if self.reading == Reading::Penultimate {
                pooled = whole;
            }
        }
        Ok(Embedded { tokens: Tensor::cat(all, 2), pooled })
    }

    /// The same with chunks of no words behind it, until there are `length` tokens.
    pub(super) fn filled_up(
        &self,
        embedded: Embedded,
        length: usize,
        skip: usize,
        device: &Device,
    ) -> Result<Embedded> {
        let Embedded { mut tokens, pooled } = embedded;
        if tokens.dims()[1] < length {
            let empty = self.embed_weighted("", skip, device)?.tokens;
            while tokens.dims()[1] < length {
                tokens = Tensor::cat(vec![tokens, empty.clone()], 1);
            }
        }
        Ok(Embedded { tokens, pooled })
    }
}
