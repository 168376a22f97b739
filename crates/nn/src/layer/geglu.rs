//! GEGLU (Shazeer 2020, eq. 6) as diffusers' layer of that name: one linear map to twice the width, `(value, gate)`, and
//! `value · gelu(gate)`; the map's parameters are called `proj`.

use super::Linear;
use crate::Init;
use burn::module::Module;
use burn::tensor::Tensor;

/// A gated linear map with its parameters.
#[derive(Module, Debug)]
pub struct Geglu {
    /// To values, then gates.
    pub proj: Linear,
}

impl Geglu {
    /// A map from `inputs` to `outputs` numbers, initialised as PyTorch does.
    pub fn new(init: &mut Init<'_>, inputs: usize, outputs: usize) -> Self {
        Self { proj: Linear::new(init, inputs, 2 * outputs) }
    }

    /// Maps `x [.., inputs]` to `[.., outputs]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        langevin_kernels::geglu(self.proj.forward(x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params;
    use burn::module::Param;
    use burn::tensor::Device;

    #[test]
    fn the_gate_is_the_second_half() {
        let device = Device::flex();
        let mut half = |out: &mut [f32]| out.fill(0.5);
        let mut layer = Geglu::new(&mut Init::new(&device, &mut half), 1, 2);
        let names: Vec<_> = params::list(&layer).into_iter().map(|p| p.name).collect();
        assert_eq!(names, ["proj.weight", "proj.bias"]);
        let weight = Tensor::from_floats([[1.0], [2.0], [3.0], [4.0]], &device);
        let bias = Tensor::from_floats([0.5, 0.5, -2.0, -6.0], &device);
        layer.proj.weight = Param::from_tensor(weight);
        layer.proj.bias = Some(Param::from_tensor(bias));
        let y = layer.forward(Tensor::<2>::from_floats([[1.0]], &device));
        // Values 1.5 and 2.5, gates 1 and −2.
        let y = y.into_data().try_to_vec::<f32>().unwrap();
        let want = [1.5 * 0.841_344_8, 2.5 * -2.0 * 0.022_750_132];
        assert!(y.iter().zip(want).all(|(y, want): (&f32, f32)| (y - want).abs() < 1e-6), "{y:?}");
    }
}
