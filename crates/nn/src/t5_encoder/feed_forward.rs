//! Feed-forward layers of T5: two linear maps without biases and a non-linearity (Raffel et al. 2020), or a gated one
//! (Shazeer 2020, eq. 6); before them a normalisation, beside them a residual.

#![allow(non_snake_case, reason = "fields have the names of the state dictionary")]

use super::T5Config;
use super::config::FeedForwardKind;
use crate::layer::{Activation, Linear, RmsNorm};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::Tensor;

/// `wo f(wi x)`.
#[derive(Module, Debug)]
pub struct T5DenseActDense {
    /// To the inner width.
    pub wi: Linear,
    /// Back to the width of a token.
    pub wo: Linear,
    #[module(skip)]
    act: Activation,
}

/// `wo (f(wi_0 x) · wi_1 x)`.
#[derive(Module, Debug)]
pub struct T5DenseGatedActDense {
    /// To gates.
    pub wi_0: Linear,
    /// To values.
    pub wi_1: Linear,
    /// Back to the width of a token.
    pub wo: Linear,
    #[module(skip)]
    act: Activation,
}

/// Either kind.
#[derive(Module, Debug)]
pub enum T5FeedForward {
    /// Without a gate.
    Plain(T5DenseActDense),
    /// With one.
    Gated(T5DenseGatedActDense),
}

impl T5FeedForward {
    /// Builds the kind that the configuration names.
    ///
    /// # Errors
    /// [`Error::Config`] for a non-linearity that does not exist here.
    pub fn new(init: &mut Init<'_>, config: &T5Config) -> Result<Self, Error> {
        let (outer, inner) = (config.d_model, config.d_ff);
        let mut map = |from, to| Linear { bias: None, ..Linear::new(init, from, to) };
        Ok(match config.feed_forward()? {
            FeedForwardKind::Plain(act) => {
                let (wi, wo) = (map(outer, inner), map(inner, outer));
                Self::Plain(T5DenseActDense { wi, wo, act })
            }
            FeedForwardKind::Gated(act) => {
                let (wi_0, wi_1, wo) = (map(outer, inner), map(outer, inner), map(inner, outer));
                Self::Gated(T5DenseGatedActDense { wi_0, wi_1, wo, act })
            }
        })
    }

    /// Maps `x [N, L, C]` to `[N, L, C]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        match self {
            Self::Plain(T5DenseActDense { wi, wo, act }) => wo.forward(act.forward(wi.forward(x))),
            Self::Gated(T5DenseGatedActDense { wi_0, wi_1, wo, act }) => {
                wo.forward(act.forward(wi_0.forward(x.clone())) * wi_1.forward(x))
            }
        }
    }
}

/// The maps with their normalisation.
#[derive(Module, Debug)]
pub struct T5LayerFF {
    /// The maps.
    pub DenseReluDense: T5FeedForward,
    /// Normalisation before them.
    pub layer_norm: RmsNorm,
}

impl T5LayerFF {
    /// Builds both.
    ///
    /// # Errors
    /// As [`T5FeedForward::new`].
    pub fn new(init: &mut Init<'_>, config: &T5Config) -> Result<Self, Error> {
        Ok(Self {
            DenseReluDense: T5FeedForward::new(init, config)?,
            layer_norm: RmsNorm::new(init, config.d_model, config.layer_norm_epsilon),
        })
    }

    /// Maps `x [N, L, C]` to `[N, L, C]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        self.DenseReluDense.forward(self.layer_norm.forward(x.clone())) + x
    }
}
