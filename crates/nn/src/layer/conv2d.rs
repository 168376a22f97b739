//! Two-dimensional convolution, as `torch.nn.Conv2d` with its parameters `weight [K, C/groups, R, S]` and `bias [K]`.

use crate::Init;
use burn::module::{Module, Param};
use burn::tensor::Tensor;
pub use langevin_kernels::Conv2dOptions;

/// A convolution with its parameters.
#[derive(Module, Debug)]
pub struct Conv2d {
    /// Kernel, `[out, in/groups, rows, columns]`.
    pub weight: Param<Tensor<4>>,
    /// Offset per output channel.
    pub bias: Option<Param<Tensor<1>>>,
    /// Stride, padding, dilation, groups.
    #[module(skip)]
    pub options: Conv2dOptions,
}

impl Conv2d {
    /// A square kernel of side `kernel` from `inputs` to `outputs` channels, initialised as PyTorch does.
    pub fn new(
        init: &mut Init<'_>,
        inputs: usize,
        outputs: usize,
        kernel: usize,
        options: Conv2dOptions,
    ) -> Self {
        let fan_in = inputs / options.groups * kernel * kernel;
        let weight = init.fan_in([outputs, inputs / options.groups, kernel, kernel], fan_in);
        Self { weight, bias: Some(init.fan_in([outputs], fan_in)), options }
    }

    /// A 3×3 convolution that keeps the size: stride 1, one zero around the picture.
    pub fn same3x3(init: &mut Init<'_>, inputs: usize, outputs: usize) -> Self {
        Self::new(
            init,
            inputs,
            outputs,
            3,
            Conv2dOptions { padding_begin: [1; 2], padding_end: [1; 2], ..Default::default() },
        )
    }

    /// A 1×1 convolution: a linear map of each pixel's channels.
    pub fn pointwise(init: &mut Init<'_>, inputs: usize, outputs: usize) -> Self {
        Self::new(init, inputs, outputs, 1, Conv2dOptions::default())
    }

    /// The same convolution starting from zero, so that a residual branch ending in it starts as nothing.
    pub fn zeroed(self) -> Self {
        let zero = |p: Param<Tensor<1>>| p.map(|t| zeros_like(&t));
        Self { weight: self.weight.map(|t| zeros_like(&t)), bias: self.bias.map(zero), ..self }
    }

    /// Convolves `x [N, C, H, W]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.run(x, None)
    }

    /// Convolves `x [N, C, H, W]` and adds `residual`, of the result's shape, in the same pass.
    pub fn forward_plus(&self, x: Tensor<4>, residual: Tensor<4>) -> Tensor<4> {
        self.run(x, Some(residual))
    }

    fn run(&self, x: Tensor<4>, residual: Option<Tensor<4>>) -> Tensor<4> {
        let (weight, bias) = (self.weight.val(), self.bias.as_ref().map(Param::val));
        langevin_kernels::conv2d_plus(x, weight, bias, residual, self.options)
    }
}

/// Zeros of a parameter's shape, on its device and as trainable as it is.
pub(super) fn zeros_like<const D: usize>(t: &Tensor<D>) -> Tensor<D> {
    let zeros = Tensor::zeros(t.dims(), &t.device());
    if t.is_require_grad() { zeros.require_grad() } else { zeros }
}
