//! Doubling by repetition as a Burn operation.

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;

use super::slices;
use crate::flex::{contiguous, dims, values, written};
use crate::operation::{Operation, apply};
use crate::simd::isa;

#[derive(Debug)]
struct UpsampleNearest;

impl Operation for UpsampleNearest {
    fn reads_inputs(&self) -> bool {
        false
    }

    fn forward(&self, inputs: Vec<FlexTensor>) -> (FlexTensor, Vec<FlexTensor>) {
        let [x] = inputs.try_into().expect("one input");
        let x = contiguous(x);
        let [n, c, h, w] = dims(&x);
        (written([n, c, 2 * h, 2 * w], |y| slices::forward(isa(), w, values(&x), y)), vec![])
    }

    fn backward(
        &self,
        _inputs: Vec<FlexTensor>,
        _kept: Vec<FlexTensor>,
        dy: FlexTensor,
    ) -> Vec<FlexTensor> {
        let dy = contiguous(dy);
        let [n, c, h, w] = dims(&dy);
        let (h, w) = (h / 2, w / 2);
        vec![written([n, c, h, w], |dx| slices::backward(isa(), w, values(&dy), dx))]
    }
}

/// The operation on a tensor of the CPU backend.
pub(super) fn run(x: Tensor<4>) -> Tensor<4> {
    apply(UpsampleNearest, vec![x.into_dispatch()])
}
