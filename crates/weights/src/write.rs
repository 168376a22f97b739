//! Writing a safetensors file: deterministic, atomic, streamed.
//!
//! Tensors are laid out as the reference implementation does it, by descending alignment of their
//! element type and then by name, and the header is padded with spaces to a multiple of 8 bytes.
//! The same tensors therefore always give the same bytes, whatever their order, and the same bytes
//! as Python's `safetensors.torch.save_file` gives.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use crate::header::{self, METADATA};
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
    let mut order: Vec<&TensorRef<'_>> = tensors.iter().collect();
    order.sort_by(|a, b| b.values.dtype().cmp(&a.values.dtype()).then(a.name.cmp(b.name)));
    header::check_names(path, order.iter().map(|tensor| tensor.name))?;
    for tensor in &order {
        tensor.check(path)?;
    }
    let json = header_json(&order, metadata);
    if json.len() as u64 > header::LONGEST {
        let (header, limit) = (json.len() as u64, header::LONGEST);
        return Err(Error::HeaderTooLong { path: path.to_owned(), header, limit });
    }
    atomic::write_with(path, |file| {
        file.write_all(&(json.len() as u64).to_le_bytes())?;
        file.write_all(json.as_bytes())?;
        order.iter().try_for_each(|tensor| tensor.values.write(file))
    })
}

/// The header, padded so that the data starts at a multiple of 8 bytes.
fn header_json(order: &[&TensorRef<'_>], metadata: &BTreeMap<String, String>) -> String {
    let mut all = BTreeMap::from([("format", "pt")]);
    all.extend(metadata.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    let metadata: serde_json::Map<_, _> =
        all.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();

    let mut json = format!("{{\"{METADATA}\":{}", serde_json::Value::Object(metadata));
    let mut start = 0;
    for tensor in order {
        let end = start + tensor.values.bytes();
        let entry = serde_json::json!({
            "dtype": tensor.values.dtype(),
            "shape": tensor.shape,
            "data_offsets": [start, end],
        });
        // Writing to a string cannot fail.
        let _ = write!(json, ",{}:{entry}", serde_json::Value::from(tensor.name));
        start = end;
    }
    json.push('}');
    while json.len() % 8 != 0 {
        json.push(' ');
    }
    json
}

impl TensorRef<'_> {
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
