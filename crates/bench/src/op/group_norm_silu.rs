//! Group normalisation of 32 groups with SiLU after it; the shape is batch, channels, side.
//! Forward reads the input and writes the output; backward reads the input and the gradient and writes another.

use langevin_kernels::{Conditioning, GroupNormOptions, group_norm};

use super::operation;
use crate::{Cost, Row};

/// Normalisation, affine map and SiLU.
pub(super) fn group_norm_silu(shape: [usize; 3]) -> [Row; 2] {
    let [n, c, size] = shape;
    let bytes = 2.0 * (size_of::<f32>() * n * c * size * size) as f64;
    operation("groupnorm-silu", &shape, Cost::Bytes(bytes), 2.5, move |inputs| {
        let x = inputs.normal([n, c, size, size]);
        let (weight, bias) = (inputs.normal([c]), inputs.normal([c]));
        let options = GroupNormOptions { groups: 32, eps: 1e-5, silu: true };
        move || {
            let (weight, bias) = (Some(weight.clone()), Some(bias.clone()));
            group_norm(x.clone(), weight, bias, Conditioning::default(), &options)
        }
    })
}
