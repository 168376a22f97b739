//! Floats in another precision, rounded to the nearest, ties to even.

use std::fmt;
use std::str::FromStr;

use half::{bf16, f16};

use crate::Dtype;

/// A precision that weights are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats.
    F32,
    /// 16-bit IEEE floats, up to 65504.
    F16,
    /// 16-bit floats with the range of 32-bit ones.
    Bf16,
}

impl Precision {
    /// The names, as [`FromStr`] reads them.
    pub const NAMES: [&str; 3] = ["f32", "f16", "bf16"];

    /// The type of a tensor's elements in this precision: floats change, all others stay.
    pub(crate) fn of(self, dtype: Dtype) -> Dtype {
        match (dtype, self) {
            (Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64, Self::F32) => Dtype::F32,
            (Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64, Self::F16) => Dtype::F16,
            (Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64, Self::Bf16) => Dtype::BF16,
            (other, _) => other,
        }
    }

    /// The elements in `bytes` in this precision, and how many finite ones became infinite.
    pub(crate) fn convert(self, dtype: Dtype, bytes: Vec<u8>) -> (Vec<u8>, usize) {
        if self.of(dtype) == dtype {
            return (bytes, 0);
        }
        match (dtype, self) {
            (Dtype::F64, Self::F32) => narrow(&bytes),
            (Dtype::F64, _) => self.encode(&bytes, |x| odd(f64::from_le_bytes(x))),
            (Dtype::F16, _) => self.encode(&bytes, |x| f16::from_le_bytes(x).to_f32()),
            (Dtype::BF16, _) => self.encode(&bytes, |x| bf16::from_le_bytes(x).to_f32()),
            _ => self.encode(&bytes, f32::from_le_bytes),
        }
    }

    fn encode<const N: usize>(
        self,
        bytes: &[u8],
        decode: impl Fn([u8; N]) -> f32,
    ) -> (Vec<u8>, usize) {
        let numbers = bytes.as_chunks().0.iter().map(|x| {
            let x = decode(*x);
            (x, x.is_finite())
        });
        match self {
            Self::F32 => collect(numbers, |x| (x.to_le_bytes(), x.is_finite())),
            Self::F16 => collect(numbers, |x| {
                let y = f16::from_f32(x);
                (y.to_le_bytes(), y.is_finite())
            }),
            Self::Bf16 => collect(numbers, |x| {
                let y = bf16::from_f32(x);
                (y.to_le_bytes(), y.is_finite())
            }),
        }
    }
}

/// Doubles as floats.
fn narrow(bytes: &[u8]) -> (Vec<u8>, usize) {
    let numbers = bytes.as_chunks().0.iter().map(|x| {
        let x = f64::from_le_bytes(*x);
        (x as f32, x.is_finite())
    });
    collect(numbers, |x| (x.to_le_bytes(), x.is_finite()))
}

/// A double as a float, cut off, with the last bit set where something was cut off: rounded again to
/// half the digits it gives what rounding once would have given.
fn odd(x: f64) -> f32 {
    let nearest = x as f32;
    if f64::from(nearest) == x || x.is_nan() {
        return nearest;
    }
    let away = f64::from(nearest).abs() > x.abs();
    f32::from_bits((nearest.to_bits() - u32::from(away)) | 1)
}

/// Encodes numbers, and counts those that were finite and are not.
fn collect<const N: usize>(
    numbers: impl ExactSizeIterator<Item = (f32, bool)>,
    encode: impl Fn(f32) -> ([u8; N], bool),
) -> (Vec<u8>, usize) {
    let mut out = Vec::with_capacity(numbers.len() * N);
    let mut beyond = 0;
    for (x, was_finite) in numbers {
        let (bytes, finite) = encode(x);
        beyond += usize::from(was_finite && !finite);
        out.extend_from_slice(&bytes);
    }
    (out, beyond)
}

impl FromStr for Precision {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "f32" | "fp32" | "float32" => Ok(Self::F32),
            "f16" | "fp16" | "float16" => Ok(Self::F16),
            "bf16" | "bfloat16" => Ok(Self::Bf16),
            _ => Err(format!("expected one of {}", Self::NAMES.join(", "))),
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_to_the_nearest_and_ties_to_even() {
        let numbers =
            [1.0f32, 2049.0, 2051.0, 65519.0, 65520.0, -1e6, f32::INFINITY, f32::NAN, 6e-8];
        let bytes = numbers.map(f32::to_le_bytes).concat();
        let (halves, beyond) = Precision::F16.convert(Dtype::F32, bytes.clone());
        let halves: Vec<f32> =
            halves.as_chunks().0.iter().map(|x| f16::from_le_bytes(*x).to_f32()).collect();
        assert_eq!(
            halves[..7],
            [1.0, 2048.0, 2052.0, 65504.0, f32::INFINITY, f32::NEG_INFINITY, f32::INFINITY]
        );
        assert!(halves[7].is_nan() && halves[8] > 0.0);
        assert_eq!(beyond, 2);
        let (brains, beyond) = Precision::Bf16.convert(Dtype::F32, bytes);
        let brains: Vec<f32> =
            brains.as_chunks().0.iter().map(|x| bf16::from_le_bytes(*x).to_f32()).collect();
        assert_eq!((brains[1], beyond), (2048.0, 0));
    }

    #[test]
    fn doubles_are_rounded_once_and_integers_stay() {
        // Half way between two halves but for a part that a float would lose.
        let x = 1.0 + 2f64.powi(-11) + 2f64.powi(-40);
        let (bytes, _) = Precision::F16.convert(Dtype::F64, x.to_le_bytes().to_vec());
        assert_eq!(f16::from_le_bytes([bytes[0], bytes[1]]).to_f64(), 1.0 + 2f64.powi(-10));
        assert_eq!(Precision::F16.of(Dtype::I64), Dtype::I64);
        assert_eq!(Precision::F16.convert(Dtype::I64, vec![1; 8]), (vec![1; 8], 0));
    }
}
