//! `CLIPVisionModel` and `CLIPVisionModelWithProjection` of transformers: the image encoder of CLIP (Radford et al. 2021),
//! a vision transformer (Dosovitskiy et al. 2021).

mod config;
mod embeddings;
mod model;

pub use config::CLIPVisionConfig;
pub use embeddings::CLIPVisionEmbeddings;
pub use model::{CLIPVisionModel, CLIPVisionOutput, CLIPVisionTransformer};
