//! T5's tokenizer from SentencePiece's file alone: the tokens that transformers finds in texts of any kind, and damaged
//! files; `tests/golden/spiece.py` makes the recording.

use std::path::{Path, PathBuf};

use langevin_pipelines::text::T5Tokenizer;
use proptest::prelude::*;

fn recorded() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/spiece")
}

#[test]
fn tokens_are_those_of_transformers() {
    let text = std::fs::read_to_string(recorded().join("ids.json")).expect("a recording");
    let cases: Vec<(String, Vec<i64>)> = serde_json::from_str(&text).expect("JSON");
    let tokenizer = T5Tokenizer::open(&recorded(), 1000).expect("a tokenizer");
    assert_eq!(cases.len(), 120);
    for (text, ids) in cases {
        let tokens = tokenizer.encode(&text, ids.len()).expect("tokens");
        assert_eq!(tokens.ids, ids, "{text:?}");
    }
}

#[test]
fn other_kinds_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = |bytes: &[u8]| {
        std::fs::write(folder.path().join("spiece.model"), bytes).expect("a file");
        T5Tokenizer::open(folder.path(), 1000).expect_err("a refusal").to_string()
    };
    // One piece, then the kind of byte-pair models.
    let bpe = [0x0a, 0x03, 0x0a, 0x01, b'a', 0x12, 0x02, 0x18, 0x02];
    assert!(open(&bpe).contains("unigram"));
    assert!(open(&[0x0a, 0x7f]).contains("cut short"));
    assert!(open(b"").contains("spiece.model"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_files_are_refused_or_work(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        text in any::<String>(),
    ) {
        let mut bytes = std::fs::read(recorded().join("spiece.model")).expect("a file");
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("spiece.model"), &bytes).expect("a file");
        if let Ok(tokenizer) = T5Tokenizer::open(folder.path(), 1000) {
            let _ = tokenizer.encode(&text, 16);
        }
    }
}
