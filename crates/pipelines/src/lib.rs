//! Folders of diffusers as pipelines: components by `model_index.json`, networks by the class that their configuration
//! names, and the loop that joins them.
//!
//! [`load`] builds one network from its folder; [`golden`] runs any network on recorded inputs; [`text_to_image`]
//! opens any pipeline that draws pictures from prompts: [`StableDiffusion`], [`StableDiffusion3`], [`Flux`].

mod error;
pub mod flux;
pub mod golden;
mod job;
mod load;
mod noise;
mod sampling;
pub mod stable_diffusion;
pub mod stable_diffusion_3;
pub mod text;
mod text_to_image;

pub use error::{Error, Result};
pub use flux::Flux;
pub use job::{Job, Progress, Samples};
pub use load::{class_of, load};
pub use stable_diffusion::StableDiffusion;
pub use stable_diffusion_3::StableDiffusion3;
pub use text_to_image::{TextToImage, classes_from_text, draws_from_text, text_to_image};
