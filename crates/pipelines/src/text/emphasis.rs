//! Prompts whose words have weights, in the syntax that A1111's web interface made common.
//!
//! | text | means |
//! |---|---|
//! | `(word:1.3)` | weight 1.3 |
//! | `(word)`, `((word))` | weight 1.1, 1.1² |
//! | `[word]` | weight 1/1.1 |
//! | `\(`, `\)`, `\[`, `\]`, `\\` | the character itself |
//!
//! Brackets nest and their weights multiply. A bracket that is never closed holds to the end, one that was never opened
//! is a character.

/// What `(` multiplies by, and `[` divides by.
pub const STEP: f64 = 1.1;

/// Words and their weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Phrase {
    /// The words.
    pub text: String,
    /// 1 where nothing is said.
    pub weight: f64,
}

/// A prompt as phrases; neighbours of the same weight are one.
pub fn phrases(prompt: &str) -> Vec<Phrase> {
    let mut reader =
        Reader { pieces: vec![Phrase { text: String::new(), weight: 1.0 }], open: Vec::new() };
    let mut rest = prompt;
    while let Some(letter) = rest.chars().next() {
        let after = &rest[letter.len_utf8()..];
        rest = match letter {
            '\\' => match after.chars().next().filter(|next| "()[]\\".contains(*next)) {
                Some(next) => {
                    reader.push(next);
                    &after[next.len_utf8()..]
                }
                None => {
                    reader.push(letter);
                    after
                }
            },
            '(' | '[' => {
                reader.open(letter);
                after
            }
            ')' if reader.close('(', STEP) => after,
            ']' if reader.close('[', 1.0 / STEP) => after,
            ':' => match weight(after) {
                Some((weight, after)) if reader.close('(', weight) => after,
                _ => {
                    reader.push(letter);
                    after
                }
            },
            _ => {
                reader.push(letter);
                after
            }
        };
    }
    reader.finish()
}

/// The number before the bracket that closes, and what follows that.
fn weight(text: &str) -> Option<(f64, &str)> {
    let (number, after) = text.split_once(')')?;
    let number = number.trim();
    let plain = |c: char| c.is_ascii_digit() || "+-.".contains(c);
    let weight = number.chars().all(plain).then(|| number.parse::<f64>().ok())??;
    weight.is_finite().then_some((weight, after))
}

/// Phrases so far, and the brackets that are open: which, and from which phrase on.
struct Reader {
    pieces: Vec<Phrase>,
    open: Vec<(char, usize)>,
}

impl Reader {
    fn push(&mut self, letter: char) {
        if let Some(last) = self.pieces.last_mut() {
            last.text.push(letter);
        }
    }

    fn open(&mut self, bracket: char) {
        self.begin();
        self.open.push((bracket, self.pieces.len() - 1));
    }

    /// Closes the innermost bracket, if it is this one.
    fn close(&mut self, bracket: char, factor: f64) -> bool {
        let Some((_, from)) = self.open.pop_if(|(found, _)| *found == bracket) else {
            return false;
        };
        self.multiply(from, factor);
        self.begin();
        true
    }

    fn begin(&mut self) {
        self.pieces.push(Phrase { text: String::new(), weight: 1.0 });
    }

    fn multiply(&mut self, from: usize, factor: f64) {
        self.pieces[from..].iter_mut().for_each(|piece| piece.weight *= factor);
    }

    fn finish(mut self) -> Vec<Phrase> {
        for (bracket, from) in std::mem::take(&mut self.open) {
            self.multiply(from, if bracket == '(' { STEP } else { 1.0 / STEP });
        }
        let mut joined: Vec<Phrase> = Vec::new();
        for piece in self.pieces.into_iter().filter(|piece| !piece.text.is_empty()) {
            match joined.last_mut() {
                Some(last) if last.weight == piece.weight => last.text.push_str(&piece.text),
                _ => joined.push(piece),
            }
        }
        joined
    }
}

#[cfg(test)]
mod tests;
