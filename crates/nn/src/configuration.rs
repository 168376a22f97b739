//! What all networks have in common: a configuration file that one is built from.

use burn::module::Module;
use serde_json::{Map, Value};

use crate::{Error, Init};

/// A configuration as `config.json` holds it, and the network that it describes.
pub trait Configuration: Sized {
    /// The network.
    type Network: Module;

    /// The values of `_class_name`, or of `architectures` in files of transformers, that are read.
    const CLASS_NAMES: &'static [&'static str];

    /// Reads and checks a configuration; missing keys have the defaults of the class.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    fn from_json(object: &Map<String, Value>) -> Result<Self, Error>;

    /// Builds the network with fresh parameters.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    fn init(&self, init: &mut Init<'_>) -> Result<Self::Network, Error>;

    /// Keys that this version does not know; those that begin with an underscore are notes, not settings.
    fn unknown_keys(&self) -> Vec<String>;

    /// The other name that some files, older or newer, give to a parameter, or `None` where all agree.
    fn older_name(name: &str) -> Option<String> {
        let _ = name;
        None
    }

    /// Whether a tensor that no parameter uses may be left over: a buffer that older files carry, or a part of a larger
    /// model.
    fn ignored(name: &str) -> bool {
        let _ = name;
        false
    }
}
