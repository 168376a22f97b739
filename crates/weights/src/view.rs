//! A tensor made of another: files that hold several networks keep some tensors in other shapes.

use std::ops::Range;

use crate::{Error, Result, TensorFile};

/// What is done with a stored tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// Nothing.
    Whole,
    /// Part `index` of `parts` equal ones along the first extent.
    Part {
        /// Which one, from 0 on.
        index: usize,
        /// How many there are.
        parts: usize,
    },
    /// Rows `start..end` along the first extent.
    Rows {
        /// The first row.
        start: usize,
        /// The row after the last.
        end: usize,
    },
    /// The two halves along the first extent in the other order.
    HalvesSwapped,
    /// A matrix, its rows as columns.
    Transposed,
    /// A convolution of one pixel as a matrix.
    Matrix,
}

/// A tensor of a file, and what is done with it.
#[derive(Debug)]
pub(crate) struct View {
    tensor: String,
    edit: Edit,
    /// The shape of the stored tensor.
    stored: Vec<usize>,
    shape: Vec<usize>,
}

impl View {
    /// Checks that the stored tensor allows the edit.
    pub(crate) fn new(file: &TensorFile, tensor: String, edit: Edit) -> Result<Self> {
        let stored = file.shape(&tensor)?.to_vec();
        match edited(&stored, edit) {
            Ok(shape) => Ok(Self { tensor, edit, stored, shape }),
            Err(expected) => {
                Err(Error::View { path: file.path().to_owned(), tensor, shape: stored, expected })
            }
        }
    }

    /// The stored tensor's name.
    pub(crate) fn tensor(&self) -> &str {
        &self.tensor
    }

    /// The shape after the edit.
    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Where the bytes of the edited tensor lie, if they lie together, given where those of the stored one do.
    pub(crate) fn within(&self, stored: &Range<u64>) -> Option<Range<u64>> {
        let rows = self.stored.first().copied().unwrap_or(1).max(1) as u64;
        let row = (stored.end - stored.start) / rows;
        let of_rows = |start: usize, end: usize| {
            Some(stored.start + start as u64 * row..stored.start + end as u64 * row)
        };
        match self.edit {
            Edit::Whole | Edit::Matrix => Some(stored.clone()),
            Edit::Part { index, .. } => of_rows(index * self.shape[0], (index + 1) * self.shape[0]),
            Edit::Rows { start, end } => of_rows(start, end),
            Edit::HalvesSwapped | Edit::Transposed => None,
        }
    }

    /// The elements after the edit; each is `size` items long.
    pub(crate) fn edit<T: Copy>(&self, mut items: Vec<T>, size: usize) -> Vec<T> {
        let first = self.stored.first().copied().unwrap_or(1).max(1);
        let row = items.len() / first;
        let keep = |items: &mut Vec<T>, start: usize, end: usize| {
            items.truncate(end * row);
            items.drain(..start * row);
        };
        match self.edit {
            Edit::Whole | Edit::Matrix => {}
            Edit::Part { index, .. } => {
                let rows = self.shape[0];
                keep(&mut items, index * rows, (index + 1) * rows);
            }
            Edit::Rows { start, end } => keep(&mut items, start, end),
            Edit::HalvesSwapped => {
                let half = items.len() / 2;
                items.rotate_left(half);
            }
            Edit::Transposed => return transposed(&items, &self.stored, size),
        }
        items
    }
}

/// The shape after an edit, or what would allow it.
fn edited(stored: &[usize], edit: Edit) -> Result<Vec<usize>, &'static str> {
    let with_rows = |rows: usize| {
        let mut shape = stored.to_vec();
        shape[0] = rows;
        shape
    };
    match edit {
        Edit::Whole => Ok(stored.to_vec()),
        Edit::Part { parts, .. } => match stored {
            [first, ..] if first.is_multiple_of(parts) => Ok(with_rows(first / parts)),
            _ => Err("a first extent that can be divided into equal parts"),
        },
        Edit::Rows { start, end } => match stored {
            [first, ..] if start <= end && end <= *first => Ok(with_rows(end - start)),
            _ => Err("more rows"),
        },
        Edit::HalvesSwapped => match stored {
            [first, ..] if first.is_multiple_of(2) => Ok(stored.to_vec()),
            _ => Err("an even first extent"),
        },
        Edit::Transposed => match stored {
            [rows, columns] => Ok(vec![*columns, *rows]),
            _ => Err("a matrix"),
        },
        Edit::Matrix => match stored {
            [rows, columns, rest @ ..] if rest.iter().all(|&extent| extent == 1) => {
                Ok(vec![*rows, *columns])
            }
            _ => Err("a matrix or a convolution of one pixel"),
        },
    }
}

fn transposed<T: Copy>(items: &[T], stored: &[usize], size: usize) -> Vec<T> {
    let [rows, columns] = [stored[0], stored[1]];
    let mut out = Vec::with_capacity(items.len());
    for column in 0..columns {
        for row in 0..rows {
            out.extend_from_slice(&items[(row * columns + column) * size..][..size]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write;

    #[test]
    fn each_edit_gives_the_expected_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        let numbers: Vec<f32> = (0..12).map(|x| x as f32).collect();
        let tensors = [
            ("m".to_owned(), vec![6, 2], numbers.clone()),
            ("c".to_owned(), vec![3, 4, 1, 1], numbers),
        ];
        write(&path, &tensors, &Default::default()).unwrap();
        let file = TensorFile::open(&path).unwrap();
        let made = |name: &str, edit| {
            let view = View::new(&file, name.to_owned(), edit).unwrap();
            let values = view.edit(file.f32(name).unwrap(), 1);
            let bytes = view.edit(file.bytes(name).unwrap(), 4);
            let again: Vec<f32> =
                bytes.as_chunks().0.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect();
            assert_eq!(values, again);
            if let Some(within) = view.within(&file.extent(name).unwrap().unwrap()) {
                let whole = std::fs::read(&path).unwrap();
                assert_eq!(bytes, whole[within.start as usize..within.end as usize]);
            } else {
                assert!(matches!(edit, Edit::HalvesSwapped | Edit::Transposed));
            }
            (view.shape().to_vec(), values)
        };
        assert_eq!(
            made("m", Edit::Part { index: 1, parts: 3 }),
            (vec![2, 2], vec![4., 5., 6., 7.])
        );
        assert_eq!(made("m", Edit::Rows { start: 4, end: 5 }), (vec![1, 2], vec![8., 9.]));
        assert_eq!(made("m", Edit::HalvesSwapped).1[..7], [6., 7., 8., 9., 10., 11., 0.]);
        let (shape, values) = made("m", Edit::Transposed);
        assert_eq!((shape, &values[..7]), (vec![2, 6], &[0., 2., 4., 6., 8., 10., 1.][..]));
        assert_eq!(made("c", Edit::Matrix).0, [3, 4]);
        for (name, edit) in [
            ("m", Edit::Part { index: 0, parts: 4 }),
            ("m", Edit::Rows { start: 0, end: 7 }),
            ("c", Edit::HalvesSwapped),
            ("c", Edit::Transposed),
        ] {
            assert!(View::new(&file, name.to_owned(), edit).is_err());
        }
    }
}
