//! The header of a safetensors file: which tensor lies where, proved consistent before any is read.
//!
//! A file is `n` as 8 bytes (little-endian), `n` bytes of JSON, and the data. The JSON maps each
//! tensor's name to `{"dtype", "shape", "data_offsets": [start, end]}` with offsets into the data,
//! and `__metadata__` to a map of strings. Element types come from the `safetensors` crate, which
//! also serves as the oracle of the tests; the checks are made here because that crate wants the
//! whole file in memory, names no tensor in most errors and lets the last of two equal names win.
//!
//! Accepted headers satisfy: names are unique; `end − start` is the size that shape and element type
//! take; and the ranges, in order, tile the data without overlap, gap or remainder.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use safetensors::Dtype;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::{Error, Result};

/// The bytes of the length field before the header.
pub(crate) const LENGTH_FIELD: u64 = 8;

/// The longest header the format allows, in bytes.
pub(crate) const LONGEST: u64 = 100_000_000;

/// The most dimensions a tensor may have, as in PyTorch.
const MOST_DIMENSIONS: usize = 64;

/// The key of the header that holds metadata instead of a tensor.
pub(crate) const METADATA: &str = "__metadata__";

/// One tensor's description.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    /// Where its bytes start and end, counted from the start of the data.
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// Elements from one index to the next for each extent, where they do not lie row by row: those of
    /// a safetensors file always do.
    pub(crate) strides: Option<Vec<usize>>,
}

impl Entry {
    /// The number of elements; [`parse`] proved that it does not overflow.
    pub(crate) fn elements(&self) -> usize {
        self.shape.iter().product()
    }
}

/// A checked header.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) tensors: BTreeMap<String, Entry>,
    pub(crate) metadata: BTreeMap<String, String>,
}

/// The length of the header of a file that is `file` bytes long, from its first bytes.
pub(crate) fn length(path: &Path, field: [u8; 8], file: u64) -> Result<u64> {
    let header = u64::from_le_bytes(field);
    let present = file.saturating_sub(LENGTH_FIELD);
    if header > LONGEST {
        return Err(Error::HeaderTooLong { path: path.to_owned(), header, limit: LONGEST });
    }
    if header > present {
        return Err(Error::HeaderCut { path: path.to_owned(), header, present });
    }
    Ok(header)
}

/// Parses the JSON of a header and proves it consistent with `present` bytes of data.
pub(crate) fn parse(path: &Path, json: &[u8], present: u64) -> Result<Header> {
    let mut raw = Raw::default();
    let mut reader = serde_json::Deserializer::from_slice(json);
    let parsed = (&mut reader).deserialize_map(RawVisitor(&mut raw)).and_then(|()| reader.end());
    if let Some(tensor) = raw.duplicate {
        return Err(Error::DuplicateTensor { path: path.to_owned(), tensor });
    }
    if let Err(error) = parsed {
        let (path, detail) = (path.to_owned(), error.to_string());
        return Err(match raw.current {
            Some(tensor) => Error::Entry { path, tensor, detail },
            None => Error::Header { path, detail },
        });
    }
    for (name, entry) in &raw.tensors {
        check_size(path, name, entry)?;
    }
    check_tiling(path, &raw.tensors, present)?;
    Ok(Header { tensors: raw.tensors, metadata: raw.metadata })
}

/// The range of a tensor is as long as its shape and element type say.
fn check_size(path: &Path, name: &str, entry: &Entry) -> Result<()> {
    let (path, tensor, shape) = (path.to_owned(), name.to_owned(), entry.shape.clone());
    let Some(found) = entry.end.checked_sub(entry.start) else {
        return Err(Error::BackwardRange { path, tensor, start: entry.start, end: entry.end });
    };
    let bits = shape
        .iter()
        .try_fold(1usize, |product, &extent| product.checked_mul(extent))
        .and_then(|elements| elements.checked_mul(entry.dtype.bitsize()));
    let Some(bits) = bits else {
        return Err(Error::ShapeOverflow { path, tensor, shape });
    };
    let expected = bits.div_ceil(8) as u64;
    if found != expected || bits % 8 != 0 {
        return Err(Error::SizeMismatch {
            path,
            tensor,
            shape,
            dtype: entry.dtype,
            expected,
            found,
        });
    }
    Ok(())
}

/// The ranges, in order, cover the data exactly once.
fn check_tiling(path: &Path, tensors: &BTreeMap<String, Entry>, present: u64) -> Result<()> {
    let mut order: Vec<(&String, &Entry)> = tensors.iter().collect();
    order.sort_by_key(|(_, entry)| (entry.start, entry.end));
    let (mut end, mut other) = (0, "");
    for (name, entry) in order {
        let (path, tensor, start) = (path.to_owned(), name.clone(), entry.start);
        if start < end {
            return Err(Error::Overlap { path, tensor, other: other.to_owned(), start, end });
        }
        if start > end {
            return Err(Error::Gap { path, tensor, start, end });
        }
        if entry.end > present {
            return Err(Error::DataCut { path, tensor, end: entry.end, present });
        }
        (end, other) = (entry.end, name);
    }
    if end < present {
        return Err(Error::TrailingData { path: path.to_owned(), expected: end, present });
    }
    Ok(())
}

/// What the JSON says, before it is checked.
#[derive(Default)]
struct Raw {
    tensors: BTreeMap<String, Entry>,
    metadata: BTreeMap<String, String>,
    /// The tensor being parsed, to be named if that fails.
    current: Option<String>,
    duplicate: Option<String>,
}

struct RawVisitor<'a>(&'a mut Raw);

impl<'de> Visitor<'de> for RawVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object that describes tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen_metadata = false;
        while let Some(name) = map.next_key::<String>()? {
            if name == METADATA {
                if seen_metadata {
                    return Err(de::Error::custom("`__metadata__` occurs twice"));
                }
                seen_metadata = true;
                self.0.metadata = map.next_value()?;
                continue;
            }
            if self.0.tensors.contains_key(&name) {
                self.0.duplicate = Some(name);
                return Err(de::Error::custom("a name occurs twice"));
            }
            self.0.current = Some(name.clone());
            let entry: EntryJson = map.next_value()?;
            let [start, end] = entry.data_offsets;
            let (dtype, shape) = (entry.dtype, entry.shape.0);
            self.0.tensors.insert(name, Entry { dtype, shape, start, end, strides: None });
            self.0.current = None;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(expecting = "an object with dtype, shape and data_offsets")]
struct EntryJson {
    dtype: Dtype,
    shape: Shape,
    data_offsets: [u64; 2],
}

/// A shape of at most [`MOST_DIMENSIONS`] extents, so that a hostile header cannot make it long.
struct Shape(Vec<usize>);

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ShapeVisitor;
        impl<'de> Visitor<'de> for ShapeVisitor {
            type Value = Shape;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a shape of at most {MOST_DIMENSIONS} extents")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Shape, A::Error> {
                let mut shape = Vec::new();
                while let Some(extent) = seq.next_element()? {
                    if shape.len() == MOST_DIMENSIONS {
                        return Err(de::Error::invalid_length(MOST_DIMENSIONS + 1, &self));
                    }
                    shape.push(extent);
                }
                Ok(Shape(shape))
            }
        }
        deserializer.deserialize_seq(ShapeVisitor)
    }
}

/// Names in `names` that occur more than once or are reserved: what a writer must refuse.
pub(crate) fn check_names<'a>(path: &Path, names: impl IntoIterator<Item = &'a str>) -> Result<()> {
    let mut seen = BTreeSet::new();
    for name in names {
        let (path, tensor) = (path.to_owned(), name.to_owned());
        if name == METADATA {
            return Err(Error::ReservedName { path, tensor });
        }
        if !seen.insert(name) {
            return Err(Error::DuplicateName { path, tensor });
        }
    }
    Ok(())
}
