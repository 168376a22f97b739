//! What is added to the networks from other files.

use langevin_weights::lora::Part;

use super::{Reading, StableDiffusion};
use crate::Result;
use crate::merge::Merge;
use crate::text::Clip;

impl StableDiffusion {
    /// The networks with low-rank changes.
    pub(crate) fn merged(mut self, merge: &mut Merge<'_>) -> Result<Self> {
        let parts = self.parts();
        self.unet = self.unet.changed(|unet| merge.apply(Part::Denoiser, unet))?;
        let texts = self.texts.into_iter().zip(parts);
        self.texts = texts
            .map(|(text, part)| text.changed(|model| merge.apply(part, model)))
            .collect::<Result<_>>()?;
        Ok(self)
    }

    /// The text encoders, by the component that they are.
    pub(crate) fn clips(&mut self) -> Vec<(Part, &mut Clip)> {
        let parts = self.parts();
        parts.into_iter().zip(&mut self.texts).collect()
    }

    /// Which component each text encoder is: the refiner of XL has the second alone.
    fn parts(&self) -> Vec<Part> {
        match (self.reading, self.texts.len()) {
            (Reading::Penultimate, 1) => vec![Part::Text(2)],
            (_, count) => (1..=count).map(|i| Part::Text(i as u8)).collect(),
        }
    }
}
