//! How tensors are laid out in a safetensors file that is written.
//!
//! The reference implementation orders them by descending alignment of their element type and then by
//! name, and pads the header with spaces to a multiple of 8 bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::header::{self, METADATA};
use crate::{Dtype, Error, Result};

/// A tensor that is going to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot<'a> {
    pub(crate) name: &'a str,
    pub(crate) dtype: Dtype,
    pub(crate) shape: &'a [usize],
    /// The length of its elements in the file.
    pub(crate) bytes: u64,
}

/// Sorts `slots` as they are going to lie, and gives what stands before their data.
pub(crate) fn lay_out(
    path: &Path,
    slots: &mut [Slot<'_>],
    metadata: &BTreeMap<String, String>,
) -> Result<Vec<u8>> {
    slots.sort_by(|a, b| b.dtype.cmp(&a.dtype).then(a.name.cmp(b.name)));
    header::check_names(path, slots.iter().map(|slot| slot.name))?;
    let json = json(slots, metadata);
    let length = json.len() as u64;
    if length > header::LONGEST {
        let limit = header::LONGEST;
        return Err(Error::HeaderTooLong { path: path.to_owned(), header: length, limit });
    }
    Ok([&length.to_le_bytes(), json.as_bytes()].concat())
}

/// The header, padded so that the data starts at a multiple of 8 bytes.
fn json(slots: &[Slot<'_>], metadata: &BTreeMap<String, String>) -> String {
    let mut all = BTreeMap::from([("format", "pt")]);
    all.extend(metadata.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    let metadata: serde_json::Map<_, _> =
        all.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();

    let mut json = format!("{{\"{METADATA}\":{}", serde_json::Value::Object(metadata));
    let mut start = 0;
    for slot in slots {
        let end = start + slot.bytes;
        let entry = serde_json::json!({
            "dtype": slot.dtype,
            "shape": slot.shape,
            "data_offsets": [start, end],
        });
        // Writing to a string cannot fail.
        let _ = write!(json, ",{}:{entry}", serde_json::Value::from(slot.name));
        start = end;
    }
    json.push('}');
    while json.len() % 8 != 0 {
        json.push(' ');
    }
    json
}
