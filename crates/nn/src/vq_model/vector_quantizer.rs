//! Rounding of vectors to a codebook (van den Oord et al. 2017, eq. 2): `z ↦ e_k` with `k = argmin_j ‖z − e_j‖²`, found
//! as the least `‖e_j‖² − 2 z·e_j`.

use crate::Init;
use crate::layer::Embedding;
use burn::module::Module;
use burn::tensor::{Int, Tensor};

/// No more numbers than this are held while vectors are compared with codes.
const DISTANCES: usize = 1 << 22;

/// The codebook with its parameter.
#[derive(Module, Debug)]
pub struct VectorQuantizer {
    /// One code per row.
    pub embedding: Embedding,
}

impl VectorQuantizer {
    /// A codebook of `codes` vectors of `dim` numbers, drawn from `U(±1/codes)`.
    pub(super) fn new(init: &mut Init<'_>, codes: usize, dim: usize) -> Self {
        Self { embedding: Embedding { weight: init.fan_in([codes, dim], codes * codes) } }
    }

    /// The indices `[N, H, W]` of the codes nearest to the vectors of `z [N, dim, H, W]`. No gradient enters them.
    ///
    /// Where two codes are equally far but for rounding, PyTorch may choose the other one.
    pub fn nearest(&self, z: Tensor<4>) -> Tensor<3, Int> {
        let [n, dim, h, w] = z.dims();
        let codes = self.embedding.weight.val().detach();
        let squares = codes.clone().square().sum_dim(1).squeeze_dim::<1>(1);
        let factors = codes * -2.0;
        let vectors: Tensor<2> = z.detach().permute([0, 2, 3, 1]).reshape([n * h * w, dim]);
        let (count, at_once) = (n * h * w, (DISTANCES / self.embedding.rows()).max(1));
        let pieces = (0..count).step_by(at_once).map(|start| {
            let piece = vectors.clone().narrow(0, start, at_once.min(count - start));
            let distances = langevin_kernels::linear(piece, factors.clone(), Some(squares.clone()));
            distances.argmin(1)
        });
        Tensor::cat(pieces.collect(), 0).reshape([n, h, w])
    }

    /// The codes `[N, dim, H, W]` of indices `[N, H, W]`, each below the number of codes.
    pub fn codes(&self, indices: Tensor<3, Int>) -> Tensor<4> {
        let [n, h, w] = indices.dims();
        let vectors = self.embedding.forward(indices.reshape([n * h * w]));
        let dim = vectors.dims()[1];
        vectors.reshape([n, h, w, dim]).permute([0, 3, 1, 2])
    }

    /// Rounds the vectors of `z [N, dim, H, W]`; the gradient passes as if nothing were rounded.
    pub fn forward(&self, z: Tensor<4>) -> Tensor<4> {
        let codes = self.codes(self.nearest(z.clone()));
        let step = (codes - z.clone()).detach();
        z + step
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::Param;
    use burn::tensor::Device;

    #[test]
    fn takes_the_nearest_and_passes_gradients() {
        let device = Device::flex().autodiff();
        let table = Tensor::from_floats([[0.0, 0.0], [1.0, 1.0], [1.0, -1.0]], &device);
        let book = VectorQuantizer { embedding: Embedding { weight: Param::from_tensor(table) } };
        let z = Tensor::<4>::from_floats([[[[0.4, 0.9]], [[0.3, -3.0]]]], &device).require_grad();
        let rounded = book.forward(z.clone());
        let gradient = z.grad(&(rounded.clone() * 3.0).sum().backward()).unwrap();
        let found: Vec<f32> = rounded.into_data().try_to_vec().unwrap();
        let nearest = [0.0, 1.0, 0.0, -1.0];
        assert!(found.iter().zip(nearest).all(|(a, b): (&f32, f32)| (a - b).abs() < 1e-6));
        assert_eq!(gradient.into_data().try_to_vec::<f32>().unwrap(), [3.0; 4]);
    }
}
