//! Prompts as tokens, and tokens as what networks attend to.

mod bounded;
mod charsmap;
mod chunks;
mod clip;
mod clip_tokenizer;
pub mod emphasis;
mod foreign;
mod learned;
mod markers;
mod sentence_piece;
mod t5;
mod t5_tokenizer;
mod tokenizer_json;
mod tokens;

pub use chunks::Chunk;
pub use clip::Clip;
pub use clip_tokenizer::ClipTokenizer;
pub use foreign::reads_foreign_rules;
pub use learned::learn;
pub use t5::T5;
pub use t5_tokenizer::T5Tokenizer;
pub use tokens::Tokens;
