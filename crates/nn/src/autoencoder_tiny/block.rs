//! The residual block: `relu(x + conv(act(conv(act(conv(x))))))`.

use crate::Init;
use crate::layer::{Activation, Conv2d};
use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::relu;

/// One step of the block's branch, or of a coder.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "Burn has no module behind a box, and a network has few blocks"
)]
pub enum TinyStep {
    /// A 3×3 convolution.
    Conv(Conv2d),
    /// A step without parameters that keeps its place in the list.
    Act(ActivationStep),
}

/// A non-linearity as a module without parameters.
#[derive(Module, Debug)]
pub struct ActivationStep {
    #[module(skip)]
    function: Activation,
}

impl ActivationStep {
    pub(super) fn new(function: Activation) -> Self {
        Self { function }
    }

    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.function.forward(x)
    }
}

/// The block with its parameters.
#[derive(Module, Debug)]
pub struct TinyBlock {
    /// Convolution and non-linearity in turn, five steps.
    pub conv: Vec<TinyStep>,
}

impl TinyBlock {
    /// Keeps `channels`.
    pub(super) fn new(init: &mut Init<'_>, channels: usize, function: Activation) -> Self {
        let conv = (0..5)
            .map(|i| match i % 2 {
                0 => TinyStep::Conv(Conv2d::same3x3(init, channels, channels)),
                _ => TinyStep::Act(ActivationStep::new(function)),
            })
            .collect();
        Self { conv }
    }

    /// Maps `x [N, C, H, W]`.
    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let last = self.conv.len() - 1;
        let mut h = x.clone();
        for step in &self.conv[..last] {
            h = match step {
                TinyStep::Conv(conv) => conv.forward(h),
                TinyStep::Act(act) => act.forward(h),
            };
        }
        relu(match &self.conv[last] {
            TinyStep::Conv(conv) => conv.forward_plus(h, x),
            TinyStep::Act(act) => act.forward(h) + x,
        })
    }
}
