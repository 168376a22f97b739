//! Folders of diffusers as pipelines: components by `model_index.json`, networks by the class that their configuration
//! names, and the loop that joins them.
//!
//! [`load`] builds one network from its folder; [`golden`] runs any network on recorded inputs; [`StableDiffusion`] draws
//! pictures from prompts, [`LatentDiffusion`] of classes or of what it has learnt.

mod course;
mod error;
pub mod golden;
pub mod latent_diffusion;
mod load;
mod noise;
pub mod stable_diffusion;
pub mod text;

pub use error::{Error, Result};
pub use latent_diffusion::LatentDiffusion;
pub use load::{class_of, load};
pub use stable_diffusion::StableDiffusion;
