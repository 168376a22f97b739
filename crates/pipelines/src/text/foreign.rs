//! Work that the tokenizer's crate does by the rules of a file, which it takes for granted where it should not.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is at work by the rules of a file. A panic is caught then, and told as a damaged file; a panic hook
/// need not tell it.
pub fn reads_foreign_rules() -> bool {
    WITHIN.get()
}

/// The work's result, or nothing where it panics. What it was given must not be used again then, unless it only read it.
pub(super) fn guard<T>(work: impl FnOnce() -> T) -> Option<T> {
    WITHIN.set(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    WITHIN.set(false);
    done.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_end_at_the_guard() {
        assert_eq!(guard(reads_foreign_rules), Some(true));
        assert_eq!(guard(|| -> u8 { panic!("out of the text") }), None);
        assert!(!reads_foreign_rules());
    }
}
