//! A file seen as memory, so that tensors can stay where the file has them.
//!
//! The system reads a page of the file when it is first touched and may let it go again; several processes share it.

use burn::tensor::{AllocationProperty, Bytes, DType};
use memmap2::Mmap;
use std::fs::File;
use std::io;
use std::ops::Range;

/// A file that is mapped into memory, to be read only; it stays so while any of its bytes are in use.
///
/// The file must not be changed meanwhile: other numbers would be seen, and a process that touches what was cut off is
/// ended by the system. A file that is replaced by another of its name (a rename, as all of Langevin's writing does) is
/// not changed.
#[derive(Clone, Debug)]
pub struct MappedFile(bytes::Bytes);

impl MappedFile {
    /// Maps an open file.
    ///
    /// # Errors
    /// Where the system cannot: the file is too long for its addresses, or of a kind that cannot be memory.
    pub fn new(file: &File) -> io::Result<Self> {
        // SAFETY: the map is only read, and lives as long as its bytes are in use. That nobody else changes the file
        // cannot be proved here: it is asked of the user, above, as by every program that maps its weights.
        let map = unsafe { Mmap::map(file)? };
        Ok(Self(bytes::Bytes::from_owner(map)))
    }

    /// The bytes of an extent of the file as numbers of a type, without a copy; none where they do not lie as the
    /// processor reads them: beyond the end, in part, not at a multiple of the number's size, or in another order.
    ///
    /// Who writes to them gets a copy first.
    pub fn numbers(&self, extent: Range<u64>, dtype: DType) -> Option<Bytes> {
        let (start, end) = (usize::try_from(extent.start).ok()?, usize::try_from(extent.end).ok()?);
        let bytes = self.0.get(start..end)?;
        let size = dtype.size();
        if !bytes.as_ptr().addr().is_multiple_of(size) || !bytes.len().is_multiple_of(size) {
            return None;
        }
        let bytes = self.0.slice_ref(bytes);
        cfg!(target_endian = "little").then(|| Bytes::from_shared(bytes, AllocationProperty::File))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Tensor, TensorData};

    fn mapped(bytes: &[u8]) -> MappedFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        io::Write::write_all(&mut file, bytes).unwrap();
        MappedFile::new(file.as_file()).unwrap()
    }

    #[test]
    fn a_tensor_lies_in_the_file_and_writing_to_it_leaves_the_file() {
        let numbers = [0.0_f32, 1.5, -2.0, 3.25];
        let file = mapped(bytemuck::cast_slice(&numbers));
        let tensor = || {
            let data =
                TensorData::from_bytes(file.numbers(4..16, DType::F32).unwrap(), [3], DType::F32);
            Tensor::<1>::from_data(data, &Device::flex())
        };
        assert_eq!(tensor().into_data().try_to_vec::<f32>().unwrap(), numbers[1..]);
        let written = tensor().mul_scalar(2.0).slice_fill(0..1, 7.0);
        assert_eq!(written.into_data().try_to_vec::<f32>().unwrap(), [7.0, -4.0, 6.5]);
        assert_eq!(tensor().into_data().try_to_vec::<f32>().unwrap(), numbers[1..]);
    }

    #[test]
    fn what_does_not_lie_as_numbers_is_refused() {
        let file = mapped(&[0; 10]);
        assert!(file.numbers(4..8, DType::F32).is_some());
        assert!(file.numbers(2..6, DType::F16).is_some());
        for (extent, dtype) in [
            (2..6, DType::F32),
            (4..7, DType::F32),
            (8..12, DType::F32),
            (1..3, DType::BF16),
            (Range { start: 6, end: 4 }, DType::F32),
            (0..u64::MAX, DType::F32),
        ] {
            assert!(file.numbers(extent.clone(), dtype).is_none(), "{extent:?} {dtype:?}");
        }
    }

    #[test]
    fn an_empty_file_has_no_numbers_and_a_folder_is_refused() {
        let file = mapped(&[]);
        assert!(file.numbers(0..4, DType::F32).is_none());
        assert_eq!(file.numbers(0..0, DType::F32).map(|bytes| bytes.len()), Some(0));
        #[cfg(unix)]
        assert!(MappedFile::new(&File::open(std::env::temp_dir()).unwrap()).is_err());
    }
}
