//! Mutations of JSON that leave it JSON: values of other kinds and sizes, keys lost, gained and moved.

use serde_json::{Map, Value, json};

use crate::{Random, bytes};

/// Bare numbers that Python writes and JSON lacks.
const BARE: [&str; 3] = ["NaN", "Infinity", "-Infinity"];

/// Changes `text` in a few places; other texts lend keys and values.
pub(crate) fn mutate(random: &mut Random, text: &[u8], others: &[Vec<u8>]) -> Vec<u8> {
    let mut out = match serde_json::from_slice::<Value>(text) {
        Err(_) => text.to_vec(),
        Ok(mut value) => {
            edit_some(random, &mut value, others);
            let mut text = value.to_string();
            if random.once_in(4) {
                for word in BARE {
                    text = text.replace(&format!("\"{word}\""), word);
                }
            }
            text.into_bytes()
        }
    };
    if random.once_in(6) {
        bytes::mutate(random, &mut out, others);
    }
    out
}

/// One to four edits.
pub(crate) fn edit_some(random: &mut Random, value: &mut Value, others: &[Vec<u8>]) {
    for _ in 0..=random.below(4) {
        let mut left = random.below(count(value));
        if let Some(node) = nth(value, &mut left) {
            edit(random, node, others);
        }
    }
}

fn edit(random: &mut Random, node: &mut Value, others: &[Vec<u8>]) {
    match (random.below(8), &mut *node) {
        (0..=1, Value::Object(map)) if !map.is_empty() => {
            let key = key(random, map);
            map.shift_remove(&key);
        }
        (2..=3, Value::Object(map)) => {
            if let Some(Value::Object(other)) = lent(random, others)
                && !other.is_empty()
            {
                let key = key(random, &other);
                map.insert(key.clone(), other[&key].clone());
            }
        }
        (4, Value::Object(map)) if !map.is_empty() => {
            let old = key(random, map);
            let value = map.shift_remove(&old).unwrap_or_default();
            map.insert(scribble(random, &old), value);
        }
        (0, Value::Array(list)) if !list.is_empty() => {
            list.remove(random.below(list.len()));
        }
        (1, Value::Array(list)) if !list.is_empty() => {
            let again = list[random.below(list.len())].clone();
            let times = if random.once_in(8) { random.below(300) } else { 1 };
            list.extend(std::iter::repeat_n(again, times));
        }
        (2, Value::Array(list)) => list.reverse(),
        (0..=3, Value::Number(number)) => {
            let x = number.as_f64().unwrap_or_default();
            let near = [x + 1.0, x - 1.0, -x, 2.0 * x, 0.5 * x, 1000.0 * x, x + 0.5];
            let near = *random.pick(&near);
            let whole = near.fract() == 0.0 && near.abs() < 9e15;
            *node = if whole { json!(near as i64) } else { json!(near) };
        }
        (0..=3, Value::String(text)) => *text = scribble(random, text),
        (6, _) => {
            let depth = if random.once_in(8) { random.below(200) } else { 1 };
            for _ in 0..depth {
                *node = json!([node.take()]);
            }
        }
        (7, _) => {
            if let Some(mut other) = lent(random, others) {
                let mut left = random.below(count(&other));
                *node = nth(&mut other, &mut left).map(Value::take).unwrap_or_default();
            }
        }
        _ => *node = scalar(random),
    }
}

/// A value of a kind or size that few expect.
fn scalar(random: &mut Random) -> Value {
    match random.below(8) {
        0 => json!(*random.pick(&[0_i64, 1, 2, 3, 4, 7, 8, 32, 64, 255, 256, 1000])),
        1 => {
            json!(*random.pick(&[-1_i64, -2, -1000, i64::MIN, i64::MAX, 1 << 31, 1 << 32, 1 << 53]))
        }
        2 => {
            json!(*random.pick(&[65_535_u64, 65_536, 1_000_000, 2_147_483_647, 1 << 40, u64::MAX]))
        }
        3 => json!(
            *random.pick(&[0.0, -0.0, 0.5, 1e-30, 5e-324, 1e18, 1e19, 1e300, -1e300, 0.999_999])
        ),
        4 => json!(*random.pick(&[
            "",
            "NaN",
            "Infinity",
            "-Infinity",
            "../..",
            "é",
            "a\0b",
            "linear"
        ])),
        5 => json!(*random.pick(&[true, false])),
        6 => Value::Null,
        _ => random.pick(&[json!([]), json!({}), json!([1]), json!([null])]).clone(),
    }
}

fn scribble(random: &mut Random, text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let at = random.below(chars.len() + 1);
    match random.below(6) {
        0 => chars.clear(),
        1 => chars.truncate(at),
        2 => chars.insert(
            at,
            *random.pick(&['a', ' ', '.', '/', '\\', '\0', 'é', '\u{1F600}', '(', '*', '<']),
        ),
        3 if at < chars.len() => drop(chars.remove(at)),
        4 => {
            let times = if random.once_in(8) { random.below(200) } else { 2 };
            return text.chars().take(100).collect::<String>().repeat(times);
        }
        _ => chars.reverse(),
    }
    chars.into_iter().collect()
}

fn key(random: &mut Random, map: &Map<String, Value>) -> String {
    let at = random.below(map.len());
    map.keys().nth(at).cloned().unwrap_or_default()
}

/// Another text, as a value.
fn lent(random: &mut Random, others: &[Vec<u8>]) -> Option<Value> {
    if others.is_empty() {
        return None;
    }
    let other: &Vec<u8> = random.pick(others);
    serde_json::from_slice(other).ok()
}

/// How many values there are, itself and inner ones counted.
fn count(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(count).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

/// The value with `left` others before it.
fn nth<'a>(value: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(list) => list.iter_mut().find_map(|value| nth(value, left)),
        Value::Object(map) => map.values_mut().find_map(|value| nth(value, left)),
        _ => None,
    }
}
