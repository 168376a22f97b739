//! The bytes of a pickle, counted, and never more of them in memory than there are.

use std::io::{self, BufRead, Read};

use super::Refusal;

/// The longest pickle read, in bytes. Those of real files have a few hundred for each tensor.
const LONGEST: u64 = 1 << 26;

/// The longest line of the instructions that end with a line feed.
const LONGEST_LINE: u64 = 1 << 12;

/// Where a pickle's bytes come from.
pub(in crate::torch) struct Source<'a> {
    input: &'a mut dyn BufRead,
    at: u64,
}

impl<'a> Source<'a> {
    /// Reads from `input`, whose next byte is the first of a pickle.
    pub(in crate::torch) fn new(input: &'a mut dyn BufRead) -> Self {
        Self { input, at: 0 }
    }

    /// How many bytes have been read.
    pub(in crate::torch) fn position(&self) -> u64 {
        self.at
    }

    /// The next `N` bytes.
    pub(in crate::torch) fn array<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        let mut bytes = [0; N];
        self.count(N as u64)?;
        self.input.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> Result<u8, Refusal> {
        self.array().map(|[byte]| byte)
    }

    /// The next `length` bytes; a length beyond the end of the input takes no memory.
    pub(super) fn bytes(&mut self, length: u64) -> Result<Vec<u8>, Refusal> {
        self.count(length)?;
        let mut bytes = Vec::new();
        let found = (&mut *self.input).take(length).read_to_end(&mut bytes)?;
        if (found as u64) < length {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        Ok(bytes)
    }

    /// The next `length` bytes as text.
    pub(super) fn text(&mut self, length: u64) -> Result<String, Refusal> {
        String::from_utf8(self.bytes(length)?)
            .map_err(|_| Refusal::detail("a string in it is no valid UTF-8"))
    }

    /// The bytes up to the next line feed, which is left out.
    pub(super) fn line(&mut self) -> Result<String, Refusal> {
        let mut line = Vec::new();
        let found = (&mut *self.input).take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        self.count(found as u64)?;
        match line.pop() {
            Some(b'\n') => String::from_utf8(line)
                .map_err(|_| Refusal::detail("a name in it is no valid UTF-8")),
            None => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            Some(_) => Err(Refusal::detail("a name in it has no end")),
        }
    }

    fn count(&mut self, length: u64) -> Result<(), Refusal> {
        self.at = self.at.saturating_add(length);
        if self.at > LONGEST {
            return Err(Refusal::Detail(format!(
                "the description of its tensors is longer than the {LONGEST} bytes allowed"
            )));
        }
        Ok(())
    }
}
