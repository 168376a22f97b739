//! Gradients of a module's parameters.

use super::collect::values;
use super::path::Path;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};

/// Names and gradients of all parameters, in the order of [`collect`](super::collect); zeros where a parameter took no
/// part in the loss. On the CPU the numbers are moved out of `gradients`, not copied.
pub fn gradients<M: Module>(module: &M, gradients: Gradients) -> Vec<(String, Vec<f32>)> {
    let mut reader = Reader { path: Path::default(), gradients, found: Vec::new() };
    module.visit(&mut reader);
    reader.found
}

struct Reader {
    path: Path,
    gradients: Gradients,
    found: Vec<(String, Vec<f32>)>,
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let gradient = match param.val().grad_remove(&mut self.gradients) {
            Some(gradient) => values(gradient),
            None => vec![0.0; param.dims().iter().product()],
        };
        self.found.push((self.path.name(), gradient));
    }
}
