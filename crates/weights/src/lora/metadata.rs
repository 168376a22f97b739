//! What diffusers writes beside its LoRA tensors: the adapter's settings as JSON under `lora_adapter_metadata`.

use serde_json::{Map, Value};

use super::Part;
use crate::{Error, Result, Weights, json};

/// The key in a safetensors file's metadata.
const KEY: &str = "lora_adapter_metadata";

/// The settings of each network's adapter; empty where the file says nothing.
#[derive(Debug)]
pub(super) struct Adapters(Map<String, Value>);

impl Adapters {
    /// Reads the settings of the first file.
    pub(super) fn read(weights: &Weights) -> Result<Self> {
        let Some(text) = weights.files().first().and_then(|file| file.metadata().get(KEY)) else {
            return Ok(Self(Map::new()));
        };
        let root = json::parse(weights.path(), text.as_bytes(), text.len() as u64)?;
        let found = Self(root.as_object().cloned().unwrap_or_default());
        let dora = found
            .0
            .iter()
            .find(|(key, value)| key.ends_with("use_dora") && value.as_bool().unwrap_or(false));
        match dora {
            Some((key, _)) => Err(Error::LoraKind {
                path: weights.path().to_owned(),
                tensor: key.clone(),
                kind: "DoRA",
            }),
            None => Ok(found),
        }
    }

    /// `alpha / rank` of a map, or with rank stabilisation (Kalajdzievski 2023) `alpha / √rank`; 1 where nothing is said.
    pub(super) fn scale(&self, part: Part, name: &str, rank: usize) -> f64 {
        let get = |key: &str| {
            let begins = match part {
                Part::Denoiser => {
                    vec!["unet.".to_owned(), "transformer.".to_owned(), String::new()]
                }
                Part::Text(1) => vec!["text_encoder.".to_owned()],
                Part::Text(n) => vec![format!("text_encoder_{n}.")],
            };
            begins.iter().find_map(|begin| self.0.get(&format!("{begin}{key}")))
        };
        let of_map = get("alpha_pattern").and_then(Value::as_object).and_then(|patterns| {
            let fits = |pattern: &str| {
                let pattern = pattern.trim_start_matches('^');
                name == pattern || name.ends_with(&format!(".{pattern}"))
            };
            patterns.iter().find(|(pattern, _)| fits(pattern)).and_then(|(_, alpha)| alpha.as_f64())
        });
        let alpha = of_map.or_else(|| get("lora_alpha")?.as_f64()).filter(|x| x.is_finite());
        let stabilised = get("use_rslora").and_then(Value::as_bool).unwrap_or(false);
        let rank = rank as f64;
        alpha.map_or(1.0, |alpha| alpha / if stabilised { rank.sqrt() } else { rank })
    }
}
