//! The numbers of a parameter as a file stores them.

use burn::module::Param;
use burn::tensor::{Bytes, DType, Tensor, TensorData, bf16, f16};

/// The numbers of one tensor, in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Single precision.
    F32(Vec<f32>),
    /// IEEE half precision.
    F16(Vec<f16>),
    /// The upper half of single precision.
    BF16(Vec<bf16>),
    /// Of a type of numbers, where they lie: in a mapped file, for one, so that a parameter needs no memory of its own.
    InPlace(Bytes, DType),
}

impl From<Vec<f32>> for Values {
    fn from(values: Vec<f32>) -> Self {
        Self::F32(values)
    }
}

impl Values {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F16(values) => values.len(),
            Self::BF16(values) => values.len(),
            Self::InPlace(bytes, dtype) => bytes.len() / dtype.size(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same in single precision, which holds every number of the others of at most 32 bits.
    #[must_use]
    pub fn widened(self) -> Self {
        match self {
            Self::F32(_) | Self::InPlace(_, DType::F32) => self,
            Self::F16(values) => Self::F32(values.into_iter().map(f16::to_f32).collect()),
            Self::BF16(values) => Self::F32(values.into_iter().map(bf16::to_f32).collect()),
            Self::InPlace(ref bytes, dtype) => {
                let data = TensorData::from_bytes(bytes.clone(), [self.len()], dtype);
                Self::F32(data.iter::<f32>().collect())
            }
        }
    }

    /// The parameter with these numbers instead of its own, as it is otherwise; their count fits.
    pub(super) fn put_into<const D: usize>(self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|old| {
            let (shape, device, trainable) = (old.dims(), old.device(), old.is_require_grad());
            drop(old);
            let (data, dtype) = match self {
                Self::F32(values) => (TensorData::new(values, shape), DType::F32),
                Self::F16(values) => (TensorData::new(values, shape), DType::F16),
                Self::BF16(values) => (TensorData::new(values, shape), DType::BF16),
                Self::InPlace(bytes, dtype) => (TensorData::from_bytes(bytes, shape, dtype), dtype),
            };
            let new = Tensor::from_data(data, (&device, dtype));
            if trainable { new.require_grad() } else { new }
        })
    }
}
