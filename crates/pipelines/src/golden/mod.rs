//! Networks on recorded inputs: a recording holds the inputs by name and the `output`.

mod autoencoder;
mod encoder;
mod inputs;
mod transformer;
mod u_net;

use burn::tensor::{Device, Tensor};
use langevin_nn::{
    CLIPTextConfig, CLIPVisionConfig, Configuration, DiTConfig, FluxConfig, PriorTransformerConfig,
    SD3Config, T5Config, UNet2DConditionConfig, UNet2DConfig,
};
use langevin_weights::folder::Component;

use crate::{Error, Result, class_of};
pub use inputs::Inputs;

/// What a network made of recorded inputs.
#[derive(Clone, Debug)]
pub struct Output {
    /// The shape of the values.
    pub shape: Vec<usize>,
    /// The values, row by row.
    pub values: Vec<f32>,
}

impl Output {
    /// The output as it is compared.
    ///
    /// # Errors
    /// Where the tensor cannot be read back.
    pub fn of<const D: usize>(tensor: Tensor<D>) -> Result<Self> {
        let shape = tensor.dims().to_vec();
        let values = tensor.into_data().try_into_vec::<f32>();
        Ok(Self { shape, values: values.map_err(|error| Error::Tensor(format!("{error:?}")))? })
    }
}

type Run = fn(&Component, &Inputs<'_>, &Device) -> Result<Output>;

/// The classes that are run, each with how.
const CLASSES: &[(&[&str], Run)] = &[
    (UNet2DConfig::CLASS_NAMES, u_net::unconditional),
    (UNet2DConditionConfig::CLASS_NAMES, u_net::conditional),
    (autoencoder::KL, autoencoder::kl),
    (autoencoder::TINY, autoencoder::tiny),
    (autoencoder::VQ, autoencoder::vq),
    (CLIPTextConfig::CLASS_NAMES, encoder::clip_text),
    (CLIPVisionConfig::CLASS_NAMES, encoder::clip_vision),
    (T5Config::CLASS_NAMES, encoder::t5),
    (DiTConfig::CLASS_NAMES, transformer::dit),
    (SD3Config::CLASS_NAMES, transformer::sd3),
    (FluxConfig::CLASS_NAMES, transformer::flux),
    (PriorTransformerConfig::CLASS_NAMES, transformer::prior),
];

/// Whether a network of this class is run.
pub fn runs(class: &str) -> bool {
    CLASSES.iter().any(|(names, _)| names.contains(&class))
}

/// The output of a component's network for recorded inputs.
///
/// # Errors
/// Where the class is not run, the weights do not fit it, or the inputs are missing or do not fit.
pub fn run(component: &Component, inputs: &Inputs<'_>, device: &Device) -> Result<Output> {
    let class = class_of(component).unwrap_or("none");
    match CLASSES.iter().find(|(names, _)| names.contains(&class)) {
        Some((_, run)) => run(component, inputs, device),
        None => {
            let names: Vec<&str> = CLASSES.iter().flat_map(|(names, _)| *names).copied().collect();
            Err(Error::Class {
                path: component.folder().to_owned(),
                class: class.to_owned(),
                known: names.join(", "),
            })
        }
    }
}
