//! Folders of diffusers as pipelines: components by `model_index.json`, networks by the class that their configuration
//! names, and the loop that joins them.
//!
//! [`load`] builds one network from its folder; [`golden`] runs any network on recorded inputs; [`text_to_image`]
//! opens any pipeline that draws pictures from prompts: [`StableDiffusion`], [`StableDiffusion3`], [`Flux`]; [`LatentDiffusion`]
//! draws pictures of classes, or of what it has learnt.

mod clip_picture;
mod course;
mod error;
pub mod flux;
pub mod golden;
mod init;
mod job;
mod known;
pub mod latent_diffusion;
mod load;
mod merge;
mod on_demand;
mod preview;
mod sampling;
mod seen;
pub mod stable_diffusion;
pub mod stable_diffusion_3;
pub mod text;
mod text_to_image;

/// The classes of all pipelines that are run, as `model_index.json` names them.
pub fn pipeline_classes() -> impl Iterator<Item = &'static str> {
    classes_from_text().chain(latent_diffusion::CLASS_NAMES.iter().copied())
}

pub use error::{Error, Result};
pub use flux::Flux;
pub use init::Init;
pub use job::{Decoding, Job, Prepared, Progress, Samples, Task, Usual, Wording};
pub use known::Known;
pub use latent_diffusion::LatentDiffusion;
pub use load::{class_of, load};
pub use merge::{Merge, merge_lora};
pub use on_demand::OnDemand;
pub use preview::{Latents, Preview};
pub use stable_diffusion::StableDiffusion;
pub use stable_diffusion_3::StableDiffusion3;
pub use text_to_image::{
    TextToImage, classes_from_text, draws_from_text, reads_prompts, text_to_image,
};
