//! Softmax as a Burn operation.

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;

use super::slices;
use crate::flex::{contiguous, values, written};
use crate::operation::{Operation, apply};
use crate::simd::isa;

#[derive(Debug)]
struct Softmax;

/// Size of the last dimension.
fn width(x: &FlexTensor) -> usize {
    x.layout().shape().last().copied().expect("a tensor has dimensions")
}

impl Operation for Softmax {
    fn reads_inputs(&self) -> bool {
        false
    }

    fn forward(&self, inputs: Vec<FlexTensor>) -> (FlexTensor, Vec<FlexTensor>) {
        let [x] = inputs.try_into().expect("one input");
        let width = width(&x);
        let x = contiguous(x);
        let shape = x.layout().shape().clone();
        let y = written(shape, |y| slices::forward(isa(), width, values(&x), y));
        (y.clone(), vec![y])
    }

    fn backward(
        &self,
        _inputs: Vec<FlexTensor>,
        kept: Vec<FlexTensor>,
        dy: FlexTensor,
    ) -> Vec<FlexTensor> {
        let [y] = kept.try_into().expect("the result was kept");
        let (dy, width) = (contiguous(dy), width(&y));
        let shape = y.layout().shape().clone();
        vec![written(shape, |dx| slices::backward(isa(), width, values(&y), values(&dy), dx))]
    }
}

/// The operation on a tensor of the CPU backend.
pub(super) fn run<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    apply(Softmax, vec![x.into_dispatch()])
}
