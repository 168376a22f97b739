//! Non-linearities as Burn operations.

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;

use super::gelu::GeluTanh;
use super::mish::Mish;
use super::{Gelu, Silu, slices};
use crate::flex::{contiguous, values, written};
use crate::operation::{Operation, apply};
use crate::simd::isa;

/// Which non-linearity.
#[derive(Clone, Copy, Debug)]
pub(super) enum Function {
    Silu,
    Gelu,
    GeluTanh,
    Mish,
}

impl Operation for Function {
    fn reads_inputs(&self) -> bool {
        true
    }

    fn forward(&self, inputs: Vec<FlexTensor>) -> (FlexTensor, Vec<FlexTensor>) {
        let [x] = inputs.try_into().expect("one input");
        let x = contiguous(x);
        let y = written(x.layout().shape().clone(), |y| match self {
            Self::Silu => slices::forward::<Silu>(isa(), values(&x), y),
            Self::Gelu => slices::forward::<Gelu>(isa(), values(&x), y),
            Self::GeluTanh => slices::forward::<GeluTanh>(isa(), values(&x), y),
            Self::Mish => slices::forward::<Mish>(isa(), values(&x), y),
        });
        (y, vec![])
    }

    fn backward(
        &self,
        inputs: Vec<FlexTensor>,
        _kept: Vec<FlexTensor>,
        dy: FlexTensor,
    ) -> Vec<FlexTensor> {
        let [x] = inputs.try_into().expect("one input");
        let (x, dy) = (contiguous(x), contiguous(dy));
        let (x, dy, shape) = (values(&x), values(&dy), x.layout().shape().clone());
        let dx = written(shape, |dx| match self {
            Self::Silu => slices::backward::<Silu>(isa(), x, dy, dx),
            Self::Gelu => slices::backward::<Gelu>(isa(), x, dy, dx),
            Self::GeluTanh => slices::backward::<GeluTanh>(isa(), x, dy, dx),
            Self::Mish => slices::backward::<Mish>(isa(), x, dy, dx),
        });
        vec![dx]
    }
}

/// The operation on a tensor of the CPU backend.
pub(super) fn run<const D: usize>(function: Function, x: Tensor<D>) -> Tensor<D> {
    apply(function, vec![x.into_dispatch()])
}
