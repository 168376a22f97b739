//! The inputs of a recording, asked for by name and number of dimensions.

use burn::tensor::{Device, Int, Tensor, TensorData};
use langevin_nn::ClassLabels;
use langevin_weights::{Dtype, TensorFile};

use crate::{Error, Result};

/// An open recording.
#[derive(Debug)]
pub struct Inputs<'a> {
    file: &'a TensorFile,
    device: &'a Device,
}

impl<'a> Inputs<'a> {
    /// The inputs in `file`, brought to `device`.
    pub fn new(file: &'a TensorFile, device: &'a Device) -> Self {
        Self { file, device }
    }

    /// Whether the recording has this input.
    pub(super) fn has(&self, name: &str) -> bool {
        self.file.contains(name)
    }

    /// An error about the recording.
    pub(super) fn refuse(&self, reason: String) -> Error {
        Error::Golden { path: self.file.path().to_owned(), reason }
    }

    /// How many dimensions a tensor has.
    pub(super) fn dimensions(&self, name: &str) -> Result<usize> {
        Ok(self.file.shape(name)?.len())
    }

    fn shape<const D: usize>(&self, name: &str) -> Result<[usize; D]> {
        let shape = self.file.shape(name)?;
        // A scalar counts as one number for all.
        if shape.is_empty() && D == 1 {
            return Ok([1; D]);
        }
        shape.try_into().map_err(|_| {
            self.refuse(format!("the tensor `{name}` has shape {shape:?}: expected {D} dimensions"))
        })
    }

    /// Numbers.
    ///
    /// # Errors
    /// Where the tensor is missing or has another number of dimensions.
    pub fn tensor<const D: usize>(&self, name: &str) -> Result<Tensor<D>> {
        let data = TensorData::new(self.file.f32(name)?, self.shape::<D>(name)?);
        Ok(Tensor::from_data(data, self.device))
    }

    /// Numbers, where there are any.
    pub(super) fn optional<const D: usize>(&self, name: &str) -> Result<Option<Tensor<D>>> {
        if self.has(name) { self.tensor(name).map(Some) } else { Ok(None) }
    }

    /// Whole numbers.
    pub(super) fn whole<const D: usize>(&self, name: &str) -> Result<Tensor<D, Int>> {
        let values = match self.file.dtype(name)? {
            Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64 => {
                self.file.f64(name)?.into_iter().map(|value| value as i64).collect()
            }
            _ => self.file.i64(name)?,
        };
        Ok(Tensor::from_data(TensorData::new(values, self.shape::<D>(name)?), self.device))
    }

    /// `class_labels`: whole numbers are indices, other numbers values, and rows of numbers embeddings.
    ///
    /// # Errors
    /// Where the tensor cannot be read.
    pub fn labels(&self) -> Result<Option<ClassLabels>> {
        const NAME: &str = "class_labels";
        if !self.has(NAME) {
            return Ok(None);
        }
        let float =
            matches!(self.file.dtype(NAME)?, Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64);
        Ok(Some(match (self.file.shape(NAME)?.len(), float) {
            (2, _) => ClassLabels::Embedding(self.tensor(NAME)?),
            (_, true) => ClassLabels::Value(self.tensor(NAME)?),
            (_, false) => ClassLabels::Index(self.whole(NAME)?),
        }))
    }
}
