//! Files that PyTorch's `torch.save` writes (`.bin`, `.pt`, `.pth`, `.ckpt`), read without running
//! anything of what they contain.
//!
//! Such a file is a pickle that describes the tensors, and the bytes of their storages.
//! Since PyTorch 1.6 it is a zip archive of uncompressed entries: `NAME/data.pkl`, and
//! `NAME/data/KEY` for each storage.
//! Before that the pickles stand at the start of the file and the storages follow.
//! Both give the same header as a safetensors file does: names, types, shapes, and where the numbers
//! lie, so that tensors are read straight from the file when they are asked for.

mod archive;
mod legacy;
mod pickle;
mod state_dict;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use crate::header::Header;
use crate::{Error, Result};
use archive::Archive;
use pickle::{Refusal, Source, Storage};

/// The first byte of a pickle, which the number of its protocol follows.
const PICKLE: u8 = 0x80;

/// Whether a file that starts with these bytes is one of PyTorch's.
///
/// The first of them could also be the length of a safetensors header, but the JSON of one follows it.
pub(crate) fn is_torch(start: [u8; 9]) -> bool {
    let zip = start.starts_with(&archive::LOCAL);
    let pickle = start[0] == PICKLE && (2..=5).contains(&start[1]);
    (zip || pickle) && start[8] != b'{'
}

/// The header of a file of PyTorch's that is `length` bytes long.
pub(crate) fn header(path: &Path, file: &mut File, length: u64) -> Result<Header> {
    let told = |refusal| match refusal {
        Refusal::Detail(detail) => Error::Torch { path: path.to_owned(), detail },
        Refusal::Global(name) => Error::TorchName { path: path.to_owned(), name },
    };
    read(file, length).map_err(told)
}

fn read(file: &mut File, length: u64) -> Result<Header, Refusal> {
    let mut start = [0; 4];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut start)?;
    if start == archive::LOCAL { zip(file, length) } else { legacy::read(file, length) }
}

/// The header of a zip archive.
fn zip(file: &mut File, length: u64) -> Result<Header, Refusal> {
    let archive = Archive::open(file, length)?;
    let pickle = archive.names().find(|name| *name == "data.pkl" || name.ends_with("/data.pkl"));
    let Some(pickle) = pickle.map(str::to_owned) else {
        return Err(Refusal::detail("it is a zip archive without an entry data.pkl"));
    };
    let folder = pickle.strip_suffix("data.pkl").unwrap_or_default();
    if let Some(order) = archive.find(file, &format!("{folder}byteorder"))? {
        let mut text = String::new();
        entry(file, &order)?.take(16).read_to_string(&mut text)?;
        if text != "little" {
            return Err(Refusal::detail("its numbers are big-endian, and such are not read"));
        }
    }
    let range = archive
        .find(file, &pickle)?
        .filter(|range| range.end <= length)
        .ok_or_else(|| Refusal::detail("it is cut short"))?;
    let (values, root) = pickle::run(&mut Source::new(&mut entry(file, &range)?))?;

    let mut known: BTreeMap<String, Range<u64>> = BTreeMap::new();
    state_dict::header(&values, root, &mut |key: &str, storage: &Storage| {
        if let Some(range) = known.get(key) {
            return Ok(range.clone());
        }
        let name = format!("{folder}data/{key}");
        let range = archive.find(file, &name)?.ok_or_else(|| {
            Refusal::Detail(format!("it lacks the entry {}", state_dict::shortened(&name)))
        })?;
        let needed = storage.numbers.checked_mul((storage.dtype.bitsize() / 8) as u64);
        if range.end > length || needed.is_none_or(|needed| needed > range.end - range.start) {
            return Err(Refusal::Detail(format!("its entry {name} is cut short")));
        }
        known.insert(key.to_owned(), range.clone());
        Ok(range)
    })
}

/// The content of an entry, from its start.
fn entry<'a>(
    file: &'a mut File,
    range: &Range<u64>,
) -> Result<std::io::Take<BufReader<&'a mut File>>, Refusal> {
    file.seek(SeekFrom::Start(range.start))?;
    Ok(BufReader::new(file).take(range.end - range.start))
}
