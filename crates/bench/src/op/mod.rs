//! The operations that dominate diffusion networks, forward alone (`-fwd`) and with the gradients of inputs, weights and
//! bias for a gradient of ones (`-bwd`).
//!
//! A name is `op/FAMILY-SHAPE-DIRECTION`. The peer script builds its side from the name alone: a new shape of a known
//! family is one line here, a new family one file here and one function there.

mod attention;
mod conv2d;
mod group_norm_silu;
mod inputs;
mod linear;

use burn::tensor::{Device, Tensor};

use crate::work::Work;
use crate::{Cost, Group, Row};
use inputs::Inputs;

/// The matrix product that all rates are compared with.
pub(crate) const REFERENCE: &str = "op/matmul-1024-fwd";

/// Every operation, the reference first.
pub(crate) fn rows() -> Vec<Row> {
    let operations = [
        linear::matmul(1024),
        linear::linear([1024, 1024, 1024]),
        conv2d::conv3x3([16, 128, 32]),
        conv2d::conv3x3([64, 64, 28]),
        conv2d::conv3x3([2, 320, 64]),
        conv2d::conv3x3([64, 32, 32]),
        conv2d::conv3x3([8, 256, 16]),
        conv2d::conv3x3([2, 1280, 16]),
        conv2d::conv3x3s2([16, 128, 32]),
        conv2d::conv1x1([16, 256, 16]),
        attention::attention([2, 8, 1024, 64]),
        attention::attention([2, 8, 4096, 40]),
        group_norm_silu::group_norm_silu([16, 128, 32]),
    ];
    operations.into_iter().flatten().collect()
}

/// The two rows of an operation: `make` draws what it works on and returns the operation.
/// `both` is the cost of forward and backward as a multiple of `forward`.
fn operation<const D: usize, F>(
    family: &str,
    shape: &[usize],
    forward: Cost,
    both: f64,
    make: impl Fn(&mut Inputs) -> F + Copy + 'static,
) -> [Row; 2]
where
    F: Fn() -> Tensor<D> + 'static,
{
    let shape: Vec<String> = shape.iter().map(ToString::to_string).collect();
    let name = format!("op/{family}-{}", shape.join("x"));
    let fwd = row(format!("{name}-fwd"), forward, move |device: &Device| {
        let operation = make(&mut Inputs::constant(device));
        Box::new(move || drop(operation()))
    });
    let bwd = row(format!("{name}-bwd"), forward.times(both), move |device: &Device| {
        let operation = make(&mut Inputs::tracked(device));
        // Of a tensor of any shape Burn takes the gradient for a gradient of ones.
        Box::new(move || drop(operation().backward()))
    });
    [fwd, bwd]
}

fn row(name: String, cost: Cost, set_up: impl Fn(&Device) -> Box<dyn FnMut()> + 'static) -> Row {
    Row {
        name,
        group: Group::Ops,
        cost: Some(cost),
        same_network: false,
        build: Box::new(move |device| {
            let mut run = set_up(device);
            let run = Box::new(move || {
                run();
                Ok(())
            });
            Ok(Work { parameters: None, run })
        }),
    }
}
