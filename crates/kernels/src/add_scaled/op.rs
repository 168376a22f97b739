//! The scaled sum as a Burn operation.

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;

use super::slices;
use crate::flex::{contiguous, values, values_mut, written};
use crate::operation::{Operation, apply};
use crate::simd::isa;

#[derive(Debug)]
struct AddScaled {
    factor: f32,
}

impl Operation for AddScaled {
    fn reads_inputs(&self) -> bool {
        false
    }

    fn forward(&self, inputs: Vec<FlexTensor>) -> (FlexTensor, Vec<FlexTensor>) {
        let [x, h] = inputs.try_into().expect("two inputs");
        let (mut x, mut h) = (contiguous(x), contiguous(h));
        if let Some(to) = values_mut(&mut h) {
            slices::add_scaled(isa(), self.factor, values(&x), to);
            return (h, vec![]);
        }
        if let Some(to) = values_mut(&mut x) {
            slices::add_scaled(isa(), self.factor, values(&h), to);
            return (x, vec![]);
        }
        let shape = x.layout().shape().clone();
        let y =
            written(shape, |y| slices::sum_scaled(isa(), self.factor, values(&x), values(&h), y));
        (y, vec![])
    }

    fn backward(
        &self,
        _inputs: Vec<FlexTensor>,
        _kept: Vec<FlexTensor>,
        dy: FlexTensor,
    ) -> Vec<FlexTensor> {
        if self.factor == 1.0 {
            return vec![dy.clone(), dy];
        }
        let dy = contiguous(dy);
        let shape = dy.layout().shape().clone();
        let d = written(shape, |d| slices::scaled(isa(), self.factor, values(&dy), d));
        vec![d.clone(), d]
    }
}

/// The operation on tensors of the CPU backend.
pub(super) fn run<const D: usize>(x: Tensor<D>, h: Tensor<D>, divisor: f64) -> Tensor<D> {
    let operation = AddScaled { factor: (1.0 / divisor) as f32 };
    apply(operation, vec![x.into_dispatch(), h.into_dispatch()])
}
