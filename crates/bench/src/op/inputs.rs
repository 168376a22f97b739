//! Tensors of normal numbers for an operation to work on.

use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::rng::Philox;

/// Purpose of the random stream, in ASCII.
const INPUTS: u64 = u32::from_be_bytes(*b"bnch") as u64;

/// Draws the inputs of one operation in turn.
#[derive(Debug)]
pub(crate) struct Inputs {
    device: Device,
    tracked: bool,
    drawn: u64,
}

impl Inputs {
    /// Inputs without gradients.
    pub(crate) fn constant(device: &Device) -> Self {
        Self { device: device.clone(), tracked: false, drawn: 0 }
    }

    /// Inputs that the operation is differentiated by.
    pub(crate) fn tracked(device: &Device) -> Self {
        Self { device: device.clone().autodiff(), tracked: true, drawn: 0 }
    }

    /// The next tensor.
    pub(crate) fn normal<const D: usize>(&mut self, shape: [usize; D]) -> Tensor<D> {
        let mut values = vec![0.0; shape.iter().product()];
        Philox::new(0, INPUTS, self.drawn).fill_normal(&mut values);
        self.drawn += 1;
        let tensor = Tensor::from_data(TensorData::new(values, shape), &self.device);
        if self.tracked { tensor.require_grad() } else { tensor }
    }
}
