//! GEGLU as a Burn operation.

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;

use super::slices;
use crate::flex::{contiguous, values, written};
use crate::operation::{Operation, apply};
use crate::simd::isa;

#[derive(Debug)]
struct Geglu;

impl Operation for Geglu {
    fn reads_inputs(&self) -> bool {
        true
    }

    fn forward(&self, inputs: Vec<FlexTensor>) -> (FlexTensor, Vec<FlexTensor>) {
        let [x] = inputs.try_into().expect("one input");
        let x = contiguous(x);
        let mut shape = x.layout().shape().clone();
        let last = shape.num_dims() - 1;
        shape[last] /= 2;
        let half = shape[last];
        (written(shape, |y| slices::forward(isa(), half, values(&x), y)), vec![])
    }

    fn backward(
        &self,
        inputs: Vec<FlexTensor>,
        _kept: Vec<FlexTensor>,
        dy: FlexTensor,
    ) -> Vec<FlexTensor> {
        let [x] = inputs.try_into().expect("one input");
        let (x, dy) = (contiguous(x), contiguous(dy));
        let shape = x.layout().shape().clone();
        let half = shape[shape.num_dims() - 1] / 2;
        vec![written(shape, |dx| slices::backward(isa(), half, values(&x), values(&dy), dx))]
    }
}

/// The operation on a tensor of the CPU backend.
pub(super) fn run<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    apply(Geglu, vec![x.into_dispatch()])
}
