//! A pickle machine that can build nothing but what state dictionaries consist of, and calls nothing.
//!
//! A pickle is a program for a machine with a stack and a memo, whose instructions may name any
//! function of Python and call it: whoever runs one runs its author's code.
//! This machine has no way to call anything.
//! It knows a fixed list of names ([`globals`]), each of which stands for one way to describe a
//! tensor or a container, and refuses every other name.
//!
//! Values lie in one list and refer to each other by number, so that cycles are harmless, dropping
//! them does not recurse, and each instruction adds one value at most.

mod globals;
mod machine;
mod source;
mod value;

pub(super) use machine::run;
pub(super) use source::Source;
pub(super) use value::{Id, Storage, Tensor, Value, Values};

use std::io::{self, ErrorKind};

/// Why a pickle is not read.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It is malformed, or asks for more than state dictionaries need.
    Detail(String),
    /// It names something that could run code.
    Global(String),
}

impl Refusal {
    /// A malformed pickle, in the words of `detail`.
    pub(super) fn detail(detail: impl Into<String>) -> Self {
        Self::Detail(detail.into())
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::UnexpectedEof => {
                Self::detail("it is cut short in the description of its tensors")
            }
            _ => Self::Detail(error.to_string()),
        }
    }
}
