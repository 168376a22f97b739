//! Short programs on Langevin's libraries; run one with `cargo run --release -p langevin-examples --example NAME`.
//!
//! - `sample_mixture`: the mathematics alone, on a mixture whose denoiser is known exactly.
//! - `train_digits FOLDER [STEPS]`: trains the compact network on the embedded digits.
//! - `sample_model FOLDER CLASS OUT.png`: draws from a model folder.
