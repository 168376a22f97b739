//! Hostile files: for every reader of files that others wrote, seeds to start from, mutations, and the reading itself.
//!
//! A [`Target`] is one reader. Two programs drive them: `cargo xtask fuzz` mutates at random and measures memory, and the
//! programs in `fuzz/` let libFuzzer look for new paths through the code.
//! A reader may refuse, in a sentence; it may not panic, and may not take more memory than the file warrants.
//!
//! A new target is a file in `target/` with one constant, and its line in [`TARGETS`].

mod bytes;
mod json;
mod random;
mod repository;
mod target;
mod workplace;

pub use random::Random;
pub use repository::corpus;
pub use target::{Mutation, TARGETS, Target};
