//! Which JSON values a setting of a given Rust type accepts, and what to call them in an error.

use serde_json::{Map, Value};

/// A type that settings can be read as.
pub trait FromJson: Sized {
    /// What an error says was expected, for example "a whole number".
    fn expected() -> String;

    /// The value, if it is of this kind.
    fn from_json(value: &Value) -> Option<Self>;
}

impl FromJson for bool {
    fn expected() -> String {
        "true or false".to_owned()
    }

    fn from_json(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl FromJson for String {
    fn expected() -> String {
        "a string".to_owned()
    }

    fn from_json(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

/// Any number; `NaN`, `Infinity` and `-Infinity` too, bare or as strings.
impl FromJson for f64 {
    fn expected() -> String {
        "a number".to_owned()
    }

    fn from_json(value: &Value) -> Option<Self> {
        match value.as_str() {
            Some("NaN") => Some(Self::NAN),
            Some("Infinity") => Some(Self::INFINITY),
            Some("-Infinity") => Some(Self::NEG_INFINITY),
            _ => value.as_f64(),
        }
    }
}

/// Whole numbers; a float without a fraction counts as one, because Python code often writes it so.
macro_rules! whole_number {
    ($integer:ty) => {
        impl FromJson for $integer {
            fn expected() -> String {
                format!("a whole number from {} to {}", <$integer>::MIN, <$integer>::MAX)
            }

            fn from_json(value: &Value) -> Option<Self> {
                /// Up to here every float without a fraction is exact.
                const EXACT: f64 = 9_007_199_254_740_992.0;
                if let Some(float) = value.as_f64().filter(|_| value.is_f64()) {
                    let whole = float.fract() == 0.0 && float.abs() <= EXACT;
                    return if whole { (float as i64).try_into().ok() } else { None };
                }
                match value.as_u64() {
                    Some(number) => number.try_into().ok(),
                    None => value.as_i64()?.try_into().ok(),
                }
            }
        }
    };
}

whole_number!(u32);
whole_number!(u64);
whole_number!(usize);
whole_number!(i32);
whole_number!(i64);

impl<T: FromJson> FromJson for Vec<T> {
    fn expected() -> String {
        format!("a list, each value {}", T::expected())
    }

    fn from_json(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(T::from_json).collect()
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn expected() -> String {
        format!("null or {}", T::expected())
    }

    fn from_json(value: &Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::from_json(value).map(Some) }
    }
}

impl FromJson for Map<String, Value> {
    fn expected() -> String {
        "an object".to_owned()
    }

    fn from_json(value: &Value) -> Option<Self> {
        value.as_object().cloned()
    }
}

/// A short description of a value for "found …".
pub(crate) fn describe(value: &Value) -> String {
    let kind = match value {
        Value::Null | Value::Bool(_) => "",
        Value::Number(_) => "the number ",
        Value::String(_) => "the string ",
        Value::Array(_) => "the list ",
        Value::Object(_) => "the object ",
    };
    const LONGEST: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{kind}{}…", &text[..end]),
        None => format!("{kind}{text}"),
    }
}
