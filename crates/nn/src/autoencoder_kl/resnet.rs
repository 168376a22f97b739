//! Residual blocks of a coder, which no time enters: `x + conv2(act(norm2(conv1(act(norm1(x))))))`, with normalisation by
//! groups, or also by latents (Zheng et al. 2022, MoVQ, figure 2).

use super::coder_spec::CoderSpec;
use super::norm::{SpatialNorm, steered};
use crate::layer::{Activation, Conv2d, ResnetBlock2D};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;

/// A residual block whose normalisations latents steer, with its parameters.
#[derive(Module, Debug)]
pub struct SpatialResnetBlock2D {
    /// First normalisation.
    pub norm1: SpatialNorm,
    /// First convolution.
    pub conv1: Conv2d,
    /// Second normalisation.
    pub norm2: SpatialNorm,
    /// Second convolution.
    pub conv2: Conv2d,
    /// 1×1 convolution of the shortcut where the channels change.
    pub conv_shortcut: Option<Conv2d>,
    #[module(skip)]
    activation: Activation,
}

impl SpatialResnetBlock2D {
    fn forward(&self, x: Tensor<4>, z: &Tensor<4>) -> Tensor<4> {
        let h = self.activation.forward(self.norm1.forward(x.clone(), z));
        let h = self.conv1.forward(h);
        let h = self.activation.forward(self.norm2.forward(h, z));
        let x = match &self.conv_shortcut {
            Some(conv) => conv.forward(x),
            None => x,
        };
        self.conv2.forward_plus(h, x)
    }
}

/// A residual block.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "Burn has no module behind a box, and a network has few blocks"
)]
pub enum CoderResnet {
    /// Normalised by groups.
    Group(ResnetBlock2D),
    /// Normalised by groups and the latents.
    Spatial(SpatialResnetBlock2D),
}

impl CoderResnet {
    pub(super) fn new(
        init: &mut Init<'_>,
        spec: &CoderSpec<'_>,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, Error> {
        let Some(latents) = spec.steering else {
            return Ok(Self::Group(ResnetBlock2D::new(init, &spec.resnet(inputs, outputs))?));
        };
        Ok(Self::Spatial(SpatialResnetBlock2D {
            norm1: SpatialNorm::new(init, inputs, latents)?,
            conv1: Conv2d::same3x3(init, inputs, outputs),
            norm2: SpatialNorm::new(init, outputs, latents)?,
            conv2: Conv2d::same3x3(init, outputs, outputs),
            conv_shortcut: (inputs != outputs).then(|| Conv2d::pointwise(init, inputs, outputs)),
            activation: spec.act_fn,
        }))
    }

    /// Maps `x [N, in, H, W]` to `[N, out, H, W]`.
    pub(super) fn forward(&self, x: Tensor<4>, steering: Option<&Tensor<4>>) -> Tensor<4> {
        match self {
            Self::Group(block) => block.forward_untimed(x),
            Self::Spatial(block) => block.forward(x, steered(steering)),
        }
    }
}
