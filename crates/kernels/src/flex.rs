//! The border between Burn's CPU tensors and slices.

use burn::backend::Backend;
use burn::backend::ExtensionType;
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::tensor::FloatTensor;
use burn::tensor::{Bytes, DType, Device, Shape, Tensor};

use crate::engine::{Engine, engine};
use crate::fresh::{self, Fresh};
use crate::gemm::{Offsets, Operand};

/// Whether the kernels take this tensor: single precision on the CPU backend, unless they are switched off.
pub(crate) fn native<const D: usize>(x: &Tensor<D>) -> bool {
    engine() == Engine::Kernels
        && x.dtype() == DType::F32
        && x.device().without_autodiff() == Device::flex()
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

/// A tensor of the given shape whose values `write` writes, every one of them.
pub(crate) fn written(
    shape: impl Into<Shape>,
    write: impl for<'a> FnOnce(&'a mut Fresh) -> &'a mut [f32],
) -> FlexTensor {
    let shape = shape.into();
    let values = fresh::values(shape.num_elements(), write);
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(shape), DType::F32)
}

/// The values of a tensor that nobody else reads, in row-major order, to be changed in place.
pub(crate) fn values_mut(x: &mut FlexTensor) -> Option<&mut [f32]> {
    let (start, end) = x.layout().contiguous_offsets()?;
    x.try_storage_mut().map(|values: &mut [f32]| &mut values[start..end])
}

/// A tensor that may be absent.
#[derive(ExtensionType)]
pub(crate) enum Maybe<B: Backend> {
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

/// A tensor seen as a matrix of its last dimension by all others, wherever its values lie.
pub(crate) struct Matrix {
    tensor: FlexTensor,
    start: usize,
    /// Places of rows, and of columns within a row.
    rows: Vec<usize>,
    column_stride: usize,
    columns: usize,
}

impl Matrix {
    /// Copies only tensors with negative strides.
    pub(crate) fn of(x: FlexTensor) -> Self {
        let x = if x.layout().strides().iter().any(|&s| s < 0) { x.to_contiguous() } else { x };
        let shape: Vec<usize> = x.layout().shape().to_vec();
        let strides: Vec<usize> = x.layout().strides().iter().map(|&s| s as usize).collect();
        let (&columns, leading) = shape.split_last().expect("a tensor has dimensions");
        let mut rows = vec![0];
        for (&size, &stride) in leading.iter().zip(&strides) {
            rows = rows.iter().flat_map(|row| (0..size).map(move |i| row + i * stride)).collect();
        }
        Self {
            start: x.layout().start_offset(),
            rows,
            column_stride: strides[shape.len() - 1],
            columns,
            tensor: x,
        }
    }

    /// Number of rows.
    pub(crate) fn height(&self) -> usize {
        self.rows.len()
    }

    /// Number of columns.
    pub(crate) fn width(&self) -> usize {
        self.columns
    }

    /// The factor of a product whose lanes are the rows.
    pub(crate) fn by_rows(&self) -> Operand<'_> {
        Operand::new(
            self.data(),
            Offsets::Table(self.rows.clone()),
            Offsets::stride(self.columns, self.column_stride),
        )
    }

    /// The factor of a product whose lanes are the columns.
    pub(crate) fn by_columns(&self) -> Operand<'_> {
        Operand::new(
            self.data(),
            Offsets::stride(self.columns, self.column_stride),
            Offsets::Table(self.rows.clone()),
        )
    }

    fn data(&self) -> &[f32] {
        let all: &[f32] = self.tensor.storage();
        &all[self.start.min(all.len())..]
    }

    /// A tensor of the same shape and, where they fill memory without gaps, the same strides, whose values `write` writes
    /// at the places of rows and columns it is given.
    pub(crate) fn like(
        &self,
        write: impl for<'a> FnOnce(&'a mut Fresh, Offsets, Offsets) -> &'a mut [f32],
    ) -> FlexTensor {
        let layout = self.tensor.layout();
        let mut by_stride: Vec<(usize, usize)> = layout
            .strides()
            .iter()
            .map(|&s| s as usize)
            .zip(layout.shape().iter().copied())
            .filter(|d| d.1 > 1)
            .collect();
        by_stride.sort_unstable();
        let dense = by_stride
            .iter()
            .try_fold(1, |next, &(stride, size)| (stride == next).then_some(next * size));
        let layout = match dense {
            Some(_) => Layout::new(layout.shape().clone(), layout.strides().to_vec(), 0),
            None => Layout::contiguous(layout.shape().clone()),
        };
        let places = match dense {
            Some(_) => (
                Offsets::Table(self.rows.clone()),
                Offsets::stride(self.columns, self.column_stride),
            ),
            None => {
                (Offsets::stride(self.rows.len(), self.columns), Offsets::stride(self.columns, 1))
            }
        };
        let values = fresh::values(layout.shape().num_elements(), |v| write(v, places.0, places.1));
        FlexTensor::new(Bytes::from_elems(values), layout, DType::F32)
    }
}
