//! `tokenizer.json`, read for CLIP and for T5, and a prompt encoded.

use langevin_pipelines::text::{ClipTokenizer, T5Tokenizer};

use super::{Target, json};
use crate::repository::recorded;
use crate::workplace::Workplace;

pub(super) const TARGET: Target = Target {
    name: "tokenizer",
    seeds,
    mutate: json::mutate,
    read,
    // Tables of characters and of regular expressions come with some kinds of rules; an expression may fill the 10 MB
    // that its crate allows, and as much again while it is made.
    memory: (32 << 20, 2048),
};

static WORKPLACE: Workplace = Workplace::new();

/// Tokens that the text encoder knows.
const VOCABULARY: usize = 1024;

fn seeds() -> Vec<Vec<u8>> {
    recorded(&["tokenizer.json"])
}

fn read(bytes: &[u8]) -> bool {
    WORKPLACE.write("tokenizer.json", bytes);
    encode(&WORKPLACE)
}

/// Opens the folder for both encoders and encodes a prompt with each.
pub(super) fn encode(workplace: &Workplace) -> bool {
    const PROMPT: &str = "A lighthouse, at dawn: it's 7 o'clock… ÅÉ\u{1F600}";
    let clip = ClipTokenizer::open(workplace.folder(), (16, VOCABULARY));
    let t5 = T5Tokenizer::open(workplace.folder(), VOCABULARY);
    let clip = clip.and_then(|tokenizer| tokenizer.encode(PROMPT));
    let t5 = t5.and_then(|tokenizer| tokenizer.encode(PROMPT, 16));
    let outcomes = [clip, t5];
    for tokens in outcomes.iter().flatten() {
        assert!(tokens.ids.len() <= 16);
        assert!(tokens.ids.iter().all(|&id| id >= 0));
    }
    outcomes.iter().any(Result::is_ok)
}
