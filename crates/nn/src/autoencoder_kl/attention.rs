//! Attention of a coder, between pixels and with one head: `x + out(softmax(q kᵀ/√C) v)` for queries, keys and values of
//! `norm(x)`, with normalisation by groups, or also by latents (Zheng et al. 2022, MoVQ).

use super::coder_spec::CoderSpec;
use super::norm::{SpatialNorm, steered};
use crate::layer::{Attention, Linear};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;

/// Attention whose normalisation latents steer, with its parameters.
#[derive(Module, Debug)]
pub struct SpatialAttention {
    /// Normalisation of the input.
    pub spatial_norm: SpatialNorm,
    /// To queries.
    pub to_q: Linear,
    /// To keys.
    pub to_k: Linear,
    /// To values.
    pub to_v: Linear,
    /// Back to channels; a list of one, for its name in the state dictionary.
    pub to_out: Vec<Linear>,
}

impl SpatialAttention {
    fn forward(&self, x: Tensor<4>, z: &Tensor<4>) -> Tensor<4> {
        let [n, c, h, w] = x.dims();
        let tokens: Tensor<4> =
            self.spatial_norm.forward(x.clone(), z).reshape([n, 1, c, h * w]).swap_dims(2, 3);
        let (q, k) = (self.to_q.forward(tokens.clone()), self.to_k.forward(tokens.clone()));
        let v = self.to_v.forward(tokens);
        let mixed = langevin_kernels::attention(q, k, v, (c as f64).sqrt().recip());
        let out = self.to_out.iter().fold(mixed, |y, map| map.forward(y));
        out.swap_dims(2, 3).reshape([n, c, h, w]) + x
    }
}

/// Attention.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "Burn has no module behind a box, and a network has few blocks"
)]
pub enum CoderAttention {
    /// Normalised by groups.
    Group(Attention),
    /// Normalised by groups and the latents.
    Spatial(SpatialAttention),
}

impl CoderAttention {
    pub(super) fn new(
        init: &mut Init<'_>,
        spec: &CoderSpec<'_>,
        channels: usize,
    ) -> Result<Self, Error> {
        let Some(latents) = spec.steering else {
            return Ok(Self::Group(Attention::new(init, &spec.attention(channels))?));
        };
        Ok(Self::Spatial(SpatialAttention {
            spatial_norm: SpatialNorm::new(init, channels, latents)?,
            to_q: Linear::new(init, channels, channels),
            to_k: Linear::new(init, channels, channels),
            to_v: Linear::new(init, channels, channels),
            to_out: vec![Linear::new(init, channels, channels)],
        }))
    }

    /// Attends between the pixels of `x [N, C, H, W]`.
    pub(super) fn forward(&self, x: Tensor<4>, steering: Option<&Tensor<4>>) -> Tensor<4> {
        match self {
            Self::Group(attention) => attention.forward(x),
            Self::Spatial(attention) => attention.forward(x, steered(steering)),
        }
    }
}
