//! Prompts as tokens, and tokens as what networks attend to.

mod clip;
mod clip_tokenizer;
mod markers;
mod t5;
mod t5_tokenizer;
mod tokens;

pub use clip::Clip;
pub use clip_tokenizer::ClipTokenizer;
pub use t5::T5;
pub use t5_tokenizer::T5Tokenizer;
pub use tokens::Tokens;
