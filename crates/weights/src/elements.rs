//! Conversion of little-endian elements of any plain type to the numbers a caller works with.
//!
//! Every element is converted once, with Rust's `as` (rounding to nearest; integers to floats
//! directly); F16 and BF16 widen exactly. `BOOL` is 0 or 1. The 8-, 6- and 4-bit floats of
//! quantised checkpoints are not converted.

use half::{bf16, f16};
use safetensors::Dtype;

/// Appends `$bytes`, read as `$from`, to `$out`, each element mapped by `$map`.
macro_rules! append {
    ($bytes:expr, $out:expr, $from:ty, $map:expr) => {{
        let (elements, _) = $bytes.as_chunks::<{ size_of::<$from>() }>();
        $out.extend(elements.iter().map(|element| $map(<$from>::from_le_bytes(*element))));
        Ok(())
    }};
}

/// The element type cannot be converted to the wanted one, or (with a value) that value cannot.
#[derive(Clone, Copy)]
pub(crate) enum Refusal {
    Dtype,
    Value(u64),
}

/// A number that tensors can be read as.
pub(crate) trait Element: Sized {
    /// What an error calls it.
    const NAME: &'static str;

    /// Appends the elements in `bytes`, a whole number of them (none at all tells whether `dtype`
    /// can be converted).
    fn append(dtype: Dtype, bytes: &[u8], out: &mut Vec<Self>) -> Result<(), Refusal>;
}

macro_rules! float_element {
    ($float:ty, $name:literal) => {
        impl Element for $float {
            const NAME: &'static str = $name;

            fn append(dtype: Dtype, bytes: &[u8], out: &mut Vec<Self>) -> Result<(), Refusal> {
                match dtype {
                    Dtype::BOOL => append!(bytes, out, u8, |x: u8| (x != 0) as u8 as $float),
                    Dtype::U8 => append!(bytes, out, u8, |x| x as $float),
                    Dtype::I8 => append!(bytes, out, i8, |x| x as $float),
                    Dtype::U16 => append!(bytes, out, u16, |x| x as $float),
                    Dtype::I16 => append!(bytes, out, i16, |x| x as $float),
                    Dtype::U32 => append!(bytes, out, u32, |x| x as $float),
                    Dtype::I32 => append!(bytes, out, i32, |x| x as $float),
                    Dtype::U64 => append!(bytes, out, u64, |x| x as $float),
                    Dtype::I64 => append!(bytes, out, i64, |x| x as $float),
                    Dtype::F16 => append!(bytes, out, f16, |x: f16| x.to_f32() as $float),
                    Dtype::BF16 => append!(bytes, out, bf16, |x: bf16| x.to_f32() as $float),
                    Dtype::F32 => append!(bytes, out, f32, |x| x as $float),
                    Dtype::F64 => append!(bytes, out, f64, |x| x as $float),
                    _ => Err(Refusal::Dtype),
                }
            }
        }
    };
}

float_element!(f32, "f32");
float_element!(f64, "f64");

impl Element for u16 {
    const NAME: &'static str = "a float of 16 bits";

    fn append(dtype: Dtype, bytes: &[u8], out: &mut Vec<Self>) -> Result<(), Refusal> {
        match dtype {
            Dtype::F16 | Dtype::BF16 => append!(bytes, out, Self, |x| x),
            _ => Err(Refusal::Dtype),
        }
    }
}

impl Element for i64 {
    const NAME: &'static str = "i64";

    fn append(dtype: Dtype, bytes: &[u8], out: &mut Vec<Self>) -> Result<(), Refusal> {
        match dtype {
            Dtype::BOOL => append!(bytes, out, u8, |x: u8| Self::from(x != 0)),
            Dtype::U8 => append!(bytes, out, u8, Self::from),
            Dtype::I8 => append!(bytes, out, i8, Self::from),
            Dtype::U16 => append!(bytes, out, u16, Self::from),
            Dtype::I16 => append!(bytes, out, i16, Self::from),
            Dtype::U32 => append!(bytes, out, u32, Self::from),
            Dtype::I32 => append!(bytes, out, i32, Self::from),
            Dtype::I64 => append!(bytes, out, Self, |x| x),
            Dtype::U64 => {
                for element in bytes.as_chunks().0 {
                    let value = u64::from_le_bytes(*element);
                    out.push(value.try_into().map_err(|_| Refusal::Value(value))?);
                }
                Ok(())
            }
            _ => Err(Refusal::Dtype),
        }
    }
}
