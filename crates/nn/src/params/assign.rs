//! Writing parameters by their order, as when weights kept elsewhere are put into a network.

use super::path::Path;
use crate::Error;
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};

/// Replaces all parameters by the slices of `values`, given in the order of [`collect`](super::collect).
///
/// # Errors
/// [`Error::Missing`] when the iterator ends early and [`Error::Length`] when a slice does not fill its parameter.
pub fn assign<M: Module>(module: M, values: &mut dyn Iterator<Item = &[f32]>) -> Result<M, Error> {
    let mut writer = Writer { path: Path::default(), values, error: None };
    let module = module.map(&mut writer);
    writer.error.map_or(Ok(module), Err)
}

struct Writer<'a, 'v> {
    path: Path,
    values: &'v mut dyn Iterator<Item = &'a [f32]>,
    error: Option<Error>,
}

impl ModuleMapper for Writer<'_, '_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.error.is_some() {
            return param;
        }
        let expected = param.dims().to_vec();
        match self.values.next() {
            Some(v) if v.len() == expected.iter().product::<usize>() => {
                replace(param, |_| v.to_vec())
            }
            Some(v) => {
                self.error =
                    Some(Error::Length { name: self.path.name(), found: v.len(), expected });
                param
            }
            None => {
                self.error = Some(Error::Missing { name: self.path.name(), expected });
                param
            }
        }
    }
}

/// The same parameter, on its device and as trainable as before, with the values that `new` gives for the old ones;
/// their count must fit.
pub(super) fn replace<const D: usize>(
    param: Param<Tensor<D>>,
    new: impl FnOnce(Tensor<D>) -> Vec<f32>,
) -> Param<Tensor<D>> {
    param.map(|old| {
        let (shape, device, trainable) = (old.dims(), old.device(), old.is_require_grad());
        let new = Tensor::from_data(TensorData::new(new(old.inner()), shape), &device);
        if trainable { new.require_grad() } else { new }
    })
}
