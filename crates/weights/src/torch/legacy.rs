//! The format before PyTorch 1.6: pickles one after the other, then the storages.
//!
//! ```text
//! a number that marks the format · a version · facts about the machine · the tensors · the keys of all storages
//! for each key: how many numbers (8 bytes), and the numbers
//! ```

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;

use super::pickle::{self, Id, Refusal, Source, Storage, Value, Values};
use super::state_dict;
use crate::Dtype;
use crate::header::Header;

/// The pickle of the number that marks the format, 0x1950a86a20f9469cfc6c.
const MAGIC: [u8; 15] =
    [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, b'.'];

/// The version of the format.
const VERSION: i64 = 1001;

/// The header of a file that is `length` bytes long.
pub(super) fn read(file: &mut File, length: u64) -> Result<Header, Refusal> {
    file.seek(SeekFrom::Start(0))?;
    let mut input = BufReader::new(&mut *file);
    let mut magic = [0; MAGIC.len()];
    input.read_exact(&mut magic)?;
    if magic != MAGIC {
        return Err(Refusal::detail("it is a pickle that torch.save has not written"));
    }
    let mut at = MAGIC.len() as u64;
    let mut next = || {
        let mut source = Source::new(&mut input);
        let result = pickle::run(&mut source)?;
        at += source.position();
        Ok::<_, Refusal>(result)
    };
    let (values, version) = next()?;
    if !matches!(values.get(version), Value::Int(VERSION)) {
        return Err(Refusal::detail("it is of an unknown version of the format"));
    }
    let (values, facts) = next()?;
    if entry(&values, facts, "little_endian")
        .is_some_and(|found| matches!(found, Value::Bool(false)))
    {
        return Err(Refusal::detail("its numbers are big-endian, and such are not read"));
    }
    let (values, root) = next()?;
    let (listed, keys) = next()?;

    let sizes = storages(&values);
    let mut places: BTreeMap<&str, Range<u64>> = BTreeMap::new();
    for key in listed.items(keys, "the list of storages")? {
        let key = listed.text(*key, "the key of a storage")?;
        let unknown = || Refusal::detail("it lists a storage that no tensor has");
        let (dtype, numbers) = *sizes.get(key).ok_or_else(unknown)?;
        let mut count = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut count)?;
        if u64::from_le_bytes(count) != numbers {
            return Err(Refusal::detail("a storage is not as long as it is said to be"));
        }
        let start = at + count.len() as u64;
        let end = numbers
            .checked_mul((dtype.bitsize() / 8) as u64)
            .and_then(|bytes| start.checked_add(bytes))
            .filter(|end| *end <= length)
            .ok_or_else(|| Refusal::detail("it is cut short in the numbers of its tensors"))?;
        places.insert(key, start..end);
        at = end;
    }
    state_dict::header(&values, root, &mut |key: &str, _: &Storage| {
        let place = places.get(key).cloned();
        place.ok_or_else(|| Refusal::detail("it lacks the numbers of a storage that a tensor has"))
    })
}

/// The type and length of each storage that is described.
fn storages(values: &Values) -> BTreeMap<&str, (Dtype, u64)> {
    let storages = values.iter().filter_map(|value| match value {
        Value::Storage(storage) => Some(storage),
        _ => None,
    });
    // A storage may be named again as another type; the first is the one whose length is written.
    let mut found = BTreeMap::new();
    for storage in storages {
        if let Ok(key) = values.text(storage.key, "the key of a storage") {
            found.entry(key).or_insert((storage.dtype, storage.numbers));
        }
    }
    found
}

/// The value of a key in a dictionary.
fn entry<'a>(values: &'a Values, dict: Id, wanted: &str) -> Option<&'a Value> {
    let Value::Dict(pairs) = values.get(dict) else { return None };
    let (_, value) =
        pairs.iter().find(|(key, _)| values.text(*key, "a key").is_ok_and(|key| key == wanted))?;
    Some(values.get(*value))
}
