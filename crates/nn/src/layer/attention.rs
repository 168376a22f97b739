//! Self-attention between the pixels of a picture (Vaswani et al. 2017; Ho et al. 2020): group normalisation, linear
//! maps to queries, keys and values, attention per head, a linear map back, and the residual.

use super::{GroupNorm, Linear};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;

/// What an attention block is built from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttentionConfig {
    /// Channels in and out.
    pub channels: usize,
    /// Numbers per head; there are `channels / head_dim` heads, rounded down.
    pub head_dim: usize,
    /// Groups of the normalisation; `None` leaves it out.
    pub groups: Option<usize>,
    /// Epsilon of the normalisation.
    pub eps: f64,
    /// The sum of input and attention is divided by this.
    pub rescale_output: f64,
}

/// The block with its parameters.
#[derive(Module, Debug)]
pub struct Attention {
    /// Normalisation of the input.
    pub group_norm: Option<GroupNorm>,
    /// To queries.
    pub to_q: Linear,
    /// To keys.
    pub to_k: Linear,
    /// To values.
    pub to_v: Linear,
    /// Back to channels; a list of one, for its name in the state dictionary.
    pub to_out: Vec<Linear>,
    heads: usize,
    head_dim: usize,
    rescale_output: f64,
}

impl Attention {
    /// Builds the block with PyTorch's default initialisation.
    ///
    /// # Errors
    /// [`Error::Config`] when a head is wider than the channels or the groups do not divide them.
    pub fn new(init: &mut Init<'_>, config: &AttentionConfig) -> Result<Self, Error> {
        let AttentionConfig { channels, head_dim, groups, eps, rescale_output } = *config;
        let heads = channels.checked_div(head_dim).unwrap_or(0);
        if heads == 0 {
            let expected =
                format!("a number from 1 to {channels}, the channels of the attention block");
            return Err(Error::config("attention_head_dim", &head_dim, expected));
        }
        let inner = heads * head_dim;
        Ok(Self {
            group_norm: groups.map(|g| GroupNorm::new(init, g, channels, eps)).transpose()?,
            to_q: Linear::new(init, channels, inner),
            to_k: Linear::new(init, channels, inner),
            to_v: Linear::new(init, channels, inner),
            to_out: vec![Linear::new(init, inner, channels)],
            heads,
            head_dim,
            rescale_output,
        })
    }

    /// The same block with its last map starting from zero, so that it starts as its residual.
    pub fn zeroed(self) -> Self {
        Self { to_out: self.to_out.into_iter().map(Linear::zeroed).collect(), ..self }
    }

    /// Attends between the pixels of `x [N, C, H, W]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [n, c, h, w] = x.dims();
        let normed =
            self.group_norm.as_ref().map_or_else(|| x.clone(), |norm| norm.forward(x.clone()));
        let tokens: Tensor<3> = normed.reshape([n, c, h * w]).swap_dims(1, 2);
        let split = |map: &Linear| -> Tensor<4> {
            map.forward(tokens.clone())
                .reshape([n, h * w, self.heads, self.head_dim])
                .swap_dims(1, 2)
        };
        let (q, k, v) = (split(&self.to_q), split(&self.to_k), split(&self.to_v));
        let mixed = langevin_kernels::attention(q, k, v, (self.head_dim as f64).sqrt().recip());
        let mixed: Tensor<3> =
            mixed.swap_dims(1, 2).reshape([n, h * w, self.heads * self.head_dim]);
        let out = self.to_out.iter().fold(mixed, |y, map| map.forward(y));
        let sum = out.swap_dims(1, 2).reshape([n, c, h, w]) + x;
        if self.rescale_output == 1.0 { sum } else { sum / self.rescale_output }
    }
}

/// Names of the attention maps now and in state dictionaries from before diffusers 0.17.
const RENAMED: [(&str, &str); 4] =
    [("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")];

/// The name that older files give to the parameter `name` of an attention block, or `None` for any other parameter.
pub fn older_name(name: &str) -> Option<String> {
    let (path, leaf) = name.rsplit_once('.')?;
    RENAMED.iter().find_map(|(now, before)| {
        let block = path.strip_suffix(now)?.strip_suffix('.')?;
        Some(format!("{block}.{before}.{leaf}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_names() {
        let older = |name| older_name(name).unwrap();
        assert_eq!(
            older("mid_block.attentions.0.to_q.weight"),
            "mid_block.attentions.0.query.weight"
        );
        assert_eq!(older("a.to_out.0.bias"), "a.proj_attn.bias");
        assert_eq!(older_name("a.group_norm.bias"), None);
        assert_eq!(older_name("a.not_to_k.bias"), None);
    }
}
