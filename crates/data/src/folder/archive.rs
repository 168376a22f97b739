//! The images of a tar, gzipped or not, in the layout of a folder of images; nothing is unpacked to disk.
//!
//! Where a name appears twice, the later file counts, as it does when a tar is unpacked.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::listing::{Entry, Listing, Source, is_image};
use super::metadata::{FILE_NAME, MetadataFile};
use crate::error::{Error, Result};
use crate::notes::Skipped;
use crate::picture::ImageFault;
use crate::size;

/// Lists a tar; `limit` is the most bytes that it may unpack to.
///
/// # Errors
/// When the file cannot be read to its end as a tar, or unpacks to more than `limit`.
pub(super) fn list_tar(path: &Path, limit: u64) -> Result<Listing> {
    read(path, limit).map_err(|source| {
        match source.get_ref().is_some_and(|inner| inner.is::<LimitReached>()) {
            true => Error::Memory { name: path.display().to_string(), limit: size::words(limit) },
            false => Error::Read { path: path.to_owned(), source },
        }
    })
}

fn read(path: &Path, limit: u64) -> io::Result<Listing> {
    let mut start = Vec::new();
    let mut file = BufReader::new(File::open(path)?);
    file.by_ref().take(2).read_to_end(&mut start)?;
    let zipped = start == [0x1f, 0x8b];
    let bytes = start.chain(file);
    let plain: Box<dyn Read> =
        if zipped { Box::new(MultiGzDecoder::new(bytes)) } else { Box::new(bytes) };
    list(&path.display().to_string(), Limited { inner: plain, left: limit })
}

fn list(tar_name: &str, bytes: impl Read) -> io::Result<Listing> {
    let mut images = BTreeMap::new();
    let mut metadata = BTreeMap::new();
    let mut skipped = BTreeMap::new();
    let mut others = 0;
    let mut archive = tar::Archive::new(bytes);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        let hidden = parts.iter().any(|part| part.starts_with('.'));
        let Some((&file, folders)) = parts.split_last() else { continue };
        if hidden || entry.header().entry_type().is_dir() {
            continue;
        }
        let name = parts.join("/");
        let regular = entry.header().entry_type().is_file();
        if is_image(file) && regular {
            skipped.remove(&name);
            images.insert(name, whole(&mut entry)?);
        } else if is_image(file) {
            images.remove(&name);
            skipped.insert(name, ImageFault::NotAFile);
        } else if file == FILE_NAME && regular {
            let folder = folders.iter().map(|folder| format!("{folder}/")).collect::<String>();
            metadata.insert(name, (folder, whole(&mut entry)?));
        } else {
            others += 1;
        }
    }
    let images = images
        .into_iter()
        .map(|(name, bytes)| Entry { name, source: Source::Memory(bytes) })
        .collect();
    let metadata = metadata
        .into_iter()
        .map(|(name, (folder, bytes))| MetadataFile {
            name: format!("{tar_name}: {name}"),
            folder,
            bytes,
        })
        .collect();
    let skipped = skipped.into_iter().map(|(name, fault)| Skipped { name, fault }).collect();
    Ok(Listing { name: tar_name.to_owned(), images, metadata, others, skipped })
}

/// All bytes of an entry; memory grows with what is there, not with what the header claims.
fn whole(entry: &mut tar::Entry<'_, impl Read>) -> io::Result<Vec<u8>> {
    let announced = entry.header().entry_size()?;
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < announced {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
    }
    Ok(bytes)
}

/// A source that fails, rather than ends, where more than a limit is read from it.
struct Limited<R> {
    inner: R,
    left: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("more bytes than allowed")]
struct LimitReached;

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left =
            self.left.checked_sub(read as u64).ok_or_else(|| io::Error::other(LimitReached))?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, name, *bytes).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn names(listing: &Listing) -> Vec<&str> {
        listing.images.iter().map(|entry| entry.name.as_str()).collect()
    }

    #[test]
    fn entries_are_sorted_and_the_later_counts() {
        let bytes = tar(&[
            ("x/b.png", b"1"),
            ("./x/a.png", b"2"),
            ("x/metadata.jsonl", b"{}"),
            ("x/._a.png", b""),
            ("read.me", b""),
            ("x/b.png", b"3"),
        ]);
        let listing = list("t", &bytes[..]).unwrap();
        assert_eq!(names(&listing), ["x/a.png", "x/b.png"]);
        assert_eq!(listing.images[1].with_bytes(|b| Ok(b.to_vec())), Ok(b"3".to_vec()));
        assert_eq!((listing.others, listing.metadata[0].folder.as_str()), (1, "x/"));
        assert_eq!(listing.metadata[0].name, "t: x/metadata.jsonl");
    }

    #[test]
    fn cut_and_bomb_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.tar.gz");
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&tar(&[("a.png", &vec![0; 8 << 20])])).unwrap();
        let bytes = gz.finish().unwrap();
        std::fs::write(&path, &bytes).unwrap();
        let say = |limit| list_tar(&path, limit).unwrap_err().to_string();
        assert_eq!(
            say(1 << 20),
            format!(
                "{} takes more memory than the limit of 1 MiB: use smaller images, fewer of them or a higher limit",
                path.display()
            )
        );
        assert_eq!(names(&list_tar(&path, 9 << 20).unwrap()), ["a.png"]);
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(say(9 << 20).starts_with(&format!("cannot read {}: ", path.display())));
        // A tar cut inside a file, and one whose header lies about the length.
        let plain = tar(&[("a.png", &[7; 600])]);
        assert!(list("t", &plain[..900]).is_err());
    }

    proptest! {
        #[test]
        fn damaged_tars_never_panic(
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut bytes = tar(&[("a.png", &[7; 600]), ("metadata.jsonl", b"{}")]);
            for (at, value) in edits {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            bytes.truncate(cut.index(bytes.len()) + 1);
            let _ = list("t", Limited { inner: &bytes[..], left: 1 << 20 });
        }
    }
}
