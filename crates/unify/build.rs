//! A build script, so that the features of build dependencies are named as well; it does nothing.

fn main() {}
