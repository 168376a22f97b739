//! Safetensors files: the length of the header, the header, and the data of all tensors.

use std::path::Path;

use langevin_weights::TensorFile;
use serde_json::{Value, json};

use super::{Target, json};
use crate::workplace::Workplace;
use crate::{Random, bytes};

pub(super) const TARGET: Target = Target {
    name: "safetensors",
    seeds,
    mutate,
    read,
    // The piecewise reader's buffer; names, shapes and numbers in 64 bits.
    memory: (256 << 10, 64),
};

static WORKPLACE: Workplace = Workplace::new();

fn seeds() -> Vec<Vec<u8>> {
    let three = json!({
        "__metadata__": {"format": "pt"},
        "w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
        "b": {"dtype": "F16", "shape": [2], "data_offsets": [24, 28]},
        "n": {"dtype": "I64", "shape": [], "data_offsets": [28, 36]},
    });
    let small = json!({
        "a": {"dtype": "BF16", "shape": [1, 1, 2], "data_offsets": [0, 4]},
        "c": {"dtype": "U8", "shape": [0], "data_offsets": [4, 4]},
        "e": {"dtype": "F8_E4M3", "shape": [4], "data_offsets": [4, 8]},
    });
    vec![file(&three.to_string(), 36), file(&small.to_string(), 8), file("{}", 0)]
}

/// A file of that header and so many bytes of data.
pub(super) fn file(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.resize(bytes.len() + data, 7);
    bytes
}

/// The header's text.
fn header(file: &[u8]) -> Option<&[u8]> {
    let length = u64::from_le_bytes(file.get(..8)?.try_into().ok()?);
    file.get(8..8_usize.checked_add(usize::try_from(length).ok()?)?)
}

/// Damages the header as JSON, with the length that it then has, or the bytes.
pub(super) fn mutate(random: &mut Random, seed: &[u8], others: &[Vec<u8>]) -> Vec<u8> {
    let text = header(seed);
    let value = text.and_then(|text| serde_json::from_slice::<Value>(text).ok());
    match (text, value) {
        (Some(text), Some(mut value)) if !random.once_in(4) => {
            let lent =
                if others.is_empty() { None } else { header(random.pick::<Vec<u8>>(others)) };
            let lent: Vec<Vec<u8>> = lent.into_iter().map(<[u8]>::to_vec).collect();
            json::edit_some(random, &mut value, &lent);
            let data = seed.len() - 8 - text.len();
            let data = if random.once_in(4) { random.below(64) } else { data };
            file(&value.to_string(), data)
        }
        _ => bytes::damaged(random, seed, others),
    }
}

fn read(bytes: &[u8]) -> bool {
    WORKPLACE.write("x.safetensors", bytes);
    whole(&WORKPLACE.folder().join("x.safetensors"))
}

/// Reads all tensors of a file.
pub(super) fn whole(path: &Path) -> bool {
    let Ok(file) = TensorFile::open(path) else { return false };
    for name in file.names() {
        let shape = file.shape(name).expect("a listed tensor has a shape");
        let count = shape.iter().product::<usize>();
        if let Ok(values) = file.f32(name) {
            assert_eq!(values.len(), count);
        }
        let _ = (file.f64(name), file.i64(name), file.bytes(name), file.dtype(name));
    }
    true
}
