//! Fetching from a local stand-in for the hub: what is asked, what is kept, and what each failure is called.

#![allow(missing_docs, reason = "a test is named after what it shows")]

mod failures;
mod fetching;
mod stand_in;
