//! The command line as its users meet it: the real binary, run in temporary folders.

#![allow(missing_docs, reason = "a test is named after what it shows")]

mod benchmark;
mod converting;
mod damaged_folders;
mod evaluation;
mod files;
mod from_pictures;
mod judging_input;
mod langevin;
mod likelihood;
mod looking;
mod prompting;
mod pulling;
mod quickstart;
mod sampling;
#[allow(dead_code, reason = "the tests of the hub itself use the rest")]
#[path = "../../../hub/tests/pulling/stand_in.rs"]
mod stand_in;
mod training;
mod usage;
mod verifying;
