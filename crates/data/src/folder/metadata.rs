//! `metadata.jsonl`: one JSON object per image, in the layout of Hugging Face's `imagefolder`.
//!
//! `file_name` is the path of the image relative to the metadata file, `text` its caption; all other fields are kept.
//! A metadata file may stand in the folder itself or in any subfolder.

use std::collections::HashMap;

use serde_json::Value;

use crate::dataset::Record;
use crate::error::{Error, Result};

/// The name of metadata files.
pub(super) const FILE_NAME: &str = "metadata.jsonl";

/// What is wrong with a line of `metadata.jsonl`; reads as the rest of a sentence that begins with the line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataFault {
    /// The line is not a JSON object.
    #[error("expected a JSON object: {0}")]
    Json(String),
    /// The line names no image.
    #[error("no `file_name`: expected the path of an image, relative to this file")]
    NoFileName,
    /// The name or the caption is no text.
    #[error("`{field}` is {found}: expected text")]
    NotText {
        /// `file_name` or `text`.
        field: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// The image already has a line.
    #[error("{file_name} already has a line: expected one line per image")]
    Twice {
        /// The image.
        file_name: String,
    },
}

/// A metadata file as it was found.
#[derive(Debug)]
pub(super) struct MetadataFile {
    /// Its name, for errors.
    pub(super) name: String,
    /// The folder it stands in, relative to what is read: empty or ending in `/`.
    pub(super) folder: String,
    pub(super) bytes: Vec<u8>,
}

/// Records by the name of their image, relative to what is read.
pub(super) fn parse(files: &[MetadataFile]) -> Result<HashMap<String, Record>> {
    let mut records = HashMap::new();
    for file in files {
        let bytes = file.bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&file.bytes);
        for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let error = |fault| Error::Metadata { name: file.name.clone(), line: index + 1, fault };
            let (image, record) = parse_line(line).map_err(error)?;
            let image = format!("{}{}", file.folder, plain(&image));
            if records.contains_key(&image) {
                return Err(error(MetadataFault::Twice { file_name: image }));
            }
            records.insert(image, record);
        }
    }
    Ok(records)
}

fn parse_line(line: &[u8]) -> Result<(String, Record), MetadataFault> {
    let record: Record =
        serde_json::from_slice(line).map_err(|error| MetadataFault::Json(error.to_string()))?;
    if let Some(text) = record.get("text")
        && !matches!(text, Value::String(_) | Value::Null)
    {
        return Err(MetadataFault::NotText { field: "text", found: kind(text) });
    }
    match record.get("file_name") {
        None => Err(MetadataFault::NoFileName),
        Some(Value::String(image)) => Ok((image.clone(), record)),
        Some(other) => Err(MetadataFault::NotText { field: "file_name", found: kind(other) }),
    }
}

/// `./a//b.png` is `a/b.png`.
fn plain(path: &str) -> String {
    path.split('/').filter(|part| !matches!(*part, "" | ".")).collect::<Vec<_>>().join("/")
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_one(folder: &str, text: &str) -> Result<HashMap<String, Record>> {
        let file =
            MetadataFile { name: "m".to_owned(), folder: folder.to_owned(), bytes: text.into() };
        parse(&[file])
    }

    #[test]
    fn lines_are_found_by_image_and_kept_whole() {
        let text = "\u{feff}{\"file_name\": \"./a.png\", \"text\": \"ä\", \"n\": [1]}\r\n\n{\"file_name\":\"x/b.png\"}";
        let records = parse_one("sub/", text).unwrap();
        assert_eq!(records.len(), 2);
        assert_eq!(records["sub/a.png"]["n"], serde_json::json!([1]));
        assert_eq!(records["sub/a.png"]["text"], "ä");
        assert!(records.contains_key("sub/x/b.png"));
    }

    #[test]
    fn lines_that_cannot_be_used_are_named() {
        let say = |text: &str| parse_one("", text).unwrap_err().to_string();
        assert!(
            say("{}\n").starts_with("m, line 1: no `file_name`: expected the path of an image")
        );
        assert!(say("\n[1]").starts_with("m, line 2: expected a JSON object: "));
        assert!(say("{\"file_name\": \"a\"").starts_with("m, line 1: expected a JSON object: EOF"));
        assert_eq!(say("{\"file_name\": 3}"), "m, line 1: `file_name` is a number: expected text");
        assert_eq!(
            say("{\"file_name\": \"a\", \"text\": [\"b\"]}"),
            "m, line 1: `text` is a list: expected text"
        );
        assert_eq!(
            say("{\"file_name\": \"a\"}\n{\"file_name\": \"./a\"}"),
            "m, line 2: a already has a line: expected one line per image"
        );
        assert!(parse_one("", "{\"file_name\": \"a\", \"text\": null}").is_ok());
    }
}
