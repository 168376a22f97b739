//! Text inside HTML.

use std::fmt::{Display, Formatter, Result, Write};

/// Displays text with the five characters that HTML gives a meaning replaced by entities.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Escape<'a>(pub(crate) &'a str);

impl Display for Escape<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            c => f.write_char(c),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Escape;

    #[test]
    fn markup_becomes_text() {
        assert_eq!(Escape("a<b> & \"c'").to_string(), "a&lt;b&gt; &amp; &quot;c&#39;");
    }
}
