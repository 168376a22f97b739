//! What this machine does in how much time and memory, and what PyTorch does on it in the same minutes.
//!
//! A [`Row`] is one piece of work with a name that reports and comparisons keep: a training step, a whole sampling run,
//! an operation forward or with its gradients. Both sides do a row in processes of their own, which speak one protocol
//! ([`serve`] and `peer/peer.py`), so that each has its own threads, its own allocator and its own peak of memory.
//! [`measure`] lets them work in turns, A B A B, so that whatever else happens on the machine happens to both.

mod child;
mod cost;
mod error;
mod group;
mod launcher;
mod measure;
mod median;
mod network;
mod op;
mod peer;
mod ready;
mod report;
mod resident;
mod row;
mod side;
mod work;
mod worker;

pub use cost::Cost;
pub use error::{Error, Result};
pub use group::Group;
pub use launcher::Launcher;
pub use measure::{Plan, Progress, measure};
pub use median::median;
pub use peer::PeerScript;
pub use report::{Conditions, MatmulRate, Measured, Report, Versions};
pub use row::{Row, rows};
pub use side::Side;
pub use worker::serve;
