//! The border between Burn's CPU tensors and slices.

use burn::backend::Backend;
use burn::backend::ExtensionType;
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::tensor::FloatTensor;
use burn::tensor::{Bytes, DType, Device, Tensor};

/// Whether the kernels take this tensor: single precision on the CPU backend.
pub(crate) fn native<const D: usize>(x: &Tensor<D>) -> bool {
    x.dtype() == DType::F32 && x.device().without_autodiff() == Device::flex()
}

/// The tensor with its values in row-major order, copied only where they are not.
pub(crate) fn contiguous(x: FlexTensor) -> FlexTensor {
    if x.as_slice::<f32>().is_some() { x } else { x.to_contiguous() }
}

/// The values of a [`contiguous`] tensor.
pub(crate) fn values(x: &FlexTensor) -> &[f32] {
    x.as_slice().expect("a contiguous tensor of single precision")
}

/// Sizes of a tensor of known rank.
pub(crate) fn dims<const D: usize>(x: &FlexTensor) -> [usize; D] {
    x.layout().shape().dims()
}

/// A tensor of the given shape whose values `fill` writes.
pub(crate) fn filled<const D: usize>(
    shape: [usize; D],
    fill: impl FnOnce(&mut [f32]),
) -> FlexTensor {
    let mut values = vec![0.0_f32; shape.iter().product()];
    fill(&mut values);
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(shape.into()), DType::F32)
}

/// A tensor that may be absent.
#[derive(ExtensionType)]
pub enum Maybe<B: Backend> {
    /// It is there.
    Some(FloatTensor<B>),
    /// It is not.
    None,
}

impl<B: Backend> Maybe<B> {
    /// As a standard option.
    pub(crate) fn into_option(self) -> Option<FloatTensor<B>> {
        match self {
            Self::Some(tensor) => Some(tensor),
            Self::None => None,
        }
    }
}

/// A tensor of the shape of `x` whose values `fill` writes.
pub(crate) fn like(x: &FlexTensor, fill: impl FnOnce(&mut [f32])) -> FlexTensor {
    let shape = x.layout().shape().clone();
    let mut values = vec![0.0_f32; shape.num_elements()];
    fill(&mut values);
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(shape), DType::F32)
}
