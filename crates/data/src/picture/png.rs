//! PNG files with texts: the settings a picture was made with travel inside it.
//!
//! A text of printable ASCII becomes a `tEXt` chunk, any other an `iTXt` chunk in UTF-8.
//! The same picture and texts give the same bytes.
//! Format: W3C, Portable Network Graphics (PNG) Specification, third edition, section 11.3.3.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use png::text_metadata::{ITXtChunk, TEXtChunk};
use png::{BitDepth, ColorType, Decoder, Encoder, EncodingError, Limits};

use super::Picture;
use super::write::write_whole;
use crate::error::{Error, Result};
use crate::picture::ImageFault;

/// Writes a PNG with texts `(keyword, text)` to `path`, whole or not at all.
///
/// A keyword has 1 to 79 printable Latin-1 characters, with no space at either end and no two together.
///
/// # Errors
/// When a keyword or text does not fit the format, or the file cannot be written.
pub fn write_png(path: &Path, picture: &Picture, text: &[(String, String)]) -> Result<()> {
    text.iter().try_for_each(|(keyword, text)| check(keyword, text))?;
    write_whole(path, |writer| encode(writer, picture, text))
}

/// As [`write_png`], to memory.
///
/// # Errors
/// When a keyword or text does not fit the format.
pub fn encode_png(picture: &Picture, text: &[(String, String)]) -> Result<Vec<u8>> {
    text.iter().try_for_each(|(keyword, text)| check(keyword, text))?;
    let mut bytes = Vec::new();
    encode(&mut bytes, picture, text).expect("memory can be written and the texts are checked");
    Ok(bytes)
}

/// The texts `(keyword, text)` of a PNG file: those in Latin-1 first, then compressed ones, then those in UTF-8.
///
/// # Errors
/// When the file cannot be read or is no PNG.
pub fn read_png_text(path: &Path) -> Result<Vec<(String, String)>> {
    let file = File::open(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    texts(BufReader::new(file)).map_err(|error| Error::Image {
        name: path.display().to_string(),
        fault: ImageFault::Damaged(error.to_string()),
    })
}

fn texts(source: impl io::BufRead + io::Seek) -> Result<Vec<(String, String)>, png::DecodingError> {
    // Enough for any settings, far too little for a bomb.
    let mut reader = Decoder::new_with_limits(source, Limits { bytes: 64 << 20 }).read_info()?;
    // Texts may also stand behind the pixels.
    reader.finish()?;
    let info = reader.info();
    let mut texts: Vec<_> = info
        .uncompressed_latin1_text
        .iter()
        .map(|chunk| (chunk.keyword.clone(), chunk.text.clone()))
        .collect();
    for chunk in &info.compressed_latin1_text {
        texts.push((chunk.keyword.clone(), chunk.get_text()?));
    }
    for chunk in &info.utf8_text {
        texts.push((chunk.keyword.clone(), chunk.get_text()?));
    }
    Ok(texts)
}

fn encode(writer: impl io::Write, picture: &Picture, text: &[(String, String)]) -> io::Result<()> {
    let mut encoder = Encoder::new(writer, picture.width() as u32, picture.height() as u32);
    encoder.set_color(match picture.channels() {
        1 => ColorType::Grayscale,
        3 => ColorType::Rgb,
        _ => ColorType::Rgba,
    });
    encoder.set_depth(BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(to_io)?;
    for (keyword, text) in text {
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')) {
            writer.write_text_chunk(&TEXtChunk::new(keyword, text)).map_err(to_io)?;
        } else {
            writer.write_text_chunk(&ITXtChunk::new(keyword, text)).map_err(to_io)?;
        }
    }
    writer.write_image_data(&picture.to_interleaved()).map_err(to_io)?;
    writer.finish().map_err(to_io)
}

fn to_io(error: EncodingError) -> io::Error {
    match error {
        EncodingError::IoError(error) => error,
        other => io::Error::other(other),
    }
}

fn check(keyword: &str, text: &str) -> Result<()> {
    let problem = if !(1..=79).contains(&keyword.chars().count()) {
        "has a keyword that is not 1 to 79 characters long"
    } else if !keyword.chars().all(|c| matches!(c, ' '..='~' | '\u{a1}'..='\u{ff}')) {
        "has a keyword with characters that are not printable Latin-1"
    } else if keyword.starts_with(' ') || keyword.ends_with(' ') || keyword.contains("  ") {
        "has a keyword with a space at an end or two together"
    } else if text.contains('\0') {
        "holds a zero character, which PNG texts cannot"
    } else {
        return Ok(());
    };
    Err(Error::PngText { keyword: keyword.to_owned(), problem })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::picture::decode;

    fn pair(keyword: &str, text: &str) -> (String, String) {
        (keyword.to_owned(), text.to_owned())
    }

    fn read_back(bytes: &[u8]) -> Vec<(String, String)> {
        texts(io::Cursor::new(bytes)).unwrap()
    }

    #[test]
    fn pictures_and_texts_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let text = [
            pair("seed", "7"),
            pair("settings", "{\"steps\": 50,\n \"η\": 0}"),
            pair("prompt", "Ölgemälde 🎨"),
        ];
        for channels in [1, 3, 4] {
            let pixels = (0..channels * 6).map(|i| 40 * i as u8).collect();
            let picture = Picture::new(channels, 2, 3, pixels).unwrap();
            write_png(&path, &picture, &text).unwrap();
            assert_eq!(Picture::open(&path).unwrap(), picture);
            assert_eq!(read_png_text(&path).unwrap(), text);
            assert_eq!(std::fs::read(&path).unwrap(), encode_png(&picture, &text).unwrap());
        }
    }

    #[test]
    fn texts_that_do_not_fit_are_refused() {
        let picture = Picture::new(1, 1, 1, vec![0]).unwrap();
        let say = |keyword: &str, text: &str| {
            encode_png(&picture, &[pair(keyword, text)]).unwrap_err().to_string()
        };
        assert_eq!(
            say("", "x"),
            "the PNG text `` has a keyword that is not 1 to 79 characters long"
        );
        assert!(say(&"k".repeat(80), "x").ends_with("not 1 to 79 characters long"));
        assert!(say("η", "x").ends_with("not printable Latin-1"));
        assert!(say(" k", "x").ends_with("two together"));
        assert_eq!(
            say("k", "a\0b"),
            "the PNG text `k` holds a zero character, which PNG texts cannot"
        );
    }

    #[test]
    fn what_is_no_png_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        std::fs::write(&path, b"no png").unwrap();
        let say = read_png_text(&path).unwrap_err().to_string();
        assert!(say.starts_with(&format!("{} is damaged: ", path.display())), "{say}");
    }

    proptest! {
        #[test]
        fn any_text_comes_back(texts in prop::collection::vec(("[!-~¡-ÿ]{1,79}", "[^\0]{0,200}"), 0..5)) {
            let picture = Picture::new(1, 1, 1, vec![0]).unwrap();
            let mut found = read_back(&encode_png(&picture, &texts).unwrap());
            let mut texts = texts;
            found.sort();
            texts.sort();
            prop_assert_eq!(found, texts);
        }

        #[test]
        fn damaged_files_never_panic(
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        ) {
            let picture = Picture::new(1, 2, 2, vec![0, 1, 2, 3]).unwrap();
            let text = [pair("a", "b"), pair("c", "é🎨")];
            let mut bytes = encode_png(&picture, &text).unwrap();
            for (at, value) in edits {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            let _ = texts(io::Cursor::new(&bytes));
            let _ = decode(&bytes);
        }
    }
}
