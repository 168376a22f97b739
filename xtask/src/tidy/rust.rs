//! Rust text as a flat list of tokens, for rules about words that may not occur.

use proc_macro2::{TokenStream, TokenTree};

/// One word or punctuation mark, with its line.
pub(super) struct Token {
    pub(super) text: String,
    pub(super) line: usize,
}

/// All tokens outside comments; literals keep their quotes and so match no word.
/// A text that does not lex has none: the compiler reports it better.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut flat = Vec::new();
    if let Ok(stream) = text.parse() {
        flatten(stream, &mut flat);
    }
    flat
}

fn flatten(stream: TokenStream, flat: &mut Vec<Token>) {
    for tree in stream {
        match tree {
            TokenTree::Group(group) => flatten(group.stream(), flat),
            other => flat.push(Token { text: other.to_string(), line: other.span().start().line }),
        }
    }
}

/// The lines at which `words` follow each other.
pub(super) fn occurrences(tokens: &[Token], words: &[&str]) -> Vec<usize> {
    tokens
        .windows(words.len())
        .filter(|window| window.iter().zip(words).all(|(token, word)| token.text == *word))
        .map(|window| window[0].line)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_no_words() {
        let tokens =
            tokens("// unsafe\n/* unsafe */ fn f() { g(\"unsafe\"); h!({ unsafe {} }) }\n");
        assert_eq!(occurrences(&tokens, &["unsafe"]), [2]);
        assert_eq!(occurrences(&tokens, &["h", "!"]), [2]);
    }
}
