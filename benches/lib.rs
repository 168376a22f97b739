//! Benches of whole networks; run them with `cargo bench -p langevin-benches`. Those of single operations are in `crates/kernels`.
