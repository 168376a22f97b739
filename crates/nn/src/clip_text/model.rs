//! The network: its parts and its forward pass.

use super::{CLIPTextConfig, CLIPTextEmbeddings, CLIPTextOutput, pooling};
use crate::clip::CLIPEncoder;
use crate::layer::{LayerNorm, Linear};
use crate::{Error, Init};
use burn::module::Module;
use burn::tensor::{Int, Tensor};
use langevin_kernels::AttentionMask;

/// The network with its parameters.
#[derive(Module, Debug)]
pub struct CLIPTextModel {
    /// All but the projection.
    pub text_model: CLIPTextTransformer,
    /// From a sequence's state to the space that it shares with pictures.
    pub text_projection: Option<Linear>,
    #[module(skip)]
    pub(super) config: CLIPTextConfig,
}

/// The network without the projection.
#[derive(Module, Debug)]
pub struct CLIPTextTransformer {
    /// Tokens as vectors.
    pub embeddings: CLIPTextEmbeddings,
    /// The layers.
    pub encoder: CLIPEncoder,
    /// Normalisation of the last layer's states.
    pub final_layer_norm: LayerNorm,
}

impl CLIPTextModel {
    /// Builds the network with fresh parameters.
    ///
    /// # Errors
    /// [`Error::Config`] names the key at fault.
    pub fn new(init: &mut Init<'_>, config: &CLIPTextConfig) -> Result<Self, Error> {
        config.check()?;
        let width = config.hidden_size;
        let text_model = CLIPTextTransformer {
            embeddings: CLIPTextEmbeddings::new(init, config),
            encoder: CLIPEncoder::new(init, &config.encoder())?,
            final_layer_norm: LayerNorm::new(init, width, config.layer_norm_eps),
        };
        let projection = config.projection_dim.filter(|_| config.projects());
        let text_projection =
            projection.map(|dim| Linear { bias: None, ..Linear::new(init, width, dim) });
        Ok(Self { text_model, text_projection, config: config.clone() })
    }

    /// What the network was built from.
    pub fn config(&self) -> &CLIPTextConfig {
        &self.config
    }

    /// Reads the tokens `input_ids [N, L]`, each seeing itself and those before it.
    ///
    /// # Panics
    /// When a token or the length is beyond the tables; [`CLIPTextModel::check_inputs`] tells beforehand.
    pub fn forward(&self, input_ids: Tensor<2, Int>) -> CLIPTextOutput {
        let ids = values(&input_ids);
        let [n, l] = input_ids.dims();
        let x = self.text_model.embeddings.forward(input_ids);
        let hidden_states = self.text_model.encoder.forward(x, &AttentionMask::Causal);
        let last = hidden_states.last().expect("the embedded tokens at least").clone();
        let last_hidden_state = self.text_model.final_layer_norm.forward(last);
        let c = last_hidden_state.dims()[2];
        let rows = (0..n).map(|i| {
            let at = pooling::position(&ids[i * l..(i + 1) * l], self.config.eos_token_id);
            last_hidden_state.clone().slice([i..i + 1, at..at + 1, 0..c]).reshape([1, c])
        });
        let pooled: Tensor<2> = Tensor::cat(rows.collect(), 0);
        let text_embeds = self.text_projection.as_ref().map(|map| map.forward(pooled.clone()));
        CLIPTextOutput { hidden_states, last_hidden_state, pooled, text_embeds }
    }

    /// [`CLIPTextModel::forward`] for inputs of unknown origin.
    ///
    /// # Errors
    /// [`Error::Input`] names the input that does not fit.
    pub fn try_forward(&self, input_ids: Tensor<2, Int>) -> Result<CLIPTextOutput, Error> {
        self.check_inputs(&input_ids)?;
        Ok(self.forward(input_ids))
    }

    /// Tells whether [`CLIPTextModel::forward`] accepts these tokens.
    ///
    /// # Errors
    /// [`Error::Input`] names the input that does not fit.
    pub fn check_inputs(&self, input_ids: &Tensor<2, Int>) -> Result<(), Error> {
        let fail = |found: String, expected: String| {
            Err(Error::Input { name: "input_ids", found, expected })
        };
        let ([n, l], most) = (input_ids.dims(), self.config.max_position_embeddings);
        if n == 0 || !(1..=most).contains(&l) {
            let expected = format!("[N, L] with 1 to {most} tokens");
            return fail(format!("of shape {:?}", [n, l]), expected);
        }
        let tokens = self.config.vocab_size;
        match values(input_ids).into_iter().find(|&id| id < 0 || id as usize >= tokens) {
            Some(id) => fail(id.to_string(), format!("a token from 0 to {}", tokens - 1)),
            None => Ok(()),
        }
    }
}

/// The tokens in row-major order.
fn values(ids: &Tensor<2, Int>) -> Vec<i64> {
    ids.clone().into_data().try_into_vec_as::<i64>().unwrap_or_default()
}
