//! A picture inside the page itself, as base64: the report is one file.

use std::fmt::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::report::escape::Escape;

/// A PNG or GIF with the words that stand for it and the words under it.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    bytes: Vec<u8>,
    alt: String,
    caption: String,
}

impl Figure {
    /// Reads a PNG or GIF file.
    pub(crate) fn read(
        path: &Path,
        alt: impl Into<String>,
        caption: impl Into<String>,
    ) -> std::io::Result<Self> {
        Ok(Self { bytes: std::fs::read(path)?, alt: alt.into(), caption: caption.into() })
    }

    /// Writes the `<figure>`; `class` is a class of style.css, or empty.
    pub(crate) fn render(&self, html: &mut String, class: &str) -> std::fmt::Result {
        let kind = if self.bytes.starts_with(b"GIF") { "gif" } else { "png" };
        write!(html, "<figure class=\"{class}\"><img src=\"data:image/{kind};base64,")?;
        STANDARD.encode_string(&self.bytes, html);
        writeln!(
            html,
            "\" alt=\"{}\"><figcaption>{}</figcaption></figure>",
            Escape(&self.alt),
            Escape(&self.caption)
        )
    }
}
