//! The judge's network: three 3×3 convolutions, each rectified and followed by a maximum over 2×2 pixels, then a hidden
//! layer, whose rectified outputs are the features, and one output per digit. 94,730 parameters.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use langevin_nn::Init;
use langevin_nn::layer::{Conv2d, Linear};

/// A classifier of 28×28 grey images in [−1, 1].
#[derive(Module, Debug)]
pub struct JudgeNetwork {
    conv1: Conv2d,
    conv2: Conv2d,
    conv3: Conv2d,
    hidden: Linear,
    classes: Linear,
}

impl JudgeNetwork {
    /// Numbers that describe an image.
    pub const FEATURES: usize = 96;
    /// Digits told apart.
    pub const CLASSES: usize = 10;

    /// A network to be trained, initialised as PyTorch does.
    pub fn new(init: &mut Init<'_>) -> Self {
        Self {
            conv1: Conv2d::same3x3(init, 1, 24),
            conv2: Conv2d::same3x3(init, 24, 48),
            conv3: Conv2d::same3x3(init, 48, 64),
            hidden: Linear::new(init, 64 * 3 * 3, Self::FEATURES),
            classes: Linear::new(init, Self::FEATURES, Self::CLASSES),
        }
    }

    /// Features `[N, 96]`, not negative, of images `[N, 1, 28, 28]`.
    pub fn features(&self, x: Tensor<4>) -> Tensor<2> {
        let pool = |x| max_pool2d(relu(x), MaxPoolOptions::new([2, 2]));
        let x = pool(self.conv1.forward(x));
        let x = pool(self.conv2.forward(x));
        let x = pool(self.conv3.forward(x));
        relu(self.hidden.forward(x.flatten::<2>(1, 3)))
    }

    /// Unnormalised log-probabilities `[N, 10]` of the digits, from features `[N, 96]`.
    pub fn logits(&self, features: Tensor<2>) -> Tensor<2> {
        self.classes.forward(features)
    }
}
