//! The special tokens and the length that a tokenizer's settings name.

use std::path::Path;

use langevin_weights::Config;
use serde_json::Value;

use crate::Result;

/// Special tokens by their text.
#[derive(Clone, Debug)]
pub(super) struct Markers {
    pub(super) start: String,
    pub(super) end: String,
    pub(super) padding: String,
    /// The most tokens.
    pub(super) length: Option<usize>,
}

impl Markers {
    /// These markers, each replaced where the folder's settings name another.
    pub(super) fn or_read(mut self, folder: &Path) -> Result<Self> {
        for name in ["special_tokens_map.json", "tokenizer_config.json"] {
            let path = folder.join(name);
            if !path.exists() {
                continue;
            }
            let config = Config::read(path)?;
            let text = |key: &str| match config.values().get(key)? {
                Value::String(text) => Some(text.clone()),
                // An added token with its settings.
                Value::Object(token) => token.get("content")?.as_str().map(str::to_owned),
                _ => None,
            };
            let fields = [
                ("bos_token", &mut self.start),
                ("eos_token", &mut self.end),
                ("pad_token", &mut self.padding),
            ];
            for (key, field) in fields {
                if let Some(text) = text(key) {
                    *field = text;
                }
            }
            let length = config.values().get("model_max_length").and_then(Value::as_f64);
            self.length = length.map(|most| most as usize).or(self.length);
        }
        Ok(self)
    }
}
