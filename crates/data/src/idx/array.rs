//! One IDX file: two zero bytes, a type byte, a rank byte, the dimensions as big-endian `u32`, the values.
//!
//! Only unsigned bytes (type 0x08) are read, gzipped or not: that is what the image data sets of this format hold.
//! Format: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section on file formats.

use std::fmt::Write;
use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::size;

/// An array of bytes with its dimensions, slowest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdxArray {
    /// The dimensions; their product is the number of values.
    pub dims: Vec<usize>,
    /// The values, last dimension fastest.
    pub values: Vec<u8>,
}

/// What is wrong with an IDX file; reads as the rest of a sentence that begins with the file's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdxFault {
    /// The file does not begin as an IDX file.
    #[error("begins with the bytes {0:02x?}: an IDX file begins with two zero bytes")]
    Magic([u8; 4]),
    /// The values are not unsigned bytes.
    #[error("holds values of type 0x{0:02x}: expected unsigned bytes (0x08)")]
    Type(u8),
    /// The file ends before its first value.
    #[error("ends within its header")]
    Header,
    /// The number of dimensions is not that of images or of labels.
    #[error("has {found} dimensions: expected {expected}")]
    Rank {
        /// The rank byte.
        found: usize,
        /// The ranks allowed, in words.
        expected: &'static str,
    },
    /// One of the dimensions is zero.
    #[error("announces {0} values: expected at least one image of at least one pixel")]
    Empty(String),
    /// The announced values would not fit in the memory allowed.
    #[error("announces {dims} values, more than the memory limit of {limit}")]
    TooLarge {
        /// The dimensions, in words.
        dims: String,
        /// The limit, in words.
        limit: String,
    },
    /// There are fewer values than announced.
    #[error("is cut short: its header announces {expected} values and {found} follow")]
    Short {
        /// Values announced.
        expected: usize,
        /// Values present.
        found: usize,
    },
    /// There are more values than announced.
    #[error("goes on after the {expected} values that its header announces")]
    Long {
        /// Values announced.
        expected: usize,
    },
    /// The file cannot be read, or its compression is damaged.
    #[error("cannot be read to its end: {0}")]
    Read(String),
    /// No dimension of a rank-4 array can be the channels.
    #[error(
        "holds images of {0}: expected 1, 3 or 4 channels as the last dimension or as the second"
    )]
    Channels(String),
    /// Labels that are not one per image.
    #[error("holds {labels} labels for the {images} images of {images_name}")]
    Pair {
        /// Labels in this file.
        labels: usize,
        /// Images in the other.
        images: usize,
        /// The other file.
        images_name: String,
    },
}

impl IdxArray {
    /// Reads one array; `limit` is the most bytes that its values may take.
    ///
    /// Memory grows with the values that are really there, never with what the header claims.
    ///
    /// # Errors
    /// When the bytes are not one whole IDX array of unsigned bytes with at least one value, or exceed `limit`.
    pub fn read(mut source: impl Read, limit: u64) -> Result<Self, IdxFault> {
        let mut start = Vec::with_capacity(4);
        source.by_ref().take(4).read_to_end(&mut start).map_err(read_fault)?;
        if start.starts_with(&[0x1f, 0x8b]) {
            Self::read_plain(MultiGzDecoder::new(start.chain(source)), limit)
        } else {
            Self::read_plain(start.chain(source), limit)
        }
    }

    fn read_plain(mut source: impl Read, limit: u64) -> Result<Self, IdxFault> {
        let magic = header_word(&mut source)?;
        if magic[..2] != [0, 0] {
            return Err(IdxFault::Magic(magic));
        }
        if magic[2] != 0x08 {
            return Err(IdxFault::Type(magic[2]));
        }
        let dims = (0..magic[3])
            .map(|_| header_word(&mut source).map(|word| u32::from_be_bytes(word) as usize))
            .collect::<Result<Vec<_>, _>>()?;
        if dims.is_empty() || dims.contains(&0) {
            return Err(IdxFault::Empty(times(&dims)));
        }
        let expected = dims
            .iter()
            .try_fold(1usize, |product, &dim| product.checked_mul(dim))
            .filter(|&n| n as u64 <= limit)
            .ok_or_else(|| IdxFault::TooLarge { dims: times(&dims), limit: size::words(limit) })?;
        let mut values = Vec::new();
        // One more than announced, to notice a file that goes on.
        source.take(expected as u64 + 1).read_to_end(&mut values).map_err(read_fault)?;
        match values.len() {
            found if found < expected => Err(IdxFault::Short { expected, found }),
            found if found > expected => Err(IdxFault::Long { expected }),
            _ => Ok(Self { dims, values }),
        }
    }
}

/// `2×3×4`, or `no` for no dimensions.
pub(super) fn times(dims: &[usize]) -> String {
    let mut words = dims.first().map_or_else(|| "no".to_owned(), ToString::to_string);
    for dim in dims.iter().skip(1) {
        // Writing to a string cannot fail.
        let _ = write!(words, "×{dim}");
    }
    words
}

fn header_word(source: &mut impl Read) -> Result<[u8; 4], IdxFault> {
    let mut word = [0; 4];
    source.read_exact(&mut word).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => IdxFault::Header,
        _ => read_fault(error),
    })?;
    Ok(word)
}

#[expect(clippy::needless_pass_by_value, reason = "used as an argument of map_err")]
fn read_fault(error: std::io::Error) -> IdxFault {
    IdxFault::Read(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    const LIMIT: u64 = 1 << 20;

    fn encode(array: &IdxArray) -> Vec<u8> {
        let mut bytes = vec![0, 0, 8, array.dims.len() as u8];
        bytes.extend(array.dims.iter().flat_map(|&d| (d as u32).to_be_bytes()));
        bytes.extend(&array.values);
        bytes
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn sample() -> IdxArray {
        IdxArray { dims: vec![2, 2, 3], values: (0..12).collect() }
    }

    #[test]
    fn every_fault_has_its_sentence() {
        let whole = encode(&sample());
        let say = |bytes: &[u8]| IdxArray::read(bytes, LIMIT).unwrap_err().to_string();
        assert_eq!(
            say(b"PK\x03\x04"),
            "begins with the bytes [50, 4b, 03, 04]: an IDX file begins with two zero bytes"
        );
        assert_eq!(
            say(b"\0\0\x0d\x01"),
            "holds values of type 0x0d: expected unsigned bytes (0x08)"
        );
        assert_eq!(say(b""), "ends within its header");
        assert_eq!(say(&whole[..9]), "ends within its header");
        assert_eq!(
            say(&whole[..whole.len() - 5]),
            "is cut short: its header announces 12 values and 7 follow"
        );
        assert_eq!(
            say(&[&whole[..], &[1]].concat()),
            "goes on after the 12 values that its header announces"
        );
        assert_eq!(
            say(b"\0\0\x08\x02\0\0\0\0\0\0\0\x05"),
            "announces 0×5 values: expected at least one image of at least one pixel"
        );
        assert_eq!(
            say(b"\0\0\x08\0"),
            "announces no values: expected at least one image of at least one pixel"
        );
        assert!(
            say(&gzip(&whole)[..gzip(&whole).len() - 9]).starts_with("cannot be read to its end: ")
        );
    }

    #[test]
    fn lying_counts_are_refused_before_anything_is_held() {
        let mut lying = vec![0, 0, 8, 3];
        lying.extend([0xff; 12]);
        let say = IdxArray::read(&lying[..], u64::MAX).unwrap_err().to_string();
        assert_eq!(
            say,
            format!(
                "announces 4294967295×4294967295×4294967295 values, more than the memory limit of {}",
                size::words(u64::MAX)
            )
        );
        // Within the limit, but not in the file: the values are read as they come, not allocated ahead.
        let claim = [&[0, 0, 8, 1][..], &u32::MAX.to_be_bytes(), &[7, 7]].concat();
        assert_eq!(
            IdxArray::read(&claim[..], u64::MAX),
            Err(IdxFault::Short { expected: u32::MAX as usize, found: 2 })
        );
    }

    #[test]
    fn a_gzip_bomb_stops_at_its_announced_length() {
        let mut plain = vec![0, 0, 8, 1, 0, 0, 0, 16];
        plain.resize(64 << 20, 0);
        let bomb = gzip(&plain);
        assert!(bomb.len() < 1 << 20);
        assert_eq!(IdxArray::read(&bomb[..], LIMIT), Err(IdxFault::Long { expected: 16 }));
    }

    proptest! {
        #[test]
        fn round_trip(dims in prop::collection::vec(1usize..6, 1..5), seed: u8, zip: bool) {
            let count = dims.iter().product::<usize>();
            let array = IdxArray { dims, values: (0..count).map(|i| (i as u8).wrapping_mul(31) ^ seed).collect() };
            let bytes = if zip { gzip(&encode(&array)) } else { encode(&array) };
            prop_assert_eq!(IdxArray::read(&bytes[..], LIMIT), Ok(array));
        }

        #[test]
        fn damaged_files_never_panic(
            cut in 0usize..40,
            edits in prop::collection::vec((0usize..64, any::<u8>()), 0..6),
            zip: bool,
        ) {
            let mut bytes = if zip { gzip(&encode(&sample())) } else { encode(&sample()) };
            for (at, value) in edits {
                let at = at % bytes.len();
                bytes[at] = value;
            }
            bytes.truncate(bytes.len().saturating_sub(cut));
            if let Ok(array) = IdxArray::read(&bytes[..], LIMIT) {
                prop_assert_eq!(array.dims.iter().product::<usize>(), array.values.len());
            }
        }
    }
}
