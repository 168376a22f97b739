//! What a model is made of, without its weights.

use langevin_core::{AnySchedule, Prediction};
use langevin_nn::NetworkConfig;

use crate::{Classes, Error, Result};

/// The network's configuration, the schedule it was trained on, what it predicts, and its classes.
#[derive(Clone, Debug)]
pub struct ModelConfig {
    /// The network.
    pub network: NetworkConfig,
    /// Noise levels by time.
    pub schedule: AnySchedule,
    /// What the network's output means.
    pub prediction: Prediction,
    /// Classes, where the network is conditional.
    pub classes: Option<Classes>,
}

impl ModelConfig {
    /// Checks that the parts fit each other: as many output as input channels, or twice as many with a
    /// learned variance, and a class embedding for each class.
    pub fn check(&self) -> Result<()> {
        let (inputs, outputs) = (self.network.in_channels(), self.network.out_channels());
        if outputs != inputs && outputs != 2 * inputs {
            return Err(Error::Value {
                name: "out_channels",
                found: outputs.to_string(),
                expected: "the same as in_channels, or twice as many with a learned variance",
            });
        }
        let rows = self.network.num_class_embeds().unwrap_or(0);
        let needed = self
            .classes
            .as_ref()
            .map_or(0, |c| c.null.map_or(c.names.len(), |null| null as usize + 1));
        if needed > rows {
            return Err(Error::Value {
                name: "num_class_embeds",
                found: rows.to_string(),
                expected: "one for each class, and one more for the null class",
            });
        }
        Ok(())
    }
}
