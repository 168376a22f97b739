//! Weights of 16 bits, `f16` or `bf16`, in single precision: inference keeps large weights as they are stored and computes
//! in single precision, which holds every such number exactly.
//! Memory: one weight in single precision, for as long as an operation takes.

use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{Bytes, DType, Device, Tensor, bf16, f16};
use half::slice::HalfFloatSliceExt;
use rayon::prelude::*;

use crate::engine::{Engine, engine};
use crate::operation::{Operation, apply};

/// Numbers of one task.
const PIECE: usize = 1 << 15;

/// The tensor in single precision; itself where it is that already.
pub(crate) fn widened<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    match x.dtype() {
        DType::F16 | DType::BF16 if engine() == Engine::Kernels && x.device() == Device::flex() => {
            apply(Widen, vec![x.into_dispatch()])
        }
        DType::F16 | DType::BF16 => x.cast(DType::F32),
        _ => x,
    }
}

/// On tensors without gradients only.
#[derive(Debug)]
struct Widen;

impl Operation for Widen {
    fn reads_inputs(&self) -> bool {
        false
    }

    fn forward(&self, inputs: Vec<FlexTensor>) -> (FlexTensor, Vec<FlexTensor>) {
        let [x] = inputs.try_into().expect("one input");
        let x = x.to_contiguous();
        let shape = x.layout().shape().clone();
        let (start, end) = x.layout().contiguous_offsets().expect("a contiguous tensor");
        let mut y = vec![0.0_f32; end - start];
        let pieces = y.par_chunks_mut(PIECE);
        match x.dtype() {
            DType::F16 => pieces
                .zip(x.storage::<f16>()[start..end].par_chunks(PIECE))
                .for_each(|(y, x)| x.convert_to_f32_slice(y)),
            _ => pieces
                .zip(x.storage::<bf16>()[start..end].par_chunks(PIECE))
                .for_each(|(y, x)| x.convert_to_f32_slice(y)),
        }
        (FlexTensor::new(Bytes::from_elems(y), Layout::contiguous(shape), DType::F32), vec![])
    }

    fn backward(
        &self,
        _inputs: Vec<FlexTensor>,
        _kept: Vec<FlexTensor>,
        dy: FlexTensor,
    ) -> Vec<FlexTensor> {
        vec![dy]
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;

    use super::*;
    use crate::{Conv2dOptions, conv2d, linear};

    fn tensor<const D: usize>(shape: [usize; D], dtype: DType) -> Tensor<D> {
        let count = shape.iter().product::<usize>();
        let value = |i: usize| ((i * 7919 % 1013) as f32 / 506.5 - 1.0) * 0.37;
        let data = TensorData::new((0..count).map(value).collect::<Vec<_>>(), shape);
        Tensor::from_data(data.convert_dtype(dtype), (&Device::flex(), dtype))
    }

    #[test]
    fn maps_with_stored_weights_are_those_with_widened_ones() {
        let numbers = |x: Tensor<2>| x.into_data().try_to_vec::<f32>().unwrap();
        for dtype in [DType::F16, DType::BF16] {
            let x = tensor([3, 70], DType::F32);
            for weight in [tensor([500, 70], dtype), tensor([70, 500], dtype).transpose()] {
                assert_eq!(weight.dtype(), dtype);
                let wide = weight.clone().cast(DType::F32);
                let found = numbers(linear(x.clone(), weight.clone(), None));
                assert_eq!(found, numbers(linear(x.clone(), wide, None)));
            }
            let x = tensor([1, 17, 9, 9], DType::F32);
            let weight = tensor([33, 17, 3, 3], dtype);
            let wide = weight.clone().cast(DType::F32);
            let go = |weight| conv2d(x.clone(), weight, None, Conv2dOptions::default());
            assert_eq!(numbers(go(weight).flatten(1, 3)), numbers(go(wide).flatten(1, 3)));
        }
    }

    #[test]
    fn every_number_is_widened_exactly() {
        let all: Vec<f16> = (0..=u16::MAX).map(f16::from_bits).collect();
        let x = Tensor::<1>::from_data(
            TensorData::new(all.clone(), [1 << 16]),
            (&Device::flex(), DType::F16),
        );
        let found = widened(x).into_data().try_to_vec::<f32>().unwrap();
        for (x, y) in all.iter().zip(found) {
            assert!(x.to_f32().to_bits() == y.to_bits() || (x.is_nan() && y.is_nan()), "{x}");
        }
    }
}
