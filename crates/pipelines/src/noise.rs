//! The noise of one picture's latents, from its own seed.

use burn::tensor::{Device, Tensor, TensorData};
use langevin_schedulers::{Batch, Increment, Noise, NoiseSource, Result};

/// Draws of one picture, as latents of a shape `[C, h, w]`.
pub(crate) struct LatentNoise<'a>(pub(crate) Noise, pub(crate) [usize; 3], pub(crate) &'a Device);

impl LatentNoise<'_> {
    fn tensor(&self, batch: &Batch) -> Tensor<4> {
        let [c, h, w] = self.1;
        let values: Vec<f32> = batch.values().iter().map(|x| *x as f32).collect();
        Tensor::from_data(TensorData::new(values, [1, c, h, w]), self.2)
    }
}

impl NoiseSource<Tensor<4>> for LatentNoise<'_> {
    fn draw(&mut self) -> Result<Tensor<4>> {
        let drawn = NoiseSource::draw(&mut self.0)?;
        Ok(self.tensor(&drawn))
    }

    fn increment(&mut self, increment: &Increment) -> Result<Tensor<4>> {
        let drawn = NoiseSource::increment(&mut self.0, increment)?;
        Ok(self.tensor(&drawn))
    }
}
