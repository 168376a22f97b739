//! The transformer that the text and the image encoder of CLIP share (Radford et al. 2021, section 2.4): layers of
//! attention and of two linear maps, each behind a layer normalisation and beside a residual.

mod attention;
mod encoder;
mod encoder_config;
mod mlp;

pub use attention::CLIPAttention;
pub use encoder::{CLIPEncoder, CLIPEncoderLayer};
pub use encoder_config::CLIPEncoderConfig;
pub(crate) use encoder_config::{epsilon, range};
pub use mlp::CLIPMLP;

/// Whether a file of one encoder may carry this tensor without use: indices of positions, that older files hold, and
/// the parts of the whole CLIP model that lie outside of `encoder`.
pub(crate) fn left_over(name: &str, encoder: &str) -> bool {
    let position_ids = name.strip_prefix(encoder).unwrap_or(name) == "embeddings.position_ids";
    let elsewhere = ["text_model.", "vision_model.", "text_projection.", "visual_projection."];
    position_ids
        || name == "logit_scale"
        || elsewhere.iter().any(|part| *part != encoder && name.starts_with(part))
}
