//! Layers and networks for diffusion models.
//!
//! A network is a function of a noisy picture, a time and, optionally, a class. It knows no schedule, no prediction
//! type, no loss and no sampler. Names of fields, parameters and configuration keys are those of PyTorch and diffusers,
//! so that `config.json` and a state dictionary mean the same here and there.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use langevin_nn::{Init, NetworkConfig, params};
//!
//! let config = NetworkConfig::from_json(&serde_json::json!({
//!     "_class_name": "LangevinCompactUNet2D", "in_channels": 1, "channels": [16, 24], "num_class_embeds": 11,
//! }))?;
//! let (device, mut seed) = (Device::flex(), 0_u32);
//! let mut uniform = |out: &mut [f32]| out.iter_mut().for_each(|u| {
//!     seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
//!     *u = (seed >> 8) as f32 / (1 << 24) as f32;
//! });
//! let network = config.init(&mut Init::new(&device, &mut uniform))?;
//!
//! let labels = Tensor::from_ints([3, 10], &device);
//! let output = network.forward(Tensor::zeros([2, 1, 28, 28], &device), Tensor::from_floats([10.0, 900.0], &device), Some(labels));
//! assert_eq!(output.dims(), [2, 1, 28, 28]);
//! assert_eq!(params::list(&network)[0].name, "conv_in.weight");
//! # Ok::<(), langevin_nn::Error>(())
//! ```

pub mod autoencoder_kl;
pub mod autoencoder_tiny;
pub mod clip;
pub mod clip_text;
pub mod clip_vision;
pub mod compact_unet_2d;
pub mod dit;
pub mod flux;
pub mod layer;
pub mod params;
pub mod prior_transformer;
pub mod sd3;
pub mod t5_encoder;
pub mod transformer;
pub mod unet_2d;
pub mod unet_2d_condition;
pub mod vq_model;

mod branches;
mod class_labels;
mod config_json;
mod configuration;
mod error;
mod init;
mod network;
mod network_config;
mod sample_size;
mod transformers_keys;

pub use autoencoder_kl::{AutoencoderKL, AutoencoderKLConfig};
pub use autoencoder_tiny::{AutoencoderTiny, AutoencoderTinyConfig};
pub use class_labels::ClassLabels;
pub use clip_text::{CLIPTextConfig, CLIPTextModel, CLIPTextOutput};
pub use clip_vision::{CLIPVisionConfig, CLIPVisionModel, CLIPVisionOutput};
pub use compact_unet_2d::{CompactUNet2D, CompactUNet2DConfig};
pub use configuration::Configuration;
pub use dit::{DiTConfig, DiTTransformer2DModel};
pub use error::Error;
pub use flux::{FluxConfig, FluxInputs, FluxTransformer2DModel};
pub use init::Init;
pub use network::{Network, NetworkInfo};
pub use network_config::NetworkConfig;
pub use prior_transformer::{PriorInputs, PriorTransformer, PriorTransformerConfig};
pub use sample_size::SampleSize;
pub use sd3::{SD3Config, SD3Inputs, SD3Transformer2DModel};
pub use t5_encoder::{T5Config, T5EncoderModel};
pub use unet_2d::{UNet2DConfig, UNet2DModel};
pub use unet_2d_condition::{Conditions, UNet2DConditionConfig, UNet2DConditionModel};
pub use vq_model::{VQModel, VQModelConfig};
