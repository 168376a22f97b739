//! The networks that checkpoints hold: the class, configuration and names of each.

use serde_json::{Map, Value};

use super::clip::{self, Clip};
use super::keys::Keys;
use super::kind::Kind;
use super::rules::Rules;
use super::{flux, sd3, settings, t5, unet, vae};
use crate::{Edit, Result};

/// A network and how its tensors are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    UNet,
    Autoencoder,
    Clip(Clip),
    T5,
    StableDiffusion3,
    Flux,
}

impl Network {
    /// Its library and class, as `model_index.json` has them.
    pub(super) fn class(self, config: &Map<String, Value>) -> Value {
        let own = config.get("_class_name").and_then(Value::as_str);
        let architecture = || config.get("architectures")?.as_array()?.first()?.as_str();
        let class = own.or_else(architecture).unwrap_or_default();
        let library =
            if matches!(self, Self::Clip(_) | Self::T5) { "transformers" } else { "diffusers" };
        vec![library, class].into()
    }

    /// What it is called in a folder.
    pub(super) fn part(self) -> &'static str {
        match self {
            Self::UNet => "unet",
            Self::Autoencoder => "vae",
            Self::Clip(_) | Self::T5 => "text_encoder",
            Self::StableDiffusion3 | Self::Flux => "transformer",
        }
    }

    /// The configuration that shapes tell, of a model of this kind.
    pub(super) fn config(self, keys: Keys<'_>, kind: Option<Kind>) -> Result<Map<String, Value>> {
        match self {
            Self::UNet => {
                let of_xl = matches!(kind, Some(Kind::Xl | Kind::XlRefiner));
                unet::config(keys, kind.map_or(512, Kind::size) / 8, of_xl)
            }
            Self::Autoencoder => {
                // Alone, 4 channels are those of Stable Diffusion and 16 those of Flux.
                let wide = keys.extent("decoder.conv_in.weight", 1)? == 16;
                let usual = if wide { Kind::Flux } else { Kind::StableDiffusion1 };
                let kind = kind.unwrap_or(usual);
                vae::config(keys, kind.size(), settings::vae(kind))
            }
            Self::Clip(clip) => clip::config(clip, keys),
            Self::T5 => t5::config(keys),
            Self::StableDiffusion3 => sd3::config(keys),
            Self::Flux => flux::config(keys),
        }
    }

    /// The names of the network with this configuration.
    pub(super) fn rules(self, config: &Map<String, Value>) -> Rules {
        match self {
            Self::UNet => unet::rules(config),
            Self::Autoencoder => vae::rules(config),
            Self::Clip(clip) => clip::rules(clip, clip::layers(config)),
            Self::T5 => t5::rules(),
            Self::StableDiffusion3 => sd3::rules(config),
            Self::Flux => flux::rules(config),
        }
    }

    /// Its tensors under our names, as views of the file's; what no rule names is left out.
    pub(super) fn views(
        self,
        keys: Keys<'_>,
        config: &Map<String, Value>,
    ) -> Vec<(String, String, Edit)> {
        let rules = self.rules(config);
        let mut views = Vec::new();
        for name in keys.names() {
            // Places are numbered, which some files say and no network needs.
            if name.ends_with("position_ids") {
                continue;
            }
            // Older files lack the prefix within the text encoder.
            let named = match self {
                Self::Clip(Clip::OpenAi)
                    if name.starts_with("embeddings.")
                        || name.starts_with("encoder.")
                        || name.starts_with("final_layer_norm.") =>
                {
                    format!("text_model.{name}")
                }
                _ => name.to_owned(),
            };
            let shape = keys.shape(name).unwrap_or_default();
            let ours = rules.ours(&named, shape).into_iter();
            views.extend(ours.map(|(ours, edit)| (ours, keys.stored(name), edit)));
        }
        views
    }
}
