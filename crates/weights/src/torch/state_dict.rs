//! From what a pickle describes to names, types, shapes and places.
//!
//! A checkpoint that keeps its tensors under `state_dict` is read as that dictionary; tensors in
//! dictionaries within dictionaries have names joined by dots; strings are metadata; everything else
//! is left alone.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use super::pickle::{Id, Refusal, Storage, Tensor, Value, Values};
use crate::header::{Entry, Header};

/// The key under which training frameworks keep the tensors of a network.
const NESTED: &str = "state_dict";

/// The deepest dictionary whose tensors are read.
const DEEPEST: usize = 8;

/// The longest name of a tensor, in bytes.
const LONGEST_NAME: usize = 1024;

/// The most bytes that all names take.
const MOST_NAMES: usize = 1 << 25;

/// The bytes of a storage, by its key.
type Locate<'a> = dyn FnMut(&str, &Storage) -> Result<Range<u64>, Refusal> + 'a;

/// The tensors below `root`.
pub(super) fn header(
    values: &Values,
    mut root: Id,
    locate: &mut Locate<'_>,
) -> Result<Header, Refusal> {
    let mut seen = HashSet::new();
    while let Value::Dict(pairs) = values.get(root) {
        let inner = pairs.iter().find(|(key, value)| {
            matches!(values.get(*key), Value::Text(text) if text == NESTED)
                && matches!(values.get(*value), Value::Dict(_))
        });
        match inner {
            Some((_, inner)) if seen.insert(root) => root = *inner,
            _ => break,
        }
    }
    let Value::Dict(_) = values.get(root) else {
        return Err(Refusal::Detail(format!(
            "it holds {} where a dictionary of tensors should be",
            values.get(root).kind()
        )));
    };
    let header = Header { tensors: BTreeMap::new(), metadata: BTreeMap::new() };
    let mut walk = Walk { values, header, seen: HashSet::new(), names: 0, locate };
    walk.dict(root, "", 0)?;
    Ok(walk.header)
}

/// The start of a name that may be long.
pub(super) fn shortened(name: &str) -> String {
    name.chars().take(120).collect()
}

struct Walk<'a, 'l> {
    values: &'a Values,
    header: Header,
    seen: HashSet<Id>,
    names: usize,
    locate: &'l mut Locate<'l>,
}

impl Walk<'_, '_> {
    fn dict(&mut self, id: Id, prefix: &str, depth: usize) -> Result<(), Refusal> {
        let values = self.values;
        let Value::Dict(pairs) = values.get(id) else { return Ok(()) };
        if !self.seen.insert(id) {
            return Err(Refusal::detail("a dictionary occurs in two places of it, or in itself"));
        }
        for (key, value) in pairs {
            let key = match values.get(*key) {
                Value::Text(key) => key.clone(),
                Value::Int(key) => key.to_string(),
                _ => continue,
            };
            match values.get(*value) {
                Value::Tensor(tensor) => {
                    let name = self.name(prefix, &key)?;
                    let entry = self.entry(&name, tensor)?;
                    if self.header.tensors.insert(name.clone(), entry).is_some() {
                        return Err(Refusal::Detail(format!("it has the tensor `{name}` twice")));
                    }
                }
                Value::Dict(_) if depth < DEEPEST => {
                    let name = self.name(prefix, &key)?;
                    self.dict(*value, &format!("{name}."), depth + 1)?;
                }
                Value::Text(text) if text.len() <= LONGEST_NAME => {
                    let name = self.name(prefix, &key)?;
                    self.header.metadata.insert(name, text.clone());
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn name(&mut self, prefix: &str, key: &str) -> Result<String, Refusal> {
        let length = prefix.len() + key.len();
        self.names += length;
        if length > LONGEST_NAME || self.names > MOST_NAMES {
            return Err(Refusal::Detail(format!(
                "the name `{}…` is longer than the {LONGEST_NAME} bytes allowed",
                shortened(key)
            )));
        }
        Ok(format!("{prefix}{key}"))
    }

    /// Where a tensor lies, proved to lie within its storage.
    fn entry(&mut self, name: &str, tensor: &Tensor) -> Result<Entry, Refusal> {
        let refused = |what: &str| {
            Refusal::Detail(format!("its tensor `{name}` of shape {:?} {what}", tensor.shape))
        };
        let Value::Storage(storage) = self.values.get(tensor.storage) else {
            return Err(refused("has no storage"));
        };
        let key = self.values.text(storage.key, "the key of a storage")?;
        let place = (self.locate)(key, storage)?;
        let place = view(storage, place).ok_or_else(|| refused("lies beyond its storage"))?;
        let size = (tensor.dtype.bitsize() / 8) as u64;
        let beyond = || refused("lies beyond its storage");
        let elements = tensor.shape.iter().try_fold(1u64, |n, &d| n.checked_mul(d as u64));
        let elements = elements.ok_or_else(beyond)?;
        let start = tensor.offset.checked_mul(size).and_then(|at| place.start.checked_add(at));
        let start = start.filter(|start| *start <= place.end).ok_or_else(beyond)?;
        let span = span(&tensor.shape, &tensor.strides).ok_or_else(beyond)?;
        let bytes = span.checked_mul(size).filter(|bytes| *bytes <= place.end - start);
        let bytes = bytes.ok_or_else(beyond)?;
        if elements > span {
            return Err(refused("repeats numbers, and such are not read"));
        }
        let strides =
            (!is_row_major(&tensor.shape, &tensor.strides)).then(|| tensor.strides.clone());
        let (dtype, shape) = (tensor.dtype, tensor.shape.clone());
        Ok(Entry { dtype, shape, start, end: start + bytes, strides })
    }
}

/// The part of a storage's bytes that is meant.
fn view(storage: &Storage, place: Range<u64>) -> Option<Range<u64>> {
    let Some((first, count)) = storage.view else { return Some(place) };
    let size = (storage.dtype.bitsize() / 8) as u64;
    let start = place.start.checked_add(first.checked_mul(size)?)?;
    let end = start.checked_add(count.checked_mul(size)?)?;
    (end <= place.end).then_some(start..end)
}

/// How many numbers lie from the first of a tensor to its last.
fn span(shape: &[usize], strides: &[usize]) -> Option<u64> {
    if shape.contains(&0) {
        return Some(0);
    }
    shape.iter().zip(strides).try_fold(1u64, |last, (&extent, &stride)| {
        last.checked_add((extent as u64 - 1).checked_mul(stride as u64)?)
    })
}

/// Whether the numbers lie row by row, as a safetensors file has them.
fn is_row_major(shape: &[usize], strides: &[usize]) -> bool {
    let mut expected = 1;
    shape.contains(&0)
        || shape.iter().zip(strides).rev().all(|(&extent, &stride)| {
            let right = extent == 1 || stride == expected;
            // The product of all extents was proved not to overflow.
            expected *= extent;
            right
        })
}
