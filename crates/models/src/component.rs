//! A component's folder as a network: its configuration decides what is built, its weights fill it.

use burn::tensor::Device;
use langevin_nn::{Configuration, Init, params};
use langevin_weights::folder::Component;

use crate::{Error, Result};

/// A network of so many numbers is built whatever its files hold; a larger one only where they hold a tenth of it, so
/// that a configuration alone cannot ask for more memory than there is.
const ROOM: usize = 1 << 26;

/// Builds a component's network and reads its weights, one tensor after the other.
///
/// # Errors
/// Where the configuration is not one of this kind, a tensor is missing, misshapen or left over, or a file is damaged.
pub fn load_component<C: Configuration>(
    component: &Component,
    device: &Device,
) -> Result<(C, C::Network)> {
    let refused = |reason: String| Error::Component { path: component.folder().to_owned(), reason };
    let named = |error: langevin_nn::Error| refused(error.to_string());
    let config = C::from_json(component.config().values()).map_err(named)?;
    let weights = component.weights(None)?;
    let shapes = weights
        .names()
        .map(|name| Ok((name.to_owned(), weights.shape(name)?.to_vec())))
        .collect::<Result<Vec<_>>>()?;
    let held: usize = shapes.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum();
    let room = held.saturating_mul(10).max(ROOM);
    let uniform = &mut |_: &mut [f32]| {};
    let mut init = Init::unset(device, uniform).within(room);
    let network = config.init(&mut init).map_err(named)?;
    if init.exceeded() {
        return Err(refused(format!(
            "the configuration describes a network of more than {room} numbers, but the weights hold {held}"
        )));
    }
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
