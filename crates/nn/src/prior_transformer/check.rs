//! What the inputs of a [`PriorTransformer`] must satisfy.

use super::{PriorInputs, PriorTransformer};
use crate::Error;

impl PriorTransformer {
    /// Tells whether [`PriorTransformer::forward`] accepts these inputs.
    ///
    /// # Errors
    /// [`Error::Input`] names the input that does not fit.
    pub fn check_inputs(&self, inputs: &PriorInputs) -> Result<(), Error> {
        let config = self.config();
        let [n, samples, width] = inputs.sample.dims();
        let wide = config.embedding_dim;
        if n == 0 || samples == 0 || width != wide {
            return refuse("sample", &[n, samples, width], format!("[N, S, {wide}]"));
        }
        let times = inputs.timestep.dims();
        if times != [n] && times != [1] {
            return refuse("timestep", &times, format!("one number for each of {n} embeddings"));
        }
        let caption = inputs.proj_embedding.dims();
        if caption != [n, config.proj_dim()] {
            let expected = format!("[{n}, {}]", config.proj_dim());
            return refuse("proj_embedding", &caption, expected);
        }
        let tokens = match (&inputs.encoder_hidden_states, &self.encoder_hidden_states_proj) {
            (None, None) => 0,
            (None, Some(_)) => {
                let expected = "the tokens of the caption".to_owned();
                let (name, found) = ("encoder_hidden_states", "missing".to_owned());
                return Err(Error::Input { name, found, expected });
            }
            (Some(states), map) => {
                let width = if map.is_some() { wide } else { config.inner_dim() };
                let [batch, tokens, found] = states.dims();
                if [batch, found] != [n, width] || tokens == 0 {
                    let expected = format!("[{n}, L, {width}]");
                    return refuse("encoder_hidden_states", &[batch, tokens, found], expected);
                }
                tokens
            }
        };
        let reader = usize::from(self.prd_embedding.is_some());
        let (length, places) = (tokens + 2 + samples + reader, config.positions());
        if places != length && places != samples {
            let (name, found, expected) = if tokens > 0 {
                let most = places.saturating_sub(2 + samples + reader);
                (
                    "encoder_hidden_states",
                    format!("{tokens} tokens long"),
                    format!("{most} of them"),
                )
            } else {
                ("sample", format!("{samples} tokens long"), format!("{places} of them"))
            };
            return Err(Error::Input { name, found, expected });
        }
        match inputs.attention_mask.as_ref().map(|mask| mask.dims()) {
            Some(_) if places != length => {
                let (name, found) = ("attention_mask", "given".to_owned());
                let expected = format!("none, since {length} tokens have {places} places,");
                Err(Error::Input { name, found, expected })
            }
            Some(shape) if shape != [n, config.num_embeddings] => {
                refuse("attention_mask", &shape, format!("[{n}, {}]", config.num_embeddings))
            }
            _ => Ok(()),
        }
    }
}

fn refuse(name: &'static str, shape: &[usize], expected: String) -> Result<(), Error> {
    Err(Error::Input { name, found: format!("of shape {shape:?}"), expected })
}
