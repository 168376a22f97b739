//! Normalisations of a decoder: by groups, or by groups and the latents, `y = norm(f) · conv_y(z) + conv_b(z)` (Zheng et
//! al. 2022, MoVQ, eq. 5), where the latents `z` are repeated to the size of `f`.

use super::coder_spec::{CoderSpec, EPS};
use crate::layer::{Activation, Conv2d, GroupNorm};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;
use langevin_kernels::{Conditioning, upsample_nearest_2x};

/// Groups of the normalisation that latents steer, whatever the configuration says of the others.
const GROUPS: usize = 32;

/// A normalisation that latents steer, with its parameters.
#[derive(Module, Debug)]
pub struct SpatialNorm {
    /// The normalisation.
    pub norm_layer: GroupNorm,
    /// From latents to factors, 1×1.
    pub conv_y: Conv2d,
    /// From latents to offsets, 1×1.
    pub conv_b: Conv2d,
}

impl SpatialNorm {
    /// Normalises `channels` channels, steered by `latents` channels.
    ///
    /// # Errors
    /// [`Error::Config`] when 32 groups do not divide the channels.
    pub(super) fn new(init: &mut Init<'_>, channels: usize, latents: usize) -> Result<Self, Error> {
        if !channels.is_multiple_of(GROUPS) {
            let expected = "multiples of 32 wherever latents steer the normalisation";
            return Err(Error::config("block_out_channels", &channels, expected));
        }
        Ok(Self {
            norm_layer: GroupNorm::new(init, GROUPS, channels, EPS)?,
            conv_y: Conv2d::pointwise(init, latents, channels),
            conv_b: Conv2d::pointwise(init, latents, channels),
        })
    }

    /// Normalises `f [N, C, 2ᵏ·H, 2ᵏ·W]` with the latents `z [N, L, H, W]`.
    pub fn forward(&self, f: Tensor<4>, z: &Tensor<4>) -> Tensor<4> {
        let height = f.dims()[2];
        // A 1×1 convolution of repeated pixels is the repeated convolution, which costs less.
        let grown = |conv: &Conv2d| {
            let mut y = conv.forward(z.clone());
            while y.dims()[2] < height {
                y = upsample_nearest_2x(y);
            }
            y
        };
        self.norm_layer.forward(f) * grown(&self.conv_y) + grown(&self.conv_b)
    }
}

/// The last normalisation of a coder.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "Burn has no module behind a box, and a network has few of them"
)]
pub enum CoderNorm {
    /// By groups.
    Group(GroupNorm),
    /// By groups and the latents.
    Spatial(SpatialNorm),
}

impl CoderNorm {
    pub(super) fn new(
        init: &mut Init<'_>,
        spec: &CoderSpec<'_>,
        channels: usize,
    ) -> Result<Self, Error> {
        Ok(match spec.steering {
            None => Self::Group(GroupNorm::new(init, spec.norm_num_groups, channels, EPS)?),
            Some(latents) => Self::Spatial(SpatialNorm::new(init, channels, latents)?),
        })
    }

    /// Normalises `f [N, C, H, W]` and applies the activation.
    pub(super) fn forward_activated(
        &self,
        f: Tensor<4>,
        steering: Option<&Tensor<4>>,
        activation: Activation,
    ) -> Tensor<4> {
        match self {
            Self::Group(norm) => norm.forward_activated(f, Conditioning::default(), activation),
            Self::Spatial(norm) => activation.forward(norm.forward(f, steered(steering))),
        }
    }
}

/// The latents that a steered layer needs.
pub(super) fn steered(steering: Option<&Tensor<4>>) -> &Tensor<4> {
    steering.expect("a decoder whose normalisations are steered is given its latents")
}
