//! The prediction of `[process]`: its name, and `sigma_data` where it has one.

use langevin_core::Prediction;
use serde::ser::SerializeMap;

use super::source::{Source, parsed};
use crate::Result;

const SIGMA_DATA: &str = "process.sigma_data";

/// Reads the prediction, or takes `usual`.
pub(super) fn read(source: &mut Source, usual: Prediction) -> Result<Prediction> {
    let mut chosen =
        parsed(source, "process.prediction", "the name of a prediction")?.unwrap_or(usual);
    if let Prediction::Edm { sigma_data } = &mut chosen {
        *sigma_data = source.number(SIGMA_DATA, *sigma_data, "a positive number", |v| v > 0.0)?;
    } else {
        source.refuse_keys(&[SIGMA_DATA], "prediction = \"edm\"")?;
    }
    Ok(chosen)
}

/// Writes the keys that [`read`] reads.
pub(super) fn write<M: SerializeMap>(
    prediction: Prediction,
    map: &mut M,
) -> std::result::Result<(), M::Error> {
    map.serialize_entry("prediction", &prediction.to_string())?;
    if let Prediction::Edm { sigma_data } = prediction {
        map.serialize_entry("sigma_data", &sigma_data)?;
    }
    Ok(())
}
