//! CLIP's text encoder, as transformers and as OpenCLIP name it.

use serde_json::{Map, Value, json};

use super::keys::Keys;
use super::rules::{Link, Rules};
use crate::Result;

/// The most layers that are looked for.
const MOST_LAYERS: usize = 256;

/// The parts of one of OpenCLIP's layers that are not those of its attention's inputs.
const LAYER: [(&str, &str); 5] = [
    ("ln_1.", "layer_norm1."),
    ("ln_2.", "layer_norm2."),
    ("mlp.c_fc.", "mlp.fc1."),
    ("mlp.c_proj.", "mlp.fc2."),
    ("attn.out_proj.", "self_attn.out_proj."),
];

/// Whose names and settings a text encoder has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clip {
    /// transformers' names, OpenAI's settings.
    OpenAi,
    /// transformers' names and OpenAI's settings, with the projection of the pooled text.
    OpenAiProjected,
    /// OpenCLIP's names and settings; the projection is not used.
    Laion,
    /// OpenCLIP's names and settings, with the projection of the pooled text.
    LaionProjected,
    /// transformers' names and OpenCLIP's settings, with the projection of the pooled text.
    RenamedProjected,
}

impl Clip {
    /// The class of transformers.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::OpenAi | Self::Laion => "CLIPTextModel",
            _ => "CLIPTextModelWithProjection",
        }
    }

    fn is_named_by_open_clip(self) -> bool {
        matches!(self, Self::Laion | Self::LaionProjected)
    }
}

/// The names of a text encoder of so many layers.
pub(super) fn rules(clip: Clip, layers: usize) -> Rules {
    let mut rules = Rules::default();
    if !clip.is_named_by_open_clip() {
        rules.same("text_model.", "text_model.");
        rules.same("text_projection.", "text_projection.");
        return rules;
    }
    rules.same("token_embedding.weight", "text_model.embeddings.token_embedding.weight");
    rules.same("positional_embedding", "text_model.embeddings.position_embedding.weight");
    rules.same("ln_final.", "text_model.final_layer_norm.");
    if clip == Clip::LaionProjected {
        rules.add("text_projection", "text_projection.weight", Link::Transposed);
    }
    for layer in 0..layers.min(MOST_LAYERS) {
        let theirs = format!("transformer.resblocks.{layer}.");
        let ours = format!("text_model.encoder.layers.{layer}.");
        rules.within(&theirs, &ours, &LAYER);
        for (part, name) in ["q_proj", "k_proj", "v_proj"].into_iter().enumerate() {
            for kind in ["weight", "bias"] {
                rules.add(
                    format!("{theirs}attn.in_proj_{kind}"),
                    format!("{ours}self_attn.{name}.{kind}"),
                    Link::Part(part, 3),
                );
            }
        }
    }
    rules
}

/// The configuration of a text encoder of these shapes.
pub(super) fn config(clip: Clip, keys: Keys<'_>) -> Result<Map<String, Value>> {
    let open = clip.is_named_by_open_clip();
    let [tokens, positions, wide] = if open {
        [
            "token_embedding.weight",
            "positional_embedding",
            "transformer.resblocks.0.mlp.c_fc.weight",
        ]
    } else {
        [
            "text_model.embeddings.token_embedding.weight",
            "text_model.embeddings.position_embedding.weight",
            "text_model.encoder.layers.0.mlp.fc1.weight",
        ]
    };
    let mut layers = keys.count(|layer| {
        if open {
            format!("transformer.resblocks.{layer}.ln_1.weight")
        } else {
            format!("text_model.encoder.layers.{layer}.layer_norm1.weight")
        }
    });
    // Stable Diffusion 2 does without the last of the 24 layers, and so do folders of it.
    if clip == Clip::Laion && layers == 24 {
        layers = 23;
    }
    let width = keys.extent(tokens, 1)?;
    let projection = match clip {
        Clip::OpenAi => Some(width),
        // As the folders of Stable Diffusion 2 say, where nothing is projected.
        Clip::Laion => Some(512),
        Clip::LaionProjected => Some(keys.extent("text_projection", 1)?),
        _ => keys.shape("text_projection.weight").and_then(|shape| shape.first().copied()),
    };
    let quick = matches!(clip, Clip::OpenAi | Clip::OpenAiProjected);
    let config = json!({
        "architectures": [clip.class()],
        "attention_dropout": 0.0,
        "bos_token_id": 0,
        "dropout": 0.0,
        "eos_token_id": 2,
        "hidden_act": if quick { "quick_gelu" } else { "gelu" },
        "hidden_size": width,
        "initializer_factor": 1.0,
        "initializer_range": 0.02,
        "intermediate_size": keys.extent(wide, 0)?,
        "layer_norm_eps": 1e-5,
        "max_position_embeddings": keys.extent(positions, 0)?,
        "model_type": "clip_text_model",
        "num_attention_heads": (width / 64).max(1),
        "num_hidden_layers": layers,
        "pad_token_id": 1,
        "projection_dim": projection.unwrap_or(width),
        "vocab_size": keys.extent(tokens, 0)?,
    });
    match config {
        Value::Object(config) => Ok(config),
        _ => Ok(Map::new()),
    }
}

/// How many layers a configuration says there are.
pub(super) fn layers(config: &Map<String, Value>) -> usize {
    let layers = config.get("num_hidden_layers").and_then(Value::as_u64);
    layers.unwrap_or(12).min(MOST_LAYERS as u64) as usize
}
