//! The network: its parts and its forward pass.

use super::relative_position::Buckets;
use super::{T5Block, T5Config};
use crate::layer::{Embedding, RmsNorm};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::{Int, Tensor};
use langevin_kernels::AttentionMask;

/// What hides a key: a score so low that all others round to it, so that a sequence of nothing but padding averages it.
const HIDDEN: f32 = -1e30;

/// The network with its parameters.
#[derive(Module, Debug)]
pub struct T5EncoderModel {
    /// A row for each token.
    pub shared: Embedding,
    /// The blocks.
    pub encoder: T5Stack,
    #[module(skip)]
    config: T5Config,
}

/// The blocks and the last normalisation.
#[derive(Module, Debug)]
pub struct T5Stack {
    /// The first block first.
    pub block: Vec<T5Block>,
    /// Normalisation of the last block's states.
    pub final_layer_norm: RmsNorm,
}

impl T5EncoderModel {
    /// Builds the network with fresh parameters.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn new(init: &mut Init<'_>, config: &T5Config) -> Result<Self, Error> {
        config.check()?;
        let shared = Embedding::new(init, config.vocab_size, config.d_model);
        let block = (0..config.num_layers).map(|i| T5Block::new(init, config, i));
        let encoder = T5Stack {
            block: block.collect::<Result<_, _>>()?,
            final_layer_norm: RmsNorm::new(init, config.d_model, config.layer_norm_epsilon),
        };
        Ok(Self { shared, encoder, config: config.clone() })
    }

    /// What the network was built from.
    pub fn config(&self) -> &T5Config {
        &self.config
    }

    /// Reads the tokens `input_ids [N, L]` into `[N, L, C]`; where `attention_mask [N, L]` is given, no token sees those at
    /// which it is zero.
    ///
    /// # Panics
    /// When the inputs do not fit; [`T5EncoderModel::check_inputs`] tells beforehand.
    pub fn forward(
        &self,
        input_ids: Tensor<2, Int>,
        attention_mask: Option<Tensor<2, Int>>,
    ) -> Tensor<3> {
        let [n, l] = input_ids.dims();
        let tokens = self.shared.forward(input_ids.reshape([n * l]));
        let mut x = tokens.reshape([n, l, self.config.d_model]);
        let bias = self.bias(l, attention_mask);
        for block in &self.encoder.block {
            x = block.forward(x, bias.clone());
        }
        self.encoder.final_layer_norm.forward(x)
    }

    /// What all blocks add to the scores of `length` queries and keys.
    fn bias(&self, length: usize, attention_mask: Option<Tensor<2, Int>>) -> AttentionMask {
        let first = self.encoder.block.first().map(|block| &block.layer.0.SelfAttention);
        let Some(table) = first.and_then(|first| first.relative_attention_bias.as_ref()) else {
            return AttentionMask::None;
        };
        let buckets = Buckets {
            count: self.config.relative_attention_num_buckets,
            max_distance: self.config.relative_attention_max_distance,
        };
        let bias = buckets.bias(table, length);
        AttentionMask::Additive(match attention_mask {
            None => bias,
            Some(mask) => {
                let shape = [mask.dims()[0], self.config.num_heads, length, length];
                let hidden = mask.equal_elem(0).reshape([shape[0], 1, 1, length]).expand(shape);
                bias.expand(shape).mask_fill(hidden, HIDDEN)
            }
        })
    }

    /// [`T5EncoderModel::forward`] for inputs of unknown origin.
    ///
    /// # Errors
    /// [`Error::Input`] names the input that does not fit.
    pub fn try_forward(
        &self,
        input_ids: Tensor<2, Int>,
        attention_mask: Option<Tensor<2, Int>>,
    ) -> Result<Tensor<3>, Error> {
        self.check_inputs(&input_ids, attention_mask.as_ref())?;
        Ok(self.forward(input_ids, attention_mask))
    }

    /// Tells whether [`T5EncoderModel::forward`] accepts these tokens and this mask.
    ///
    /// # Errors
    /// [`Error::Input`] names the input that does not fit.
    pub fn check_inputs(
        &self,
        input_ids: &Tensor<2, Int>,
        attention_mask: Option<&Tensor<2, Int>>,
    ) -> Result<(), Error> {
        let fail =
            |name, found: String, expected: String| Err(Error::Input { name, found, expected });
        let [n, l] = input_ids.dims();
        if n == 0 || l == 0 {
            let expected = "[N, L] with at least one token".to_owned();
            return fail("input_ids", format!("of shape {:?}", [n, l]), expected);
        }
        let tokens = self.config.vocab_size;
        let ids = input_ids.clone().into_data().try_into_vec_as::<i64>().unwrap_or_default();
        if let Some(id) = ids.into_iter().find(|&id| id < 0 || id as usize >= tokens) {
            return fail("input_ids", id.to_string(), format!("a token from 0 to {}", tokens - 1));
        }
        match attention_mask.map(Tensor::dims).filter(|shape| *shape != [n, l]) {
            Some(shape) => fail(
                "attention_mask",
                format!("of shape {shape:?}"),
                format!("a number for each token, [{n}, {l}],"),
            ),
            None => Ok(()),
        }
    }
}
