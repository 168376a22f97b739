//! Pictures as tokens (Dosovitskiy et al. 2021): a linear map of each square of p×p pixels, plus an embedding of its place;
//! and tokens as pictures again.

use super::sincos::sincos;
use crate::Init;
use crate::layer::Conv2d;
use burn::module::{Module, Param};
use burn::tensor::{Tensor, TensorData};
use langevin_kernels::{Conv2dOptions, linear};

/// The maps of squares and places; `PatchEmbed` of diffusers.
#[derive(Module, Debug)]
pub struct PatchEmbed {
    /// From pixels to channels, stored as a convolution of stride p.
    pub proj: Conv2d,
    /// Embeddings `[1, side · side, C]` of the places in the largest square picture, of which smaller ones take the middle:
    /// stored with the network, never trained. Without it, embeddings are computed for each size.
    pub pos_embed: Option<Param<Tensor<3>>>,
    patch: usize,
    base: usize,
    side: usize,
}

/// What a patch embedding is built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatchEmbedConfig {
    /// Channels of the picture.
    pub in_channels: usize,
    /// Channels of a token, a multiple of four.
    pub dim: usize,
    /// Pixels along the side of a square.
    pub patch: usize,
    /// Pixels along the side of the pictures that the network was made for.
    pub sample_size: usize,
    /// Tokens along the side of the stored embeddings; `None` computes them instead.
    pub stored_side: Option<usize>,
}

impl PatchEmbed {
    /// Builds the maps with PyTorch's default initialisation.
    pub fn new(init: &mut Init<'_>, config: &PatchEmbedConfig) -> Self {
        let PatchEmbedConfig { in_channels, dim, patch, sample_size, stored_side } = *config;
        let options = Conv2dOptions { stride: [patch; 2], ..Default::default() };
        let base = sample_size / patch;
        let pos_embed = stored_side.map(|side| {
            let places = TensorData::new(sincos(dim, [side; 2], base), [1, side * side, dim]);
            Param::from_data(places, init.device).set_require_grad(false)
        });
        Self {
            proj: Conv2d::new(init, in_channels, dim, patch, options),
            pos_embed,
            patch,
            base,
            side: stored_side.unwrap_or(usize::MAX),
        }
    }

    /// Pixels along the side of a square.
    pub fn patch(&self) -> usize {
        self.patch
    }

    /// Most tokens along a side.
    pub fn most_tokens(&self) -> usize {
        self.side
    }

    /// Maps `x [N, C, p·h, p·w]` to `[N, h·w, dim]`, row by row.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<3> {
        let [n, c, height, width] = x.dims();
        let p = self.patch;
        let [h, w] = [height / p, width / p];
        let squares: Tensor<6> = x.reshape([n, c, h, p, w, p]);
        let pixels: Tensor<3> = squares.permute([0, 2, 4, 1, 3, 5]).reshape([n, h * w, c * p * p]);
        let weight = self.proj.weight.val();
        let [dim, ..] = weight.dims();
        let bias = self.proj.bias.as_ref().map(Param::val);
        let tokens = linear(pixels, weight.reshape([dim, c * p * p]), bias);
        let places = self.places([h, w], dim, &tokens);
        tokens + places
    }

    /// The embeddings of places, `[1, h·w, dim]`, on the device of `like`.
    fn places(&self, [h, w]: [usize; 2], dim: usize, like: &Tensor<3>) -> Tensor<3> {
        match &self.pos_embed {
            None => {
                let places = TensorData::new(sincos(dim, [h, w], self.base), [1, h * w, dim]);
                Tensor::from_data(places, &like.device())
            }
            Some(stored) => {
                let side = self.side;
                let all: Tensor<3> = stored.val().reshape([side, side, dim]);
                let [top, left] = [(side - h) / 2, (side - w) / 2];
                all.slice([top..top + h, left..left + w, 0..dim]).reshape([1, h * w, dim])
            }
        }
    }
}

/// Tokens `[N, h·w, p·p·C]`, row by row and in each the channels last, as the picture `[N, C, p·h, p·w]`.
pub fn unpatchify(x: Tensor<3>, [h, w]: [usize; 2], p: usize) -> Tensor<4> {
    let [n, _, outputs] = x.dims();
    let c = outputs / (p * p);
    let squares: Tensor<6> = x.reshape([n, h, w, p, p, c]);
    squares.permute([0, 5, 1, 3, 2, 4]).reshape([n, c, h * p, w * p])
}
