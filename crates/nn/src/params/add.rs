//! Adding to parameters by their name, as when a change learnt elsewhere is merged.

use super::path::Path;
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};

/// Gives what is added to a parameter, asked by its name and its shape.
pub type Deltas<'a, E> = dyn FnMut(&str, &[usize]) -> Result<Option<Vec<f32>>, E> + 'a;

/// Adds to every parameter what `delta` gives for its name and shape, asked in field order; nothing where it gives
/// `None`. One parameter after the other is replaced, so no second network is held.
///
/// # Errors
/// The first error of `delta`.
///
/// # Panics
/// When `delta` gives too many or too few numbers.
pub fn add<M: Module, E>(module: M, delta: &mut Deltas<'_, E>) -> Result<M, E> {
    let mut adder = Adder { path: Path::default(), delta, error: None };
    let module = module.map(&mut adder);
    adder.error.map_or(Ok(module), Err)
}

struct Adder<'a, E> {
    path: Path,
    delta: &'a mut Deltas<'a, E>,
    error: Option<E>,
}

impl<E> ModuleMapper for Adder<'_, E> {
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
        let shape = param.dims();
        match (self.delta)(&self.path.name(), &shape) {
            Ok(None) => param,
            Ok(Some(values)) => param.map(|old| {
                let (device, trainable) = (old.device(), old.is_require_grad());
                let delta = Tensor::from_data(TensorData::new(values, shape), &device);
                let sum = old.inner() + delta;
                if trainable { sum.require_grad() } else { sum }
            }),
            Err(error) => {
                self.error = Some(error);
                param
            }
        }
    }
}
