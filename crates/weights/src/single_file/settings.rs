//! What no tensor tells: the pipeline, its scheduler and the scale of its latents, as the folders of
//! these models have them.

use serde_json::{Map, Value, json};

use super::kind::Kind;
use crate::TensorFile;
use crate::folder::DIFFUSERS_VERSION;

/// Markers of models that were trained otherwise than most of their kind.
const PREDICTS_V: &str = "v_pred";
const ZERO_SNR: &str = "ztsnr";

/// Settings of the autoencoder.
pub(super) fn vae(kind: Kind) -> Map<String, Value> {
    object(match kind {
        Kind::StableDiffusion1 | Kind::StableDiffusion2 => json!({ "scaling_factor": 0.18215 }),
        Kind::Xl | Kind::XlRefiner => json!({ "force_upcast": true, "scaling_factor": 0.13025 }),
        Kind::StableDiffusion3 => {
            json!({ "force_upcast": true, "scaling_factor": 1.5305, "shift_factor": 0.0609 })
        }
        Kind::Flux => {
            json!({ "force_upcast": true, "scaling_factor": 0.3611, "shift_factor": 0.1159 })
        }
    })
}

/// The configuration of the scheduler, and what is worth saying about it.
pub(super) fn scheduler(kind: Kind, file: &TensorFile) -> (Map<String, Value>, Option<String>) {
    let betas = json!({
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "clip_sample": false,
        "num_train_timesteps": 1000,
        "set_alpha_to_one": false,
        "skip_prk_steps": true,
        "steps_offset": 1,
        "trained_betas": null,
    });
    let (class, more, note) = match kind {
        Kind::StableDiffusion1 => ("PNDMScheduler", json!({}), None),
        Kind::StableDiffusion2 => (
            "DDIMScheduler",
            json!({ "prediction_type": "v_prediction" }),
            Some(
                "the file does not say what it predicts: it is taken for Stable Diffusion 2.1, which predicts v",
            ),
        ),
        Kind::Xl | Kind::XlRefiner => (
            "EulerDiscreteScheduler",
            json!({
                "interpolation_type": "linear",
                "prediction_type": "epsilon",
                "sample_max_value": 1.0,
                "timestep_spacing": "leading",
                "use_karras_sigmas": false,
            }),
            None,
        ),
        Kind::StableDiffusion3 => {
            ("FlowMatchEulerDiscreteScheduler", json!({ "shift": 3.0 }), None)
        }
        Kind::Flux => {
            let guided = file.names().any(|name| name.ends_with("guidance_in.in_layer.weight"));
            let shift = if guided { 3.0 } else { 1.0 };
            let more = json!({
                "base_image_seq_len": 256,
                "base_shift": 0.5,
                "max_image_seq_len": 4096,
                "max_shift": 1.15,
                "shift": shift,
                "use_dynamic_shifting": guided,
            });
            ("FlowMatchEulerDiscreteScheduler", more, None)
        }
    };
    let mut config = match kind {
        Kind::StableDiffusion3 | Kind::Flux => json!({ "num_train_timesteps": 1000 }),
        _ => betas,
    };
    config["_class_name"] = class.into();
    let mut config = object(config);
    config.extend(object(more));
    if file.contains(PREDICTS_V) {
        config.insert("prediction_type".to_owned(), "v_prediction".into());
    }
    if file.contains(ZERO_SNR) {
        config.insert("rescale_betas_zero_snr".to_owned(), true.into());
        config.insert("timestep_spacing".to_owned(), "trailing".into());
    }
    (config, note.map(str::to_owned))
}

/// The pipeline's own settings, its class among them, for a denoiser of so many input channels.
pub(super) fn index(kind: Kind, channels: Option<usize>) -> Map<String, Value> {
    let class = match (kind, channels) {
        (Kind::Xl, Some(9)) => "StableDiffusionXLInpaintPipeline",
        (Kind::Xl, _) => "StableDiffusionXLPipeline",
        (Kind::XlRefiner, _) => "StableDiffusionXLImg2ImgPipeline",
        (Kind::StableDiffusion3, _) => "StableDiffusion3Pipeline",
        (Kind::Flux, _) => "FluxPipeline",
        (_, Some(9)) => "StableDiffusionInpaintPipeline",
        (_, Some(8)) => "StableDiffusionInstructPix2PixPipeline",
        _ => "StableDiffusionPipeline",
    };
    let mut index = json!({ "_class_name": class, "_diffusers_version": DIFFUSERS_VERSION });
    match kind {
        Kind::StableDiffusion1 | Kind::StableDiffusion2 => {
            index["feature_extractor"] = json!([null, null]);
            index["requires_safety_checker"] = false.into();
            index["safety_checker"] = json!([null, null]);
        }
        Kind::Xl => index["force_zeros_for_empty_prompt"] = true.into(),
        Kind::XlRefiner => {
            index["force_zeros_for_empty_prompt"] = false.into();
            index["requires_aesthetics_score"] = true.into();
            index["text_encoder"] = json!([null, null]);
            index["tokenizer"] = json!([null, null]);
        }
        Kind::StableDiffusion3 | Kind::Flux => {}
    }
    object(index)
}

/// The token that fills up a prompt, where the tokenizer that is given may be another model's.
pub(super) fn padding(kind: Kind, tokenizer: &str) -> Option<&'static str> {
    match (kind, tokenizer) {
        (Kind::StableDiffusion2, "tokenizer")
        | (Kind::Xl | Kind::XlRefiner | Kind::StableDiffusion3, "tokenizer_2") => Some("!"),
        (_, "tokenizer") => Some("<|endoftext|>"),
        _ => None,
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
