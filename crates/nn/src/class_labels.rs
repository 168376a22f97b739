//! What a network may be told about the class of each picture.

use crate::Error;
use burn::tensor::{Int, Tensor};

/// Class labels of a batch.
#[derive(Clone, Debug)]
pub enum ClassLabels {
    /// One row of a class table per picture, `[N]`.
    Index(Tensor<1, Int>),
    /// One number per picture, `[N]`, embedded like a time.
    Value(Tensor<1>),
    /// One finished embedding per picture, `[N, D]`.
    Embedding(Tensor<2>),
}

impl ClassLabels {
    /// Number of pictures labelled.
    pub fn batch(&self) -> usize {
        match self {
            Self::Index(t) => t.dims()[0],
            Self::Value(t) => t.dims()[0],
            Self::Embedding(t) => t.dims()[0],
        }
    }

    /// Checks that the labels are indices below `rows`, for a batch of `n` (or one label for all).
    pub(crate) fn check_indices(labels: Option<&Self>, rows: usize, n: usize) -> Result<(), Error> {
        let expected =
            || format!("one class index from 0 to {} for each of {n} pictures", rows - 1);
        let fail =
            |found: String| Err(Error::Input { name: "class_labels", found, expected: expected() });
        let indices = match labels {
            None => return fail("missing".to_owned()),
            Some(Self::Index(t)) => {
                t.clone().into_data().try_into_vec_as::<i64>().unwrap_or_default()
            }
            Some(Self::Value(t)) => {
                let values = t.clone().into_data().try_into_vec_as::<f32>().unwrap_or_default();
                values.into_iter().map(|v| v as i64).collect()
            }
            Some(Self::Embedding(t)) => return fail(format!("of shape {:?}", t.dims())),
        };
        Self::check_batch(indices.len(), n)?;
        match indices.iter().find(|&&i| i < 0 || i as usize >= rows) {
            Some(bad) => fail(bad.to_string()),
            None => Ok(()),
        }
    }

    /// Checks that there is one label, or one for each of `n` pictures.
    pub(crate) fn check_batch(found: usize, n: usize) -> Result<(), Error> {
        if found == n || found == 1 {
            return Ok(());
        }
        let expected = format!("one label for each of {n} pictures");
        Err(Error::Input { name: "class_labels", found: format!("of length {found}"), expected })
    }
}
