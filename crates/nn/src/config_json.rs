//! Reading configurations from JSON so that an error names the key at fault.

use crate::Error;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serializer};
use serde_json::{Map, Value};

/// Reads a configuration whose fields all have defaults.
///
/// Serde's errors do not say which field they are about, so each key is first read alone.
pub(crate) fn read<C: DeserializeOwned>(object: &Map<String, Value>) -> Result<C, Error> {
    for (key, value) in object {
        let alone = Map::from_iter([(key.clone(), value.clone())]);
        if let Err(error) = serde_json::from_value::<C>(Value::Object(alone)) {
            return Err(Error::config(key, value, reason(&error)));
        }
    }
    Ok(serde_json::from_value(Value::Object(object.clone()))?)
}

/// What serde expected, out of its sentence "invalid type: …, expected …" or "unknown variant …, expected …", in words
/// that do not come from Rust.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let expected = text.split_once("expected ").map_or(text.as_str(), |(_, expected)| expected);
    match expected {
        "usize" | "u64" | "u32" => "a whole number that is not negative".to_owned(),
        "i64" | "i32" => "a whole number".to_owned(),
        "f64" | "f32" => "a number".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a map" | "map" => "an object".to_owned(),
        "string or map" | "map with a single key" => "a string".to_owned(),
        other => other.to_owned(),
    }
}

/// Writes a number without a decimal point where it is whole, as Python wrote it.
pub(crate) fn number<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        serializer.serialize_i64(*value as i64)
    } else {
        serializer.serialize_f64(*value)
    }
}

/// Reads a name without regard to case.
pub(crate) fn any_case<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<T, D::Error> {
    let name = String::deserialize(deserializer)?;
    T::deserialize(Value::String(name.to_lowercase())).map_err(serde::de::Error::custom)
}
