//! `spiece.model` of a T5 tokenizer: SentencePiece's protocol buffer with its table of characters.

use super::{Target, tokenizer};
use crate::bytes;
use crate::repository::recorded;
use crate::workplace::Workplace;

pub(super) const TARGET: Target =
    Target { name: "spiece", seeds, mutate: bytes::damaged, read, memory: (16 << 20, 2048) };

static WORKPLACE: Workplace = Workplace::new();

fn seeds() -> Vec<Vec<u8>> {
    recorded(&["spiece.model"])
}

fn read(bytes: &[u8]) -> bool {
    WORKPLACE.write("spiece.model", bytes);
    tokenizer::encode(&WORKPLACE)
}
