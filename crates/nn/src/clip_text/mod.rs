//! `CLIPTextModel` and `CLIPTextModelWithProjection` of transformers: the text encoder of CLIP (Radford et al. 2021) that
//! most text-to-image models read prompts with.

mod config;
mod embeddings;
mod learn;
mod model;
mod output;
mod pooling;

pub use config::CLIPTextConfig;
pub use embeddings::CLIPTextEmbeddings;
pub use model::{CLIPTextModel, CLIPTextTransformer};
pub use output::CLIPTextOutput;
