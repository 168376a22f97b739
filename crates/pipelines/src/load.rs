//! A component's folder as a network: the class decides what is built, the files fill it.

use burn::tensor::Device;
use langevin_nn::{Configuration, Init, params};
use langevin_schedulers::Config;
use langevin_weights::folder::{Component, Pipeline};

use crate::{Error, Result};

/// The class that a component's configuration names: `_class_name` of diffusers, or the first of `architectures` of
/// transformers.
pub fn class_of(component: &Component) -> Option<&str> {
    let values = component.config().values();
    let architecture = || values.get("architectures")?.as_array()?.first()?.as_str();
    component.config().class_name().or_else(architecture)
}

/// Builds a component's network and reads its weights, one tensor after the other.
///
/// # Errors
/// Where the class is another, a tensor is missing, misshapen or left over, or a file is damaged.
pub fn load<C: Configuration>(component: &Component, device: &Device) -> Result<(C, C::Network)> {
    let refused = |reason: String| Error::Component { path: component.folder().to_owned(), reason };
    if let Some(class) = class_of(component)
        && !C::CLASS_NAMES.contains(&class)
    {
        return Err(Error::Class {
            path: component.folder().to_owned(),
            class: class.to_owned(),
            known: C::CLASS_NAMES.join(", "),
        });
    }
    let named = |error: langevin_nn::Error| refused(error.to_string());
    let config = C::from_json(component.config().values()).map_err(named)?;
    let network = config.init(&mut Init::unset(device, &mut |_| {})).map_err(named)?;
    let weights = component.weights(None)?;
    let shapes = weights
        .names()
        .map(|name| Ok((name.to_owned(), weights.shape(name)?.to_vec())))
        .collect::<Result<Vec<_>>>()?;
    let read = &mut |name: &str| {
        weights.f32(name).map_err(|error| langevin_nn::Error::source(name, error))
    };
    let (network, unused) = params::load_configured::<C>(network, &shapes, read).map_err(named)?;
    if let Some(name) = unused.first() {
        let count = unused.len();
        return Err(refused(format!(
            "the weights hold {count} tensors that the configuration has no place for, the first is {name}"
        )));
    }
    Ok((config, network))
}

/// The class of a pipeline, which must be one of `known`.
pub(crate) fn expect_class<'a>(pipeline: &'a Pipeline, known: &[&str]) -> Result<&'a str> {
    let class = pipeline.index().class_name().unwrap_or("none");
    if known.contains(&class) {
        return Ok(class);
    }
    Err(Error::Class {
        path: pipeline.folder().to_owned(),
        class: class.to_owned(),
        known: known.join(", "),
    })
}

/// Whether a pipeline has a component, and does not do without it.
pub(crate) fn has(pipeline: &Pipeline, component: &str) -> bool {
    pipeline.components().any(|(name, class)| name == component && class.is_some())
}

/// The scheduler of a pipeline, whose class must be one of `known`.
pub(crate) fn scheduler(pipeline: &Pipeline, known: &[&str]) -> Result<Config> {
    let component = pipeline.component("scheduler")?;
    let config = Config::new(component.config().clone())?;
    if known.contains(&config.class()) {
        return Ok(config);
    }
    Err(Error::Class {
        path: component.folder().to_owned(),
        class: config.class().to_owned(),
        known: known.join(", "),
    })
}
