//! Which model a file holds, told by its tensors' names.

use super::clip::Clip;
use super::network::Network;
use crate::TensorFile;

/// A kind of model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    StableDiffusion1,
    StableDiffusion2,
    Xl,
    XlRefiner,
    StableDiffusion3,
    Flux,
}

/// A component of a kind of model.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Its name in a folder.
    pub(super) part: &'static str,
    /// The prefix of its tensors in the file, the first of these that there is.
    pub(super) prefixes: &'static [&'static str],
    pub(super) network: Network,
}

const DENOISER: &[&str] = &["model.diffusion_model."];

const fn place(part: &'static str, prefixes: &'static [&'static str], network: Network) -> Place {
    Place { part, prefixes, network }
}

const UNET: Place = place("unet", DENOISER, Network::UNet);
const VAE: Place = place("vae", &["first_stage_model.", "vae."], Network::Autoencoder);
const CLIP_G: &[&str] = &["text_encoders.clip_g.transformer."];
const CLIP_L: &[&str] = &["text_encoders.clip_l.transformer."];
const T5: &[&str] = &["text_encoders.t5xxl.transformer."];

impl Kind {
    /// Its components.
    pub(super) fn places(self) -> &'static [Place] {
        use Network::Clip as Text;
        const OPEN_AI: Network = Text(Clip::OpenAi);
        const PROJECTED: Network = Text(Clip::LaionProjected);
        const SD_1: &[Place] =
            &[UNET, VAE, place("text_encoder", &["cond_stage_model.transformer."], OPEN_AI)];
        const SD_2: &[Place] =
            &[UNET, VAE, place("text_encoder", &["cond_stage_model.model."], Text(Clip::Laion))];
        const XL: &[Place] = &[
            UNET,
            VAE,
            place("text_encoder", &["conditioner.embedders.0.transformer."], OPEN_AI),
            place("text_encoder_2", &["conditioner.embedders.1.model."], PROJECTED),
        ];
        const REFINER: &[Place] =
            &[UNET, VAE, place("text_encoder_2", &["conditioner.embedders.0.model."], PROJECTED)];
        const SD_3: &[Place] = &[
            place("transformer", DENOISER, Network::StableDiffusion3),
            VAE,
            place("text_encoder", CLIP_L, Text(Clip::OpenAiProjected)),
            place("text_encoder_2", CLIP_G, Text(Clip::RenamedProjected)),
            place("text_encoder_3", T5, Network::T5),
        ];
        const FLUX: &[Place] = &[
            place("transformer", DENOISER, Network::Flux),
            VAE,
            place("text_encoder", CLIP_L, OPEN_AI),
            place("text_encoder_2", T5, Network::T5),
        ];
        match self {
            Self::StableDiffusion1 => SD_1,
            Self::StableDiffusion2 => SD_2,
            Self::Xl => XL,
            Self::XlRefiner => REFINER,
            Self::StableDiffusion3 => SD_3,
            Self::Flux => FLUX,
        }
    }

    /// Pixels along a side of the pictures it was trained on.
    pub(super) fn size(self) -> usize {
        match self {
            Self::StableDiffusion1 => 512,
            Self::StableDiffusion2 => 768,
            _ => 1024,
        }
    }

    /// The kind of a file that holds a denoiser among other networks, if it is a known one.
    pub(super) fn of(file: &TensorFile) -> Option<Self> {
        let has = |prefix: &str| any(file, prefix);
        // Their transformer may be there alone, under the same names.
        let others = || ["first_stage_model.", "vae.", "text_encoders."].into_iter().any(has);
        if has("model.diffusion_model.joint_blocks.") {
            return others().then_some(Self::StableDiffusion3);
        }
        if has("model.diffusion_model.double_blocks.") {
            return others().then_some(Self::Flux);
        }
        if !has("model.diffusion_model.input_blocks.") {
            return None;
        }
        if has("conditioner.embedders.1.model.") {
            return Some(Self::Xl);
        }
        if has("conditioner.embedders.0.model.") {
            return Some(Self::XlRefiner);
        }
        if has("cond_stage_model.model.") {
            return Some(Self::StableDiffusion2);
        }
        has("cond_stage_model.transformer.").then_some(Self::StableDiffusion1)
    }
}

/// The network that a file holds alone, and the prefix of its tensors.
pub(super) fn alone(file: &TensorFile) -> Option<(&'static str, Network)> {
    const MARKS: [(&str, Network); 4] = [
        ("input_blocks.0.0.weight", Network::UNet),
        ("joint_blocks.0.x_block.attn.qkv.weight", Network::StableDiffusion3),
        ("double_blocks.0.img_attn.qkv.weight", Network::Flux),
        ("encoder.down.0.block.0.conv1.weight", Network::Autoencoder),
    ];
    for prefix in ["", "model.diffusion_model.", "first_stage_model.", "vae."] {
        for (mark, network) in MARKS {
            if file.contains(&format!("{prefix}{mark}")) {
                return Some((prefix, network));
            }
        }
    }
    None
}

/// Whether a tensor's name starts with `prefix`.
pub(super) fn any(file: &TensorFile, prefix: &str) -> bool {
    file.names().any(|name| name.starts_with(prefix))
}
