//! Model folders from the Hugging Face Hub.
//!
//! The only library that touches the network, and only in [`Hub`]: [`Cache`] finds what was fetched before without it.
//! The cache is the one that Python's `huggingface_hub` reads and writes:
//!
//! ```text
//! models--OWNER--NAME/blobs/HASH                  a file by its SHA-256 (large files) or git's SHA-1 (small ones)
//! models--OWNER--NAME/refs/REVISION               the commit that a branch or tag was at
//! models--OWNER--NAME/snapshots/COMMIT/PATH       a link to the blob
//! .locks/models--OWNER--NAME/HASH.lock            held while a blob is fetched
//! ```
//!
//! A file is a blob only once its size and hash have been checked; until then it is `HASH.incomplete`, which the next
//! attempt goes on from.
//! Settings are arguments: whoever calls decides which variables of the environment they come from
//! ([`Settings::from_variables`]).
//!
//! The crate `hf-hub` was weighed and not used: its version 1 brings an asynchronous runtime and 297 packages, its
//! version 0.5 checks no hash, knows no offline mode, and asks for each file's hash in a request of its own.

mod cache;
mod digest;
mod download;
mod error;
mod fetch;
mod hub;
mod listing;
mod plan;
mod repository;
mod selection;
mod settings;
mod transport;
mod weight_file;

pub use cache::Cache;
pub use digest::Digest;
pub use error::{Error, Result};
pub use fetch::{Event, Place, Watch};
pub use hub::Hub;
pub use listing::RemoteFile;
pub use plan::{Choice, Plan};
pub use repository::Repository;
pub use settings::{Network, Settings};
