//! A fingerprint of a data set, so that a run does not silently continue on other pictures.

use langevin_data::Dataset;
use sha2::{Digest, Sha256};

use crate::checkpoint::hex;

/// The first 128 bits, in hexadecimal, of the SHA-256 of shape, pixels and labels.
pub fn fingerprint(data: &Dataset) -> String {
    let mut hash = Sha256::new();
    for number in
        [data.channels(), data.height(), data.width(), data.len(), data.class_names().len()]
    {
        hash.update((number as u64).to_le_bytes());
    }
    hash.update(data.pixels());
    for label in data.labels().unwrap_or_default() {
        hash.update(label.to_le_bytes());
    }
    hex(&hash.finalize()[..16])
}
