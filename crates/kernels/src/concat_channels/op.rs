//! Concatenation of channels as a Burn operation.

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;

use super::slices;
use crate::flex::{contiguous, dims, values, written};
use crate::operation::{Operation, apply};

/// How many channels the first input has.
#[derive(Debug)]
struct Concat {
    first: usize,
}

impl Operation for Concat {
    fn reads_inputs(&self) -> bool {
        false
    }

    fn forward(&self, inputs: Vec<FlexTensor>) -> (FlexTensor, Vec<FlexTensor>) {
        let [a, b] = inputs.try_into().expect("two inputs");
        let (a, b) = (contiguous(a), contiguous(b));
        let ([n, c, h, w], [_, d, ..]) = (dims(&a), dims::<4>(&b));
        let runs = [c * h * w, d * h * w];
        let y = written([n, c + d, h, w], |y| slices::join(runs, [values(&a), values(&b)], y));
        (y, vec![])
    }

    fn backward(
        &self,
        _inputs: Vec<FlexTensor>,
        _kept: Vec<FlexTensor>,
        dy: FlexTensor,
    ) -> Vec<FlexTensor> {
        let dy = contiguous(dy);
        let [n, channels, h, w] = dims(&dy);
        let second = channels - self.first;
        let part = |start: usize, c: usize| {
            let run = start * h * w..(start + c) * h * w;
            written([n, c, h, w], |dx| slices::part(values(&dy), channels * h * w, run, dx))
        };
        vec![part(0, self.first), part(self.first, second)]
    }
}

/// The operation on tensors of the CPU backend.
pub(super) fn run(first: Tensor<4>, second: Tensor<4>) -> Tensor<4> {
    let operation = Concat { first: first.dims()[1] };
    apply(operation, vec![first.into_dispatch(), second.into_dispatch()])
}
