//! Patches of a picture as vectors (Dosovitskiy et al. 2021, eq. 1): a linear map of each patch, a learned vector before
//! them that stands for the whole picture, plus a row of a table for the place of each.

use super::CLIPVisionConfig;
use crate::Init;
use crate::layer::conv2d::Conv2dOptions;
use crate::layer::{Conv2d, Embedding};
use burn::module::{Module, Param};
use burn::tensor::Tensor;

/// The map, the vector and the table.
#[derive(Module, Debug)]
pub struct CLIPVisionEmbeddings {
    /// What stands before the patches, `[C]`.
    pub class_embedding: Param<Tensor<1>>,
    /// From patches to vectors, a convolution whose stride is its side.
    pub patch_embedding: Conv2d,
    /// A row for each place, the first for [`CLIPVisionEmbeddings::class_embedding`].
    pub position_embedding: Embedding,
}

impl CLIPVisionEmbeddings {
    /// Builds the three.
    pub fn new(init: &mut Init<'_>, config: &CLIPVisionConfig) -> Self {
        let (width, patch) = (config.hidden_size, config.patch_size);
        let options = Conv2dOptions { stride: [patch; 2], ..Default::default() };
        let patches = (config.image_size / patch).pow(2);
        Self {
            class_embedding: init.normal([width], (width as f64).sqrt().recip()),
            patch_embedding: Conv2d {
                bias: None,
                ..Conv2d::new(init, config.num_channels, width, patch, options)
            },
            position_embedding: Embedding::new(init, patches + 1, width),
        }
    }

    /// Maps `pixel_values [N, channels, H, W]` to `[N, 1 + patches, C]`, row by row; what no whole patch covers is not read.
    pub fn forward(&self, pixel_values: Tensor<4>) -> Tensor<3> {
        let patches: Tensor<3> = self.patch_embedding.forward(pixel_values).flatten(2, 3);
        let [n, c, _] = patches.dims();
        let class = self.class_embedding.val().reshape([1, 1, c]).expand([n, 1, c]);
        let tokens = Tensor::cat(vec![class, patches.swap_dims(1, 2)], 1);
        tokens + self.position_embedding.weight.val().unsqueeze::<3>()
    }
}
