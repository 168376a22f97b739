//! `spiece.model` of a T5 tokenizer: SentencePiece's protocol buffer with its table of characters.

use super::{Target, tokenizer};
use crate::repository::recorded;
use crate::workplace::Workplace;
use crate::{Random, bytes};

pub(super) const TARGET: Target =
    Target { name: "spiece", seeds, mutate, read, memory: (16 << 20, 2048) };

static WORKPLACE: Workplace = Workplace::new();

fn seeds() -> Vec<Vec<u8>> {
    recorded(&["spiece.model"])
}

fn mutate(random: &mut Random, seed: &[u8], others: &[Vec<u8>]) -> Vec<u8> {
    let mut out = seed.to_vec();
    bytes::mutate(random, &mut out, others);
    out
}

fn read(bytes: &[u8]) -> bool {
    WORKPLACE.write("spiece.model", bytes);
    tokenizer::encode(&WORKPLACE)
}
