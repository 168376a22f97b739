//! The noise of images along a plan.

use burn::tensor::{Device, Tensor, TensorData};
use langevin_schedulers::{Increment, Noise, NoiseSource, RngKind};

/// The noise of a batch along a plan: image `i` draws from its own seed, so its noise does not depend on its neighbours.
#[derive(Debug)]
pub struct PlanNoise<'a> {
    images: Vec<Noise>,
    shape: [usize; 3],
    device: &'a Device,
}

impl<'a> PlanNoise<'a> {
    /// The noise of images `[C, H, W]`, one for each seed.
    pub fn new(kind: RngKind, seeds: &[u64], shape: [usize; 3], device: &'a Device) -> Self {
        let size = shape.iter().product();
        let images = seeds.iter().map(|&seed| Noise::new(kind, seed, 1, size)).collect();
        Self { images, shape, device }
    }

    fn gather(
        &mut self,
        draw: impl Fn(&mut Noise) -> langevin_schedulers::Result<langevin_schedulers::Batch>,
    ) -> langevin_schedulers::Result<Tensor<4>> {
        let [c, h, w] = self.shape;
        let mut values: Vec<f32> = Vec::with_capacity(self.images.len() * c * h * w);
        for image in &mut self.images {
            values.extend(draw(image)?.values().iter().map(|x| *x as f32));
        }
        Ok(Tensor::from_data(TensorData::new(values, [self.images.len(), c, h, w]), self.device))
    }
}

impl NoiseSource<Tensor<4>> for PlanNoise<'_> {
    fn draw(&mut self) -> langevin_schedulers::Result<Tensor<4>> {
        self.gather(NoiseSource::draw)
    }

    fn increment(&mut self, increment: &Increment) -> langevin_schedulers::Result<Tensor<4>> {
        self.gather(|noise| NoiseSource::increment(noise, increment))
    }
}
