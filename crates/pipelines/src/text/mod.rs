//! Prompts as tokens.

mod clip_tokenizer;

pub use clip_tokenizer::{ClipTokenizer, Tokens};
