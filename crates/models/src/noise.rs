//! The noise of a batch: image `i` draws from its own seed, so its noise does not depend on its neighbours.

use std::cell::RefCell;

use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::NoiseSource;
use langevin_core::rng::{Philox, TorchGenerator};
use langevin_schedulers::RngKind;

/// Purpose number of the random stream of an image's noise; index 0 is the start, the next ones the steps.
const PURPOSE_NOISE: u64 = 0x5A3B;

/// Standard normal noise `[N, C, H, W]` for the images with these seeds.
pub(crate) struct ImageNoise<'a> {
    kind: RngKind,
    seeds: &'a [u64],
    shape: [usize; 3],
    device: &'a Device,
    /// The draw that step 0 takes: 1 after the starting noise, 0 where the start was given and nothing was drawn.
    first: usize,
    /// PyTorch's generators can only be read forward: where each image's stands, and the draw it stands before.
    torch: RefCell<(usize, Vec<TorchGenerator>)>,
}

impl<'a> ImageNoise<'a> {
    pub(crate) fn new(
        kind: RngKind,
        seeds: &'a [u64],
        shape: [usize; 3],
        device: &'a Device,
    ) -> Self {
        Self { kind, seeds, shape, device, first: 1, torch: RefCell::new((0, Vec::new())) }
    }

    /// The same noise where the starting state was given: step 0 takes the first draw, as diffusers does.
    pub(crate) fn without_start(self) -> Self {
        Self { first: 0, ..self }
    }

    /// Draw number `draw`: 0 is the starting noise, `k + 1` that of step `k`.
    pub(crate) fn draw(&self, draw: usize) -> Tensor<4> {
        let [c, h, w] = self.shape;
        let size = c * h * w;
        let mut values = vec![0.0f32; self.seeds.len() * size];
        match self.kind {
            RngKind::Philox => {
                for (image, &seed) in values.chunks_mut(size).zip(self.seeds) {
                    Philox::new(seed, PURPOSE_NOISE, draw as u64).fill_normal(image);
                }
            }
            RngKind::Torch => self.draw_torch(draw, &mut values, size),
        }
        Tensor::from_data(TensorData::new(values, [self.seeds.len(), c, h, w]), self.device)
    }

    /// Reads on from where the generators stand, or from the seed again where an earlier draw is asked for.
    fn draw_torch(&self, draw: usize, values: &mut [f32], size: usize) {
        let (next, generators) = &mut *self.torch.borrow_mut();
        if generators.is_empty() || draw < *next {
            *generators = self.seeds.iter().map(|&seed| TorchGenerator::new(seed)).collect();
            *next = 0;
        }
        while *next <= draw {
            for (image, generator) in values.chunks_mut(size).zip(generators.iter_mut()) {
                generator.randn(image);
            }
            *next += 1;
        }
    }
}

impl NoiseSource<Tensor<4>> for ImageNoise<'_> {
    fn noise(&self, step: usize) -> langevin_core::Result<Tensor<4>> {
        Ok(self.draw(step + self.first))
    }
}
