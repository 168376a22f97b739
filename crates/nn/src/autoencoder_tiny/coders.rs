//! Encoder and decoder, each a list of layers: convolutions, residual blocks, and in the decoder doublings of the size.

use super::block::{ActivationStep, TinyBlock};
use super::config::AutoencoderTinyConfig;
use crate::Init;
use crate::layer::Conv2d;
use burn::module::Module;
use burn::tensor::Tensor;
use langevin_kernels::{Conv2dOptions, upsample_nearest_2x};

/// A layer; those without parameters keep their places, for the names of the others.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "Burn has no module behind a box, and a network has few layers"
)]
pub enum TinyLayer {
    /// A 3×3 convolution.
    Conv(Conv2d),
    /// A residual block.
    Block(TinyBlock),
    /// A non-linearity.
    Act(ActivationStep),
    /// Each pixel repeated in a square.
    Repeat(Repeat),
}

/// Repeats each pixel in a square of this side.
#[derive(Module, Debug)]
pub struct Repeat {
    factor: usize,
}

impl Repeat {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let ([n, c, h, w], k) = (x.dims(), self.factor);
        match k {
            1 => x,
            2 => upsample_nearest_2x(x),
            _ => {
                let squares: Tensor<6> = x.reshape([n, c, h, 1, w, 1]);
                squares.expand([n, c, h, k, w, k]).reshape([n, c, k * h, k * w])
            }
        }
    }
}

/// An encoder or a decoder with its parameters.
#[derive(Module, Debug)]
pub struct TinyCoder {
    /// The layers in order.
    pub layers: Vec<TinyLayer>,
}

impl TinyCoder {
    /// From pictures to latents: each stage but the first halves the size.
    pub(super) fn encoder(init: &mut Init<'_>, config: &AutoencoderTinyConfig) -> Self {
        let mut layers = Vec::new();
        let stages = config.encoder_block_out_channels.iter().zip(&config.num_encoder_blocks);
        for (i, (&channels, &blocks)) in stages.enumerate() {
            layers.push(TinyLayer::Conv(if i == 0 {
                Conv2d::same3x3(init, config.in_channels, channels)
            } else {
                let options = Conv2dOptions {
                    stride: [2; 2],
                    padding_begin: [1; 2],
                    padding_end: [1; 2],
                    ..Default::default()
                };
                Conv2d { bias: None, ..Conv2d::new(init, channels, channels, 3, options) }
            }));
            for _ in 0..blocks {
                layers.push(TinyLayer::Block(TinyBlock::new(init, channels, config.act_fn)));
            }
        }
        let last = config.encoder_block_out_channels.last().copied().unwrap_or(0);
        layers.push(TinyLayer::Conv(Conv2d::same3x3(init, last, config.latent_channels)));
        Self { layers }
    }

    /// From latents to pictures: each stage but the last enlarges the size.
    pub(super) fn decoder(init: &mut Init<'_>, config: &AutoencoderTinyConfig) -> Self {
        let first = config.decoder_block_out_channels.first().copied().unwrap_or(0);
        let mut layers = vec![
            TinyLayer::Conv(Conv2d::same3x3(init, config.latent_channels, first)),
            TinyLayer::Act(ActivationStep::new(config.act_fn)),
        ];
        let stages = config.decoder_block_out_channels.iter().zip(&config.num_decoder_blocks);
        for (i, (&channels, &blocks)) in stages.enumerate() {
            for _ in 0..blocks {
                layers.push(TinyLayer::Block(TinyBlock::new(init, channels, config.act_fn)));
            }
            if i + 1 == config.num_decoder_blocks.len() {
                layers.push(TinyLayer::Conv(Conv2d::same3x3(init, channels, config.out_channels)));
            } else {
                let factor = config.upsampling_scaling_factor;
                layers.push(TinyLayer::Repeat(Repeat { factor }));
                let conv = Conv2d::same3x3(init, channels, channels);
                layers.push(TinyLayer::Conv(Conv2d { bias: None, ..conv }));
            }
        }
        Self { layers }
    }

    /// Maps `x [N, C, H, W]` through every layer.
    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.layers.iter().fold(x, |x, layer| match layer {
            TinyLayer::Conv(conv) => conv.forward(x),
            TinyLayer::Block(block) => block.forward(x),
            TinyLayer::Act(act) => act.forward(x),
            TinyLayer::Repeat(repeat) => repeat.forward(x),
        })
    }
}
