//! Normalisation of queries and keys within each head (Dehghani et al. 2023, section 2; Esser et al. 2024, section 5.3.2),
//! which keeps the scores of attention from growing.

use crate::Init;
use crate::layer::{LayerNorm, RmsNorm};
use burn::module::Module;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// Epsilon of the normalisation.
const EPS: f64 = 1e-6;

/// The kinds by the names that configurations use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QkNormType {
    /// Root-mean-square normalisation with a factor per channel.
    RmsNorm,
    /// Layer normalisation with a factor and an offset per channel.
    LayerNorm,
    /// Layer normalisation without parameters.
    Fp32LayerNorm,
}

/// The normalisation with its parameters.
#[derive(Module, Debug)]
pub enum QkNorm {
    /// Of the root of the mean square.
    Rms(RmsNorm),
    /// Of mean and deviation.
    Layer(LayerNorm),
}

impl QkNorm {
    /// For heads of `dim` numbers.
    pub fn new(init: &Init<'_>, kind: QkNormType, dim: usize) -> Self {
        match kind {
            QkNormType::RmsNorm => Self::Rms(RmsNorm::new(init, dim, EPS)),
            QkNormType::LayerNorm => Self::Layer(LayerNorm::new(init, dim, EPS)),
            QkNormType::Fp32LayerNorm => Self::Layer(LayerNorm::plain(EPS)),
        }
    }

    /// Normalises `x [N, L, H, D]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Rms(norm) => norm.forward(x),
            Self::Layer(norm) => norm.forward(x),
        }
    }
}
