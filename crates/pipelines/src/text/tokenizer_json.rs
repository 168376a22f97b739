//! `tokenizer.json`, which holds a whole tokenizer, read as if hostile: what its reader takes for granted is checked first.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokenizers::Tokenizer;
use tokenizers::normalizers::precompiled::Precompiled;

use super::charsmap;

/// A whole tokenizer from its file, without cutting or padding.
pub(super) fn open(file: &Path) -> Result<Tokenizer, String> {
    let text =
        std::fs::read(file).map_err(|error| format!("tokenizer.json cannot be read: {error}"))?;
    check_charsmaps(&text)?;
    let read = || {
        let mut tokenizer = Tokenizer::from_bytes(&text)?;
        tokenizer.with_truncation(None)?;
        tokenizer.with_padding(None);
        Ok(tokenizer)
    };
    // The reader takes some parts for granted where a file names them in unforeseen ways.
    let read = std::panic::catch_unwind(read);
    let read = read.map_err(|_| "tokenizer.json is not of a form that can be read".to_owned())?;
    read.map_err(|error: tokenizers::Error| format!("tokenizer.json makes no tokenizer: {error}"))
}

/// Checks SentencePiece's replacements of characters in a `tokenizer.json`, which the tokenizer itself trusts.
fn check_charsmaps(text: &[u8]) -> Result<(), String> {
    let Ok(whole) = serde_json::from_slice::<Value>(text) else { return Ok(()) };
    let mut open = vec![&whole];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(map) => {
                if map.get("type").is_some_and(|kind| kind == "Precompiled") {
                    let coded = map.get("precompiled_charsmap").and_then(Value::as_str);
                    let decoded = coded.and_then(|coded| STANDARD.decode(coded).ok());
                    let decoded = decoded.ok_or("its replacements of characters are no base64")?;
                    charsmap::check(&decoded)?;
                    Precompiled::from(&decoded).map_err(|error| error.to_string())?;
                }
                open.extend(map.values());
            }
            Value::Array(list) => open.extend(list),
            _ => {}
        }
    }
    Ok(())
}
