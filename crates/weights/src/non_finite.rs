//! Weights that are NaN or infinite: which tensors hold some, noticed while they are read.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use half::{bf16, f16};

use crate::Dtype;

/// A list of tensors that hold numbers which are not finite; its clones are the same list.
#[derive(Debug, Clone, Default)]
pub(crate) struct NonFinite(Arc<Mutex<Vec<(PathBuf, String)>>>);

impl NonFinite {
    /// Notes a tensor, once.
    pub(crate) fn add(&self, path: &Path, tensor: &str) {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !found.iter().any(|(known, name)| known == path && name == tensor) {
            found.push((path.to_owned(), tensor.to_owned()));
        }
    }

    /// One sentence for each file: its first such tensor, and how many more there are.
    pub(crate) fn sentences(&self) -> Vec<String> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut files: Vec<(&Path, &str, usize)> = Vec::new();
        for (path, tensor) in found.iter() {
            match files.iter_mut().find(|(known, ..)| known == path) {
                Some((_, _, more)) => *more += 1,
                None => files.push((path, tensor, 0)),
            }
        }
        files
            .into_iter()
            .map(|(path, tensor, more)| sentence(path.display(), tensor, more))
            .collect()
    }
}

fn sentence(path: impl Display, tensor: &str, more: usize) -> String {
    let others = match more {
        0 => String::new(),
        1 => ", and so does one other tensor".to_owned(),
        more => format!(", and so do {more} other tensors"),
    };
    format!("tensor `{tensor}` of {path} holds numbers that are NaN or infinite{others}")
}

/// Whether all of these are finite.
pub(crate) fn are_finite(values: &[f32]) -> bool {
    // Without an early end the loop runs in vectors, and nearly every tensor is finite.
    values.iter().fold(true, |good, x| good & x.is_finite())
}

/// Whether all of these bits are those of finite numbers of type F16 or BF16.
pub(crate) fn bits16_are_finite(dtype: Dtype, bits: &[u16]) -> bool {
    let infinity = match dtype {
        Dtype::F16 => f16::INFINITY.to_bits(),
        _ => bf16::INFINITY.to_bits(),
    };
    !bits.iter().fold(false, |bad, x| bad | (x & infinity == infinity))
}

/// Whether all elements in `bytes` are finite; integers always are.
pub(crate) fn bytes_are_finite(dtype: Dtype, bytes: &[u8]) -> bool {
    // The exponent of all ones, as the float's bits have it.
    macro_rules! all {
        ($bits:ty, $infinity:expr) => {{
            let infinity: $bits = $infinity.to_bits();
            let (elements, _) = bytes.as_chunks::<{ size_of::<$bits>() }>();
            !elements.iter().fold(false, |bad, element| {
                bad | (<$bits>::from_le_bytes(*element) & infinity == infinity)
            })
        }};
    }
    match dtype {
        Dtype::F16 => all!(u16, f16::INFINITY),
        Dtype::BF16 => all!(u16, bf16::INFINITY),
        Dtype::F32 => all!(u32, f32::INFINITY),
        Dtype::F64 => all!(u64, f64::INFINITY),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_and_infinity_are_found_in_every_type() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for (value, finite) in [(bad, false), (65504.0, true), (0.0, true), (-1.0, true)] {
                let values = [1.0, -2.0, value];
                assert_eq!(are_finite(&values), finite);
                let bytes = |encode: &dyn Fn(f32) -> Vec<u8>| values.map(encode).concat();
                for (dtype, bytes) in [
                    (Dtype::F16, bytes(&|x| f16::from_f32(x).to_le_bytes().to_vec())),
                    (Dtype::BF16, bytes(&|x| bf16::from_f32(x).to_le_bytes().to_vec())),
                    (Dtype::F32, bytes(&|x| x.to_le_bytes().to_vec())),
                    (Dtype::F64, bytes(&|x| f64::from(x).to_le_bytes().to_vec())),
                ] {
                    assert_eq!(bytes_are_finite(dtype, &bytes), finite, "{dtype:?} {value}");
                    if let Dtype::F16 | Dtype::BF16 = dtype {
                        let bits: Vec<u16> =
                            bytes.as_chunks().0.iter().map(|b| u16::from_le_bytes(*b)).collect();
                        assert_eq!(bits16_are_finite(dtype, &bits), finite);
                    }
                }
            }
        }
        assert!(bytes_are_finite(Dtype::I64, &[0xff; 8]));
    }

    #[test]
    fn the_first_tensor_of_each_file_is_named() {
        let found = NonFinite::default();
        for (path, tensor) in [("a", "x"), ("a", "y"), ("a", "x"), ("b", "z"), ("a", "w")] {
            found.add(Path::new(path), tensor);
        }
        assert_eq!(
            found.sentences(),
            [
                "tensor `x` of a holds numbers that are NaN or infinite, and so do 2 other tensors",
                "tensor `z` of b holds numbers that are NaN or infinite"
            ]
        );
    }
}
