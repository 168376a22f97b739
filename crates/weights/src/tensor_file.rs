//! Reading one file of tensors: the header once, each tensor when it is asked for.
//!
//! The file is a safetensors file, or one that PyTorch's `torch.save` wrote; its first bytes tell.
//!
//! A tensor is read piece by piece into the vector that is returned, so reading needs the memory of that
//! one tensor and a small buffer. Who maps the file into memory instead is told where a tensor's bytes lie.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::elements::{Element, Refusal};
use crate::error::Hint;
use crate::header::{self, Entry, Header, LENGTH_FIELD};
use crate::{Dtype, Error, Result, strided, torch};

/// The most bytes read at once; a multiple of every element's size.
const PIECE: usize = 64 * 1024;

/// An open file of tensors whose header has been proved consistent with the file's length.
///
/// It may be shared between threads. The file should not be changed while it is open; if it is,
/// reading gives an error or the changed values, never undefined behaviour.
#[derive(Debug)]
pub struct TensorFile {
    path: PathBuf,
    file: Mutex<File>,
    /// Where in the file the tensors' data starts.
    data: u64,
    header: Header,
}

impl TensorFile {
    /// Opens a safetensors file, or one of PyTorch's (`.bin`, `.pt`, `.ckpt`), and checks its whole header; no tensor is
    /// read yet.
    ///
    /// # Errors
    /// One sentence for each way in which the file is missing, cut short or malformed.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let failed = |reason| Error::reading(path, reason);
        let mut file = File::open(path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        if found.is_dir() {
            return Err(Error::IsFolder { path: path.to_owned() });
        }
        let length = found.len();
        if length == 0 {
            return Err(Error::EmptyFile { path: path.to_owned() });
        }
        if length < LENGTH_FIELD {
            return Err(Error::NoHeaderLength { path: path.to_owned(), length });
        }
        let mut field = [0; 8];
        file.read_exact(&mut field).map_err(failed)?;
        let mut start = [b'{'; 9];
        start[..8].copy_from_slice(&field);
        file.read_exact(&mut start[8..9.min(length as usize)]).map_err(failed)?;
        if torch::is_torch(start) {
            let header = torch::header(path, &mut file, length)?;
            return Ok(Self { path: path.to_owned(), file: Mutex::new(file), data: 0, header });
        }
        let header_length = header::length(path, field, length)?;
        file.seek(SeekFrom::Start(LENGTH_FIELD)).map_err(failed)?;
        // No longer than the file, as `length` made sure.
        let mut json = vec![0; header_length as usize];
        file.read_exact(&mut json).map_err(failed)?;
        let data = LENGTH_FIELD + header_length;
        let header = header::parse(path, &json, length - data)?;
        Ok(Self { path: path.to_owned(), file: Mutex::new(file), data, header })
    }

    /// Where the file lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of all tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.header.tensors.keys().map(String::as_str)
    }

    /// Whether the file has a tensor of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.header.tensors.contains_key(name)
    }

    /// The extents of a tensor, outermost first; empty for a scalar.
    ///
    /// # Errors
    /// [`Error::NoTensor`], with the nearest name.
    pub fn shape(&self, name: &str) -> Result<&[usize]> {
        Ok(&self.entry(name)?.shape)
    }

    /// The element type of a tensor as stored.
    ///
    /// # Errors
    /// [`Error::NoTensor`], with the nearest name.
    pub fn dtype(&self, name: &str) -> Result<Dtype> {
        Ok(self.entry(name)?.dtype)
    }

    /// The strings that the file carries beside its tensors.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.header.metadata
    }

    /// A tensor's elements in row-major order, converted to f32 from any float, integer or boolean.
    ///
    /// # Errors
    /// [`Error::NoTensor`], [`Error::WrongDtype`] for quantised and complex elements,
    /// [`Error::Changed`] if the file can no longer be read, [`Error::NoMemory`].
    pub fn f32(&self, name: &str) -> Result<Vec<f32>> {
        self.read(name)
    }

    /// As [`f32`](Self::f32), converted to f64.
    ///
    /// # Errors
    /// Those of [`f32`](Self::f32).
    pub fn f64(&self, name: &str) -> Result<Vec<f64>> {
        self.read(name)
    }

    /// A tensor's elements in row-major order as i64, from any integer or boolean but not from floats.
    ///
    /// # Errors
    /// Those of [`f32`](Self::f32), and [`Error::OutOfRange`] for a U64 element above `i64::MAX`.
    pub fn i64(&self, name: &str) -> Result<Vec<i64>> {
        self.read(name)
    }

    /// The bits of a tensor's elements in row-major order, which are F16 or BF16.
    ///
    /// # Errors
    /// Those of [`f32`](Self::f32).
    pub fn bits16(&self, name: &str) -> Result<Vec<u16>> {
        self.read(name)
    }

    /// A tensor's bytes, row by row, of the type that [`dtype`](Self::dtype) gives.
    ///
    /// # Errors
    /// [`Error::NoTensor`], [`Error::Changed`], [`Error::NoMemory`].
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>> {
        let entry = self.entry(name)?;
        let mut out = self.reserve(name, (entry.end - entry.start) as usize)?;
        self.pieces(name, entry, |piece| {
            out.extend_from_slice(piece);
            Ok(())
        })?;
        let Some(strides) = &entry.strides else { return Ok(out) };
        let size = entry.dtype.bitsize() / 8;
        let mut rows = self.reserve(name, entry.elements() * size)?;
        strided::gather(&out, (&entry.shape, strides), size, &mut rows);
        Ok(rows)
    }

    /// Where in the file a tensor's bytes lie, if row by row.
    ///
    /// # Errors
    /// [`Error::NoTensor`], with the nearest name.
    pub fn extent(&self, name: &str) -> Result<Option<Range<u64>>> {
        let entry = self.entry(name)?;
        let extent = self.data + entry.start..self.data + entry.end;
        Ok(entry.strides.is_none().then_some(extent))
    }

    /// The open file itself, as for mapping it into memory.
    ///
    /// # Errors
    /// [`Error::Io`] where the system has no more handles.
    pub fn handle(&self) -> Result<File> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.try_clone().map_err(|reason| Error::reading(&self.path, reason))
    }

    fn entry(&self, name: &str) -> Result<&Entry> {
        self.header.tensors.get(name).ok_or_else(|| Error::NoTensor {
            path: self.path.clone(),
            tensor: name.to_owned(),
            hint: Hint::nearest(name, self.names()),
        })
    }

    fn read<T: Element>(&self, name: &str) -> Result<Vec<T>> {
        let entry = self.entry(name)?;
        let refused = |refusal| self.refused(name, entry.dtype, T::NAME, refusal);
        T::append(entry.dtype, &[], &mut Vec::new()).map_err(refused)?;
        let mut out = self.reserve(name, entry.elements())?;
        if entry.strides.is_some() {
            T::append(entry.dtype, &self.bytes(name)?, &mut out).map_err(refused)?;
            return Ok(out);
        }
        self.pieces(name, entry, |piece| T::append(entry.dtype, piece, &mut out).map_err(refused))?;
        Ok(out)
    }

    fn refused(&self, name: &str, dtype: Dtype, wanted: &'static str, refusal: Refusal) -> Error {
        let (path, tensor) = (self.path.clone(), name.to_owned());
        match refusal {
            Refusal::Dtype => Error::WrongDtype { path, tensor, dtype, wanted },
            Refusal::Value(value) => Error::OutOfRange { path, tensor, value },
        }
    }

    fn reserve<T>(&self, name: &str, elements: usize) -> Result<Vec<T>> {
        let mut out = Vec::new();
        out.try_reserve_exact(elements).map_err(|_| Error::NoMemory {
            path: self.path.clone(),
            tensor: name.to_owned(),
            bytes: (elements as u64).saturating_mul(size_of::<T>() as u64),
        })?;
        Ok(out)
    }

    /// Gives the bytes of a tensor to `take`, at most [`PIECE`] at a time.
    fn pieces(
        &self,
        name: &str,
        entry: &Entry,
        mut take: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut left = (entry.end - entry.start) as usize;
        let mut at = self.data + entry.start;
        let mut buffer = vec![0; PIECE.min(left)];
        while left > 0 {
            let piece = &mut buffer[..PIECE.min(left)];
            self.read_at(at, piece).map_err(|reason| Error::Changed {
                path: self.path.clone(),
                tensor: name.to_owned(),
                reason,
            })?;
            take(piece)?;
            left -= piece.len();
            at += piece.len() as u64;
        }
        Ok(())
    }

    fn read_at(&self, at: u64, piece: &mut [u8]) -> io::Result<()> {
        // A panic in another thread cannot have left the file in a bad state: every read seeks first.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(piece)
    }
}
