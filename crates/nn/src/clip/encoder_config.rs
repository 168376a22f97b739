//! Sizes of CLIP's transformer, and what they must satisfy.

use crate::Error;
use crate::layer::Activation;
use serde::Serialize;

/// No configuration may ask for more than about this many parameters.
const MOST_PARAMETERS: f64 = 2e10;

/// What a [`CLIPEncoder`](super::CLIPEncoder) is built from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CLIPEncoderConfig {
    /// Numbers per token.
    pub hidden_size: usize,
    /// Numbers per token between the two linear maps.
    pub intermediate_size: usize,
    /// Layers.
    pub num_hidden_layers: usize,
    /// Attention heads, which must divide `hidden_size`.
    pub num_attention_heads: usize,
    /// The non-linearity between the two linear maps.
    pub hidden_act: Activation,
    /// Epsilon of the normalisations.
    pub layer_norm_eps: f64,
}

impl CLIPEncoderConfig {
    /// Checks that every value makes an encoder that transformers could build and run.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn check(&self) -> Result<(), Error> {
        range("hidden_size", self.hidden_size, 1 << 16)?;
        range("intermediate_size", self.intermediate_size, 1 << 18)?;
        range("num_hidden_layers", self.num_hidden_layers, 1 << 10)?;
        range("num_attention_heads", self.num_attention_heads, self.hidden_size)?;
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            let expected = format!("a divisor of hidden_size, which is {},", self.hidden_size);
            return Err(Error::config("num_attention_heads", &self.num_attention_heads, expected));
        }
        epsilon("layer_norm_eps", self.layer_norm_eps)?;
        let width = self.hidden_size as f64;
        let layer = 4.0 * width * width + 2.0 * width * self.intermediate_size as f64;
        if layer * self.num_hidden_layers as f64 > MOST_PARAMETERS {
            let expected = format!("sizes that make no more than {MOST_PARAMETERS:.0} parameters");
            return Err(Error::config("num_hidden_layers", &self.num_hidden_layers, expected));
        }
        Ok(())
    }
}

/// Checks that a count lies between one and `most`.
pub(crate) fn range(key: &str, value: usize, most: usize) -> Result<(), Error> {
    within(key, &value, (1..=most).contains(&value), format!("a number from 1 to {most}"))
}

/// Checks that an epsilon is small and positive.
pub(crate) fn epsilon(key: &str, value: f64) -> Result<(), Error> {
    within(key, &value, value > 0.0 && value < 1.0, "a number between 0 and 1".to_owned())
}

fn within(key: &str, value: &impl Serialize, fits: bool, expected: String) -> Result<(), Error> {
    if fits { Ok(()) } else { Err(Error::config(key, value, expected)) }
}
