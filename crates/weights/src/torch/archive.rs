//! A zip archive whose entries are stored as they are: where each lies in the file.
//!
//! `torch.save` writes nothing else.
//! The central directory at the end lists the entries, in its 64-bit form where they are many or
//! large; before each entry's bytes stands a local header of its own length.
//! Compressed entries are refused, so that no file can be larger than it looks.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use super::pickle::Refusal;

/// The signatures of a local header, of the directory's entries, and of the ends of the directory.
pub(super) const LOCAL: [u8; 4] = *b"PK\x03\x04";
const ENTRY: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
const END_64: [u8; 4] = *b"PK\x06\x06";
const LOCATOR_64: [u8; 4] = *b"PK\x06\x07";

/// The lengths of their fixed parts.
const LOCAL_LENGTH: u64 = 30;
const ENTRY_LENGTH: usize = 46;
const END_LENGTH: usize = 22;
const LOCATOR_LENGTH: usize = 20;
const END_64_LENGTH: usize = 56;

/// The longest comment after the directory.
const LONGEST_COMMENT: usize = 0xffff;

/// The longest directory read, in bytes. Real ones have some hundred for each tensor.
const LONGEST: u64 = 1 << 26;

/// The entries of an archive by name.
#[derive(Debug)]
pub(super) struct Archive {
    entries: BTreeMap<String, Stored>,
}

/// Where an entry's local header lies, and how long its content is.
#[derive(Debug, Clone, Copy)]
struct Stored {
    header: u64,
    length: u64,
}

impl Archive {
    /// Reads the directory of a file that is `length` bytes long.
    pub(super) fn open(file: &mut File, length: u64) -> Result<Self, Refusal> {
        let Range { start, end } = directory(file, length)?;
        if end - start > LONGEST {
            return Err(Refusal::Detail(format!(
                "its directory is longer than the {LONGEST} bytes allowed"
            )));
        }
        let bytes = read(file, start, (end - start) as usize)?;
        let mut rest = bytes.as_slice();
        let mut entries = BTreeMap::new();
        while rest.starts_with(&ENTRY) {
            let (name, entry, used) = entry(rest)?;
            if entry.header.saturating_add(LOCAL_LENGTH).saturating_add(entry.length) > start {
                return Err(Refusal::Detail(format!("its entry {name} ends beyond the file")));
            }
            if entries.insert(name.clone(), entry).is_some() {
                return Err(Refusal::Detail(format!("it has the entry {name} twice")));
            }
            rest = &rest[used..];
        }
        Ok(Self { entries })
    }

    /// The names of all entries, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Where the content of an entry lies in the file, if there is such an entry.
    pub(super) fn find(&self, file: &mut File, name: &str) -> Result<Option<Range<u64>>, Refusal> {
        let Some(entry) = self.entries.get(name) else { return Ok(None) };
        let header = read(file, entry.header, LOCAL_LENGTH as usize)?;
        if !header.starts_with(&LOCAL) {
            return Err(Refusal::Detail(format!("its entry {name} is not where it should be")));
        }
        let more = u64::from(u16_at(&header, 26)) + u64::from(u16_at(&header, 28));
        let start = entry.header + LOCAL_LENGTH + more;
        Ok(Some(start..start.saturating_add(entry.length)))
    }
}

/// One entry of the directory: its name, itself, and how long its description is.
fn entry(bytes: &[u8]) -> Result<(String, Stored, usize), Refusal> {
    let cut = || Refusal::detail("its directory is cut short");
    let fixed = bytes.get(..ENTRY_LENGTH).ok_or_else(cut)?;
    let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(u16_at(fixed, at)));
    let used = ENTRY_LENGTH + name + extra + comment;
    let text = bytes.get(ENTRY_LENGTH..ENTRY_LENGTH + name).ok_or_else(cut)?;
    let extra = bytes.get(ENTRY_LENGTH + name..ENTRY_LENGTH + name + extra).ok_or_else(cut)?;
    if bytes.len() < used {
        return Err(cut());
    }
    let name = String::from_utf8_lossy(text).into_owned();
    let (flags, method) = (u16_at(fixed, 8), u16_at(fixed, 10));
    if method != 0 || flags & 1 != 0 {
        let how = if method != 0 { "compressed" } else { "encrypted" };
        return Err(Refusal::Detail(format!("its entry {name} is {how}, and such are not read")));
    }
    let mut wide = Wide(extra_64(extra));
    // The order of the wide fields is prescribed; a narrow one of all ones says that there is a wide one.
    let full = wide.or(u32_at(fixed, 24))?;
    let packed = wide.or(u32_at(fixed, 20))?;
    let header = wide.or(u32_at(fixed, 42))?;
    if full != packed {
        return Err(Refusal::Detail(format!("its entry {name} is stored but changes its length")));
    }
    Ok((name, Stored { header, length: full }, used))
}

/// The 64-bit fields of an entry, taken one after the other.
struct Wide<'a>(&'a [u8]);

impl Wide<'_> {
    fn or(&mut self, narrow: u32) -> Result<u64, Refusal> {
        if narrow != u32::MAX {
            return Ok(narrow.into());
        }
        let (field, rest) = self
            .0
            .split_first_chunk()
            .ok_or_else(|| Refusal::detail("its directory lacks a 64-bit field"))?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*field))
    }
}

/// The part of the extra fields that holds 64-bit fields.
fn extra_64(mut extra: &[u8]) -> &[u8] {
    while let [id_low, id_high, low, high, rest @ ..] = extra {
        let length = usize::from(u16::from_le_bytes([*low, *high]));
        let Some((field, after)) = rest.split_at_checked(length) else { break };
        if [*id_low, *id_high] == [1, 0] {
            return field;
        }
        extra = after;
    }
    &[]
}

/// Where the directory lies.
fn directory(file: &mut File, length: u64) -> Result<Range<u64>, Refusal> {
    let tail_length = length.min((END_LENGTH + LONGEST_COMMENT + LOCATOR_LENGTH) as u64);
    let tail_start = length - tail_length;
    let tail = read(file, tail_start, tail_length as usize)?;
    let end = (0..=tail.len().saturating_sub(END_LENGTH))
        .rev()
        .find(|&at| tail[at..].starts_with(&END) && at + END_LENGTH <= tail.len())
        .ok_or_else(|| Refusal::detail("it is cut short: the directory at its end is missing"))?;
    let (size, start) = (u32_at(&tail, end + 12), u32_at(&tail, end + 16));
    let end_64 = end.checked_sub(LOCATOR_LENGTH).filter(|&at| tail[at..].starts_with(&LOCATOR_64));
    let (size, start) = match end_64 {
        None => (size.into(), start.into()),
        Some(locator) => {
            let at = u64_at(&tail, locator + 8);
            if at.saturating_add(END_64_LENGTH as u64) > length {
                return Err(Refusal::detail("its directory ends beyond the file"));
            }
            let end = read(file, at, END_64_LENGTH)?;
            if !end.starts_with(&END_64) {
                return Err(Refusal::detail("its directory is not where it should be"));
            }
            (u64_at(&end, 40), u64_at(&end, 48))
        }
    };
    let end = start.checked_add(size).filter(|&end| end <= length);
    let end = end.ok_or_else(|| Refusal::detail("its directory ends beyond the file"))?;
    Ok(start..end)
}

/// `length` bytes of the file from `start` on; there must be as many.
fn read(file: &mut File, start: u64, length: usize) -> Result<Vec<u8>, Refusal> {
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = vec![0; length];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
