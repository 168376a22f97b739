//! No code: see this crate's manifest, which names the features of shared dependencies.
