//! Reading parameters out of a module.

use super::path::Path;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// What is known of a parameter without its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamInfo {
    /// Name in the state dictionary.
    pub name: String,
    /// Shape in PyTorch's layout.
    pub shape: Vec<usize>,
    /// Whether training may change it; fixed tensors, such as the frequencies of a Fourier embedding, are stored but
    /// must be left alone by optimisers.
    pub trainable: bool,
}

/// Names, shapes and trainability of all parameters, in field order.
pub fn list<M: Module>(module: &M) -> Vec<ParamInfo> {
    let mut lister = Lister::default();
    module.visit(&mut lister);
    lister.found
}

/// Names, shapes and values of all parameters, in field order.
pub fn collect<M: Module>(module: &M) -> Vec<(String, Vec<usize>, Vec<f32>)> {
    let mut collector = Collector::default();
    module.visit(&mut collector);
    collector.found
}

#[derive(Default)]
struct Lister {
    path: Path,
    found: Vec<ParamInfo>,
}

impl ModuleVisitor for Lister {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        // `train` is where Burn turns the stored trainability of a parameter into something that can be asked.
        let trainable = param.clone().train().is_require_grad();
        self.found.push(ParamInfo {
            name: self.path.name(),
            shape: param.dims().to_vec(),
            trainable,
        });
    }
}

#[derive(Default)]
struct Collector {
    path: Path,
    found: Vec<(String, Vec<usize>, Vec<f32>)>,
}

impl ModuleVisitor for Collector {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        self.found.push((self.path.name(), tensor.dims().to_vec(), values(tensor)));
    }
}

/// The values of a tensor in row-major order.
pub(super) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec_as::<f32>().expect("every parameter is a float tensor")
}
