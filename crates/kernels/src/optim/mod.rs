//! Optimiser arithmetic on slices, in as few passes over memory as possible.

mod adamw;
mod sum_of_squares;

pub use adamw::AdamW;
pub use sum_of_squares::sum_of_squares;
