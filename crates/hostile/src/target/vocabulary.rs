//! `vocab.json` and `merges.txt` of a CLIP tokenizer, joined by a zero byte.

use super::{Target, json, tokenizer};
use crate::repository::recorded;
use crate::workplace::Workplace;
use crate::{Random, bytes};

pub(super) const TARGET: Target =
    Target { name: "vocabulary", seeds, mutate, read, memory: (16 << 20, 2048) };

static WORKPLACE: Workplace = Workplace::new();

fn seeds() -> Vec<Vec<u8>> {
    let (vocabularies, merges) = (recorded(&["vocab.json"]), recorded(&["merges.txt"]));
    let pairs = vocabularies.iter().zip(merges.iter().cycle());
    pairs.map(|(vocabulary, merges)| [vocabulary.as_slice(), b"\0", merges].concat()).collect()
}

/// The two files.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let at = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    (&bytes[..at], bytes.get(at + 1..).unwrap_or_default())
}

fn mutate(random: &mut Random, seed: &[u8], _: &[Vec<u8>]) -> Vec<u8> {
    let (vocabulary, merges) = split(seed);
    let (mut vocabulary, mut merges) = (vocabulary.to_vec(), merges.to_vec());
    if random.once_in(2) {
        vocabulary = json::mutate(random, &vocabulary, &[]);
    } else {
        bytes::mutate(random, &mut merges, &[]);
    }
    [vocabulary.as_slice(), b"\0", &merges].concat()
}

fn read(bytes: &[u8]) -> bool {
    let (vocabulary, merges) = split(bytes);
    WORKPLACE.write("vocab.json", vocabulary);
    WORKPLACE.write("merges.txt", merges);
    tokenizer::encode(&WORKPLACE)
}
