//! A component's folder as a network: the class decides what is built, the files fill it.

use burn::tensor::Device;
use langevin_models::{Holding, load_component};
use langevin_nn::Configuration;
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

/// Builds a component's network, whose class must be one of `C`, and reads its weights.
///
/// # Errors
/// Where the class is another, a tensor is missing, misshapen or left over, or a file is damaged.
pub fn load<C: Configuration>(component: &Component, device: &Device) -> Result<(C, C::Network)> {
    expect_configuration::<C>(component)?;
    Ok(load_component::<C>(component, Holding::AsStored, device)?)
}

/// Makes sure that the class of a component is one of `C`, if it names any.
pub(crate) fn expect_configuration<C: Configuration>(component: &Component) -> Result<()> {
    match class_of(component) {
        Some(class) if !C::CLASS_NAMES.contains(&class) => Err(Error::Class {
            path: component.folder().to_owned(),
            class: class.to_owned(),
            known: C::CLASS_NAMES.join(", "),
        }),
        _ => Ok(()),
    }
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
