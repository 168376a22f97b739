//! A component's folder as a network: its configuration decides what is built, its weights fill it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use burn::tensor::{Bytes, DType, Device};
use half::vec::HalfBitsVecExt;
use langevin_kernels::MappedFile;
use langevin_nn::params::Values;
use langevin_nn::{Configuration, Init, params};
use langevin_weights::folder::Component;
use langevin_weights::{Dtype, Weights};

use crate::{Error, Result};

/// How a network holds its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// In single precision, as training needs it.
    Single,
    /// As the file stores them, in 16 bits where it does; computed with in single precision. They stay in the file, which
    /// is mapped into memory, wherever its bytes can be used as they lie.
    AsStored,
}

/// A network of so many numbers is built whatever its files hold; a larger one only where they hold a tenth of it, so
/// that a configuration alone cannot ask for more memory than there is.
const ROOM: usize = 1 << 26;

/// Builds a component's network and reads its weights, one tensor after the other.
///
/// # Errors
/// Where the configuration is not one of this kind, a tensor is missing, misshapen or left over, or a file is damaged.
pub fn load_component<C: Configuration>(
    component: &Component,
    holding: Holding,
    device: &Device,
) -> Result<(C, C::Network)> {
    let named = |error: langevin_nn::Error| refused(component, error.to_string());
    let (config, network, weights) = parts::<C>(component, device)?;
    let mut reader = Reader { weights: &weights, holding, maps: HashMap::new() };
    let read = &mut |name: &str| {
        reader.values(name).map_err(|error| langevin_nn::Error::source(name, error))
    };
    let (network, unused) =
        params::load_configured::<C>(network, &shapes(&weights)?, read).map_err(named)?;
    no_place(component, &unused)?;
    Ok((config, network))
}

/// The configuration of a component whose weights fit it by their names and shapes; their numbers are not read.
///
/// # Errors
/// As [`load_component`], but for damage among the numbers.
pub fn check_component<C: Configuration>(component: &Component, device: &Device) -> Result<C> {
    let named = |error: langevin_nn::Error| refused(component, error.to_string());
    let (config, network, weights) = parts::<C>(component, device)?;
    let unused = params::check_configured::<C>(&network, &shapes(&weights)?).map_err(named)?;
    no_place(component, &unused)?;
    Ok(config)
}

fn refused(component: &Component, reason: String) -> Error {
    Error::Component { path: component.folder().to_owned(), reason }
}

/// The configuration, its network without numbers, and the weights.
fn parts<C: Configuration>(
    component: &Component,
    device: &Device,
) -> Result<(C, C::Network, Weights)> {
    let named = |error: langevin_nn::Error| refused(component, error.to_string());
    let config = C::from_json(component.config().values()).map_err(named)?;
    let weights = component.weights()?;
    let held: usize =
        shapes(&weights)?.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum();
    let room = held.saturating_mul(10).max(ROOM);
    let uniform = &mut |_: &mut [f32]| {};
    let mut init = Init::unset(device, uniform).within(room);
    let network = config.init(&mut init).map_err(named)?;
    if init.exceeded() {
        return Err(refused(
            component,
            format!(
                "the configuration describes a network of more than {room} numbers, but the weights hold {held}"
            ),
        ));
    }
    Ok((config, network, weights))
}

fn shapes(weights: &Weights) -> Result<Vec<(String, Vec<usize>)>> {
    let names = weights.names();
    names.map(|name| Ok((name.to_owned(), weights.shape(name)?.to_vec()))).collect()
}

fn no_place(component: &Component, unused: &[String]) -> Result<()> {
    let Some(name) = unused.first() else { return Ok(()) };
    let count = unused.len();
    Err(refused(
        component,
        format!(
            "the weights hold {count} tensors that the configuration has no place for, the first is {name}"
        ),
    ))
}

/// Reads the tensors of a component, or finds them in its mapped files.
struct Reader<'a> {
    weights: &'a Weights,
    holding: Holding,
    /// The files mapped so far, by their number; none for those that cannot be.
    maps: HashMap<usize, Option<MappedFile>>,
}

impl Reader<'_> {
    fn values(&mut self, name: &str) -> langevin_weights::Result<Values> {
        let weights = self.weights;
        let dtype = weights.dtype(name)?;
        let stored = match (self.holding, dtype) {
            (Holding::AsStored, Dtype::F32) => DType::F32,
            (Holding::AsStored, Dtype::F16) => DType::F16,
            (Holding::AsStored, Dtype::BF16) => DType::BF16,
            _ => return Ok(Values::F32(weights.f32(name)?)),
        };
        if let Some(bytes) = self.in_place(name, stored)? {
            weights.look_over(name, &bytes)?;
            return Ok(Values::InPlace(bytes, stored));
        }
        Ok(match stored {
            DType::F16 => Values::F16(weights.bits16(name)?.reinterpret_into()),
            DType::BF16 => Values::BF16(weights.bits16(name)?.reinterpret_into()),
            _ => Values::F32(weights.f32(name)?),
        })
    }

    fn in_place(&mut self, name: &str, dtype: DType) -> langevin_weights::Result<Option<Bytes>> {
        let Some((file, extent)) = self.weights.extent(name)? else { return Ok(None) };
        let map = match self.maps.entry(file) {
            Entry::Occupied(map) => map.into_mut(),
            Entry::Vacant(place) => {
                let handle = self.weights.files()[file].handle()?;
                place.insert(MappedFile::new(&handle).ok())
            }
        };
        Ok(map.as_ref().and_then(|map| map.numbers(extent, dtype)))
    }
}
