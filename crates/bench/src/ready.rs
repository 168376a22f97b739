//! What a worker tells about itself once its work is set up: the object after the word `ready`.

use serde::{Deserialize, Serialize};

/// Facts about a worker.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Ready {
    /// Numbers in the network's parameters.
    pub(crate) parameters: Option<usize>,
    /// Memory in MiB before the work was set up: the program and its libraries.
    pub(crate) resident_mib: Option<f64>,
    /// Version of Python.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) python: Option<String>,
    /// Version of PyTorch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) torch: Option<String>,
    /// Version of diffusers, where the row uses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) diffusers: Option<String>,
}
