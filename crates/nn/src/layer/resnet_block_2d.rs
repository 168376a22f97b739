//! The residual block of diffusion U-Nets (Ho et al. 2020; Dhariwal and Nichol 2021 for scale-shift and resampling):
//! `h = conv1(resample(act(norm1(x))))`, the time enters, `h = conv2(dropout(act(norm2(h))))`, and the output is
//! `(shortcut(resample(x)) + h) / output_scale`.

use super::{Activation, Conv2d, Dropout, GroupNorm, Linear, downsample_2d, fir};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;
use langevin_kernels::{Conditioning, add_scaled, upsample_nearest_2x};
use serde::{Deserialize, Serialize};

/// How the time embedding enters a residual block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeShift {
    /// Added to each channel before the second normalisation.
    #[default]
    Default,
    /// Two numbers per channel after the second normalisation: `h · (1 + scale) + shift`.
    ScaleShift,
}

/// How pixels are repeated or averaged when a block changes the size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Nearest neighbour when doubling, the mean of four when halving.
    Box,
    /// The binomial filter of [`fir`].
    Fir,
}

/// Whether a residual block changes the size of the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resample {
    /// Same size.
    #[default]
    None,
    /// Twice the size.
    Up(Filter),
    /// Half the size.
    Down(Filter),
}

impl Resample {
    /// Resamples `x [N, C, H, W]`.
    pub fn forward(self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::None => x,
            Self::Up(Filter::Box) => upsample_nearest_2x(x),
            Self::Up(Filter::Fir) => fir::upsample(x),
            Self::Down(Filter::Box) => downsample_2d::mean2x2(x),
            Self::Down(Filter::Fir) => fir::downsample(x),
        }
    }
}

/// What a residual block is built from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResnetBlock2DConfig {
    /// Channels in.
    pub in_channels: usize,
    /// Channels out.
    pub out_channels: usize,
    /// Width of the time embedding; `None` for a block without one.
    pub temb_channels: Option<usize>,
    /// Groups of the first normalisation.
    pub groups: usize,
    /// Groups of the second normalisation.
    pub groups_out: usize,
    /// Epsilon of both normalisations.
    pub eps: f64,
    /// The non-linearity, also before the projection of the time embedding.
    pub activation: Activation,
    /// How the time enters.
    pub time_shift: TimeShift,
    /// Whether the time embedding is projected without the non-linearity before it.
    pub skip_time_act: bool,
    /// Probability of dropping an element before the second convolution, in training only.
    pub dropout: f64,
    /// Divides the output.
    pub output_scale: f64,
    /// Change of size.
    pub resample: Resample,
    /// Whether the shortcut has a 1×1 convolution even when the channels do not change.
    pub conv_shortcut: bool,
}

/// The block with its parameters.
#[derive(Module, Debug)]
pub struct ResnetBlock2D {
    /// First normalisation.
    pub norm1: GroupNorm,
    /// First convolution.
    pub conv1: Conv2d,
    /// From the time embedding to one shift, or a scale and a shift, per channel.
    pub time_emb_proj: Option<Linear>,
    /// Second normalisation.
    pub norm2: GroupNorm,
    /// Second convolution.
    pub conv2: Conv2d,
    /// 1×1 convolution of the shortcut.
    pub conv_shortcut: Option<Conv2d>,
    #[module(skip)]
    config: ResnetBlock2DConfig,
}

impl ResnetBlock2D {
    /// Builds the block with PyTorch's default initialisation.
    ///
    /// # Errors
    /// [`Error::Config`] when the groups do not divide the channels.
    pub fn new(init: &mut Init<'_>, config: &ResnetBlock2DConfig) -> Result<Self, Error> {
        let c = *config;
        let time_outputs = match c.time_shift {
            TimeShift::Default => c.out_channels,
            TimeShift::ScaleShift => 2 * c.out_channels,
        };
        let convolves = c.conv_shortcut || c.in_channels != c.out_channels;
        Ok(Self {
            norm1: GroupNorm::new(init, c.groups, c.in_channels, c.eps)?,
            conv1: Conv2d::same3x3(init, c.in_channels, c.out_channels),
            time_emb_proj: c.temb_channels.map(|t| Linear::new(init, t, time_outputs)),
            norm2: GroupNorm::new(init, c.groups_out, c.out_channels, c.eps)?,
            conv2: Conv2d::same3x3(init, c.out_channels, c.out_channels),
            conv_shortcut: convolves
                .then(|| Conv2d::pointwise(init, c.in_channels, c.out_channels)),
            config: c,
        })
    }

    /// Maps `x [N, C, H, W]` with the time embedding `temb [N, temb_channels]`.
    pub fn forward(&self, x: Tensor<4>, temb: &Tensor<2>, dropout: &mut Dropout<'_>) -> Tensor<4> {
        self.run(x, Some(temb), dropout)
    }

    /// Maps `x [N, C, H, W]` through a block that no time enters; nothing is dropped.
    pub fn forward_untimed(&self, x: Tensor<4>) -> Tensor<4> {
        self.run(x, None, &mut Dropout::Off)
    }

    fn run(&self, x: Tensor<4>, temb: Option<&Tensor<2>>, dropout: &mut Dropout<'_>) -> Tensor<4> {
        let c = &self.config;
        // The shortcut first: where it is a convolution, the block then owns x, and normalises it in place.
        let shortcut = c.resample.forward(x.clone());
        let shortcut = match &self.conv_shortcut {
            Some(conv) => conv.forward(shortcut),
            None => shortcut,
        };
        let h = self.norm1.forward_activated(x, Conditioning::default(), c.activation);
        let h = self.conv1.forward(c.resample.forward(h));
        let h = self.condition(h, temb);
        let h = dropout.apply(h, c.dropout);
        let x = shortcut;
        if c.output_scale == 1.0 {
            self.conv2.forward_plus(h, x)
        } else {
            add_scaled(x, self.conv2.forward(h), c.output_scale)
        }
    }

    /// Lets the time enter `h`, normalises and activates.
    fn condition(&self, h: Tensor<4>, temb: Option<&Tensor<2>>) -> Tensor<4> {
        let c = &self.config;
        let conditioning = match self.time_emb_proj.as_ref().zip(temb) {
            Some((project, temb)) => {
                let temb =
                    if c.skip_time_act { temb.clone() } else { c.activation.forward(temb.clone()) };
                self.split(project.forward(temb))
            }
            None => Conditioning::default(),
        };
        self.norm2.forward_activated(h, conditioning, c.activation)
    }

    /// The projected time embedding as what it does to the second normalisation.
    fn split(&self, temb: Tensor<2>) -> Conditioning {
        match self.config.time_shift {
            TimeShift::Default => Conditioning { offset: Some(temb), scale_shift: None },
            TimeShift::ScaleShift => {
                let channels = self.config.out_channels;
                let scale = temb.clone().narrow(1, 0, channels);
                let shift = temb.narrow(1, channels, channels);
                Conditioning { offset: None, scale_shift: Some((scale, shift)) }
            }
        }
    }
}
