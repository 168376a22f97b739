//! Writing a safetensors file: deterministic, atomic, streamed.
//!
//! Tensors are laid out as the reference implementation does it.
//! The same tensors therefore always give the same bytes, whatever their order, and the same bytes
//! as Python's `safetensors.torch.save_file` gives.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::path::Path;

use crate::layout::{Slot, lay_out};
use crate::{Dtype, Error, Result, atomic};

/// A named tensor that owns its values: name, shape (outermost extent first), row-major elements.
pub type NamedTensor = (String, Vec<usize>, Vec<f32>);

/// The elements of a tensor to be written, row-major.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    /// 32-bit floats.
    F32(&'a [f32]),
    /// 64-bit floats.
    F64(&'a [f64]),
    /// Signed 64-bit integers.
    I64(&'a [i64]),
    /// Signed 32-bit integers.
    I32(&'a [i32]),
    /// Bytes.
    U8(&'a [u8]),
    /// 32-bit floats, rounded to the nearest 16-bit IEEE floats while they are written.
    F32AsF16(&'a [f32]),
    /// 32-bit floats, rounded to the nearest bfloat16 while they are written.
    F32AsBf16(&'a [f32]),
}

/// A tensor to be written, borrowed.
#[derive(Debug, Clone, Copy)]
pub struct TensorRef<'a> {
    /// Its name, for example that of a parameter in PyTorch's `state_dict`.
    pub name: &'a str,
    /// Its extents, outermost first; empty for a scalar.
    pub shape: &'a [usize],
    /// Its elements, as many as the product of the extents.
    pub values: Values<'a>,
}

/// Writes f32 tensors to a safetensors file, atomically; see [`write_tensors`].
///
/// # Errors
/// Those of [`write_tensors`].
pub fn write(
    path: impl AsRef<Path>,
    tensors: &[NamedTensor],
    metadata: &BTreeMap<String, String>,
) -> Result<()> {
    let tensors: Vec<TensorRef<'_>> = tensors
        .iter()
        .map(|(name, shape, values)| TensorRef { name, shape, values: Values::F32(values) })
        .collect();
    write_tensors(path, &tensors, metadata)
}

/// Writes tensors to a safetensors file, atomically and without a second copy of them in memory.
///
/// `metadata` is written beside them, with `"format": "pt"` added unless it has a `format` of its
/// own: without it some readers refuse the file.
///
/// # Errors
/// [`Error::DuplicateName`], [`Error::ReservedName`], [`Error::ValueCount`] if values and shape
/// disagree, [`Error::HeaderTooLong`], and those of [`atomic::write_with`].
pub fn write_tensors(
    path: impl AsRef<Path>,
    tensors: &[TensorRef<'_>],
    metadata: &BTreeMap<String, String>,
) -> Result<()> {
    let path = path.as_ref();
    for tensor in tensors {
        tensor.check(path)?;
    }
    let mut slots: Vec<Slot<'_>> = tensors.iter().map(TensorRef::slot).collect();
    let values: HashMap<&str, Values<'_>> =
        tensors.iter().map(|tensor| (tensor.name, tensor.values)).collect();
    let start = lay_out(path, &mut slots, metadata)?;
    atomic::write_with(path, |file| {
        file.write_all(&start)?;
        slots.iter().try_for_each(|slot| values[slot.name].write(file))
    })
}

/// A tensor of a file that is written piece by piece: its name, the type of its elements, its shape.
pub(crate) type TensorSpec = (String, Dtype, Vec<usize>);

/// The bytes that the elements of a tensor take.
pub(crate) fn length(dtype: Dtype, shape: &[usize]) -> u64 {
    shape.iter().product::<usize>() as u64 * dtype.bitsize() as u64 / 8
}

/// Writes a safetensors file of tensors that `give` hands over one after the other, as bytes, so that
/// no two of them need to be in memory; atomically.
///
/// # Errors
/// Those of [`write_tensors`] and of `give`.
pub(crate) fn write_streamed(
    path: &Path,
    tensors: &[TensorSpec],
    metadata: &BTreeMap<String, String>,
    give: &mut dyn FnMut(&str) -> Result<Vec<u8>>,
) -> Result<()> {
    let mut slots: Vec<Slot<'_>> = tensors
        .iter()
        .map(|(name, dtype, shape)| Slot {
            name,
            dtype: *dtype,
            shape,
            bytes: length(*dtype, shape),
        })
        .collect();
    let start = lay_out(path, &mut slots, metadata)?;
    let mut failed = None;
    let written = atomic::write_with(path, |file| {
        file.write_all(&start)?;
        for slot in &slots {
            let bytes = match give(slot.name) {
                Ok(bytes) if bytes.len() as u64 == slot.bytes => bytes,
                Ok(bytes) => {
                    let (path, tensor) = (path.to_owned(), slot.name.to_owned());
                    let (shape, found) = (slot.shape.to_vec(), bytes.len());
                    failed = Some(Error::ValueCount { path, tensor, shape, found });
                    return Err(io::ErrorKind::Other.into());
                }
                Err(error) => {
                    failed = Some(error);
                    return Err(io::ErrorKind::Other.into());
                }
            };
            file.write_all(&bytes)?;
        }
        Ok(())
    });
    failed.map_or(written, Err)
}

impl<'a> TensorRef<'a> {
    fn slot(&self) -> Slot<'a> {
        let (dtype, bytes) = (self.values.dtype(), self.values.bytes());
        Slot { name: self.name, dtype, shape: self.shape, bytes }
    }

    fn check(&self, path: &Path) -> Result<()> {
        let elements =
            self.shape.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent));
        if elements == Some(self.values.len()) {
            return Ok(());
        }
        Err(Error::ValueCount {
            path: path.to_owned(),
            tensor: self.name.to_owned(),
            shape: self.shape.to_vec(),
            found: self.values.len(),
        })
    }
}

impl Values<'_> {
    /// The type of the elements in the file.
    pub fn dtype(&self) -> Dtype {
        match self {
            Self::F32(_) => Dtype::F32,
            Self::F64(_) => Dtype::F64,
            Self::I64(_) => Dtype::I64,
            Self::I32(_) => Dtype::I32,
            Self::U8(_) => Dtype::U8,
            Self::F32AsF16(_) => Dtype::F16,
            Self::F32AsBf16(_) => Dtype::BF16,
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::F32(values) | Self::F32AsF16(values) | Self::F32AsBf16(values) => values.len(),
            Self::F64(values) => values.len(),
            Self::I64(values) => values.len(),
            Self::I32(values) => values.len(),
            Self::U8(values) => values.len(),
        }
    }

    /// The length in the file.
    fn bytes(&self) -> u64 {
        self.len() as u64 * (self.dtype().bitsize() / 8) as u64
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::F32(values) => write_pieces(out, values, f32::to_le_bytes),
            Self::F64(values) => write_pieces(out, values, f64::to_le_bytes),
            Self::I64(values) => write_pieces(out, values, i64::to_le_bytes),
            Self::I32(values) => write_pieces(out, values, i32::to_le_bytes),
            Self::U8(values) => out.write_all(values),
            Self::F32AsF16(values) => {
                write_pieces(out, values, |x| half::f16::from_f32(x).to_le_bytes())
            }
            Self::F32AsBf16(values) => {
                write_pieces(out, values, |x| half::bf16::from_f32(x).to_le_bytes())
            }
        }
    }
}

/// Writes values as little-endian bytes, through a buffer small enough for the cache.
fn write_pieces<T: Copy, const N: usize>(
    out: &mut impl Write,
    values: &[T],
    encode: impl Fn(T) -> [u8; N],
) -> io::Result<()> {
    const PIECE: usize = 16 * 1024;
    let mut buffer = Vec::with_capacity(PIECE.min(values.len()) * N);
    for piece in values.chunks(PIECE) {
        buffer.clear();
        for value in piece {
            buffer.extend_from_slice(&encode(*value));
        }
        out.write_all(&buffer)?;
    }
    Ok(())
}
