//! JSON text as Python's `json.dumps(value, indent=2, sort_keys=True)` prints it, to the byte.
//!
//! Diffusers writes its configurations this way. Floats follow Python's `repr`: the shortest digits
//! that read back equal, with an exponent of at least two digits below 1e-4 and from 1e16 on.
//! Everything outside printable ASCII is escaped.

use std::fmt::Write as _;

use serde_json::{Map, Number, Value};

use crate::json::NON_FINITE;

/// The text of an object, ending in a newline.
///
/// The strings `NaN`, `Infinity` and `-Infinity` stand for the numbers and are written bare.
pub fn pretty(object: &Map<String, Value>) -> String {
    let mut out = String::new();
    write_object(&mut out, object, 0);
    out.push('\n');
    out
}

fn write_value(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => write_number(out, number),
        Value::String(text) if NON_FINITE.contains(&text.as_str()) => out.push_str(text),
        Value::String(text) => write_string(out, text),
        Value::Array(values) => write_list(out, ['[', ']'], values, depth, |out, value| {
            write_value(out, value, depth + 1);
        }),
        Value::Object(object) => write_object(out, object, depth),
    }
}

fn write_object(out: &mut String, object: &Map<String, Value>, depth: usize) {
    let mut entries: Vec<(&String, &Value)> = object.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    write_list(out, ['{', '}'], &entries, depth, |out, (key, value)| {
        write_string(out, key);
        out.push_str(": ");
        write_value(out, value, depth + 1);
    });
}

fn write_list<T>(
    out: &mut String,
    ends: [char; 2],
    items: &[T],
    depth: usize,
    write: impl Fn(&mut String, &T),
) {
    out.push(ends[0]);
    for (i, item) in items.iter().enumerate() {
        out.push_str(if i == 0 { "\n" } else { ",\n" });
        out.push_str(&"  ".repeat(depth + 1));
        write(out, item);
    }
    if !items.is_empty() {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    }
    out.push(ends[1]);
}

fn write_number(out: &mut String, number: &Number) {
    match number.as_f64() {
        Some(value) if number.is_f64() => out.push_str(&float(value)),
        _ => out.push_str(&number.to_string()),
    }
}

/// A finite float as Python's `repr` gives it.
fn float(value: f64) -> String {
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        format!("{value:?}")
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{digits}e{sign}{:02}", exponent.abs())
    }
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn floats_print_as_in_python() {
        // The right-hand sides are what `repr` prints.
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.02, "0.02"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (0.000012, "1.2e-05"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (5e-324, "5e-324"),
            (123456789.125, "123456789.125"),
            (-2.5e-7, "-2.5e-07"),
        ] {
            assert_eq!(float(value), text);
        }
    }

    #[test]
    fn objects_print_as_in_python() {
        let object = json!({"b": [1, 2.0], "a": {"z": null, "é": "\u{1f600}\u{7f}\n"}, "c": [], "d": {}, "e": "-Infinity"});
        // json.dumps(…, indent=2, sort_keys=True) + "\n"
        let expected = "{\n  \"a\": {\n    \"z\": null,\n    \"\\u00e9\": \"\\ud83d\\ude00\\u007f\\n\"\n  },\n  \"b\": [\n    1,\n    2.0\n  ],\n  \"c\": [],\n  \"d\": {},\n  \"e\": -Infinity\n}\n";
        assert_eq!(pretty(object.as_object().unwrap()), expected);
    }
}
