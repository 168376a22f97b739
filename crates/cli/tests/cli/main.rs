//! The command line as its users meet it: the real binary, run in temporary folders.

#![allow(missing_docs, reason = "a test is named after what it shows")]

mod benchmark;
mod evaluation;
mod files;
mod from_pictures;
mod judging_input;
mod langevin;
mod likelihood;
mod looking;
mod quickstart;
mod sampling;
mod training;
mod usage;
mod verifying;
