//! A picture to start from instead of noise, with a mask of what shall change.

use burn::tensor::{Device, Tensor, TensorData};
use langevin_data::Picture;
use langevin_data::transform::{PillowFilter, pillow_grey, pillow_resize, pillow_rgb};
use langevin_schedulers::Start;

use crate::{Error, Result, Task};

/// A picture to start from.
#[derive(Clone, Debug)]
pub struct Init {
    picture: Picture,
    mask: Option<Picture>,
    strength: f64,
}

impl Init {
    /// This picture, changed with `strength` from 0 to 1, where the mask is white if there is one.
    ///
    /// # Errors
    /// Where the mask is of another size, or the strength outside its range.
    pub fn new(picture: Picture, mask: Option<Picture>, strength: f64) -> Result<Self> {
        let size = |picture: &Picture| [picture.height(), picture.width()];
        if let Some(mask) = mask.as_ref().filter(|mask| size(mask) != size(&picture)) {
            let [[height, width], [h, w]] = [size(mask), size(&picture)];
            return Err(Error::Value {
                name: "the size of the mask",
                found: format!("{height} × {width}"),
                expected: format!("that of the picture, {h} × {w}"),
            });
        }
        if !(0.0..=1.0).contains(&strength) {
            return Err(Error::Value {
                name: "the strength",
                found: strength.to_string(),
                expected: "from 0 to 1".to_owned(),
            });
        }
        Ok(Self { picture, mask, strength })
    }

    /// What is asked for with it.
    pub fn task(&self) -> Task {
        if self.mask.is_some() { Task::Mask } else { Task::Picture }
    }

    /// Height and width of the picture.
    pub fn size(&self) -> [usize; 2] {
        [self.picture.height(), self.picture.width()]
    }

    /// Height and width of the picture, rounded down to multiples of `unit` pixels.
    pub(crate) fn rounded_size(&self, unit: usize) -> [usize; 2] {
        self.size().map(|side| side / unit * unit)
    }

    /// How much the picture is changed.
    pub fn strength(&self) -> f64 {
        self.strength
    }

    /// The picture itself.
    pub(crate) fn picture(&self) -> &Picture {
        &self.picture
    }

    /// The picture `[1, 3, H, W]` from −1 to 1 at this size.
    pub(crate) fn pixels(&self, size: [usize; 2], device: &Device) -> Result<Tensor<4>> {
        let picture = resized(&self.picture, size)?;
        let values = picture.pixels().iter().map(|x| 2.0 * (f32::from(*x) / 255.0) - 1.0);
        Ok(tensor(values.collect(), [1, 3, size[0], size[1]], device))
    }

    /// Every `stride`-th pixel of the mask at this size, `[1, 1, H / stride, W / stride]`: 1 where the picture shall change,
    /// 0 elsewhere.
    pub(crate) fn mask(
        &self,
        [height, width]: [usize; 2],
        stride: usize,
        device: &Device,
    ) -> Result<Option<Tensor<4>>> {
        let Some(mask) = &self.mask else { return Ok(None) };
        let mask = pillow_grey(&resized(mask, [height, width])?);
        let rows = mask.pixels().chunks_exact(width).step_by(stride).take(height / stride);
        let places = rows.flat_map(|row| row.iter().step_by(stride).take(width / stride));
        let values = places.map(|x| f32::from(u8::from(*x >= 128))).collect();
        Ok(Some(tensor(values, [1, 1, height / stride, width / stride], device)))
    }

    /// Where the way begins whose first steps are left out: as many steps are made as the strength's share of them,
    /// rounded down.
    pub(crate) fn made_steps(&self, steps: usize) -> Result<Start> {
        let made = (steps as f64 * self.strength) as usize;
        self.after(steps.saturating_sub(made), steps)
    }

    /// The same where the share that is left out is rounded down.
    pub(crate) fn left_out_steps(&self, steps: usize) -> Result<Start> {
        let made = (steps as f64 * self.strength).min(steps as f64);
        self.after((steps as f64 - made) as usize, steps)
    }

    fn after(&self, left_out: usize, steps: usize) -> Result<Start> {
        if left_out < steps {
            return Ok(Start::After(left_out));
        }
        Err(Error::Value {
            name: "the strength",
            found: self.strength.to_string(),
            expected: format!("at least 1/{steps}, so that one of {steps} steps is left"),
        })
    }
}

fn resized(picture: &Picture, size: [usize; 2]) -> Result<Picture> {
    pillow_resize(&pillow_rgb(picture), size, PillowFilter::Lanczos).map_err(|error| Error::Value {
        name: "the size",
        found: format!("{} × {}", size[0], size[1]),
        expected: format!("one of a picture: {error}"),
    })
}

fn tensor(values: Vec<f32>, shape: [usize; 4], device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(height: usize, width: usize) -> Picture {
        Picture::new(1, height, width, vec![127; height * width]).unwrap()
    }

    #[test]
    fn shares_are_rounded_as_each_pipeline_does() {
        let start = |strength, steps| {
            let init = Init::new(grey(2, 2), None, strength).unwrap();
            (init.made_steps(steps).ok(), init.left_out_steps(steps).ok())
        };
        let after = |a, b| (Some(Start::After(a)), Some(Start::After(b)));
        assert_eq!(start(0.8, 50), after(10, 10));
        assert_eq!(start(0.6, 28), after(12, 11));
        assert_eq!(start(1.0, 7), after(0, 0));
        assert_eq!(start(0.01, 20), (None, Some(Start::After(19))));
        assert_eq!(start(0.0, 20), (None, None));
    }

    #[test]
    fn what_cannot_be_meant_is_said() {
        let say = |mask, strength| Init::new(grey(4, 6), mask, strength).unwrap_err().to_string();
        assert_eq!(
            say(Some(grey(6, 4)), 0.5),
            "the size of the mask is 6 × 4, but must be that of the picture, 4 × 6"
        );
        assert_eq!(say(None, f64::NAN), "the strength is NaN, but must be from 0 to 1");
        let none = Init::new(grey(4, 6), None, 0.1).unwrap().made_steps(3).unwrap_err();
        assert_eq!(
            none.to_string(),
            "the strength is 0.1, but must be at least 1/3, so that one of 3 steps is left"
        );
    }

    #[test]
    fn a_mask_is_black_and_white() {
        let mask = Picture::new(1, 1, 4, vec![0, 127, 128, 255]).unwrap();
        let init = Init::new(grey(1, 4), Some(mask), 1.0).unwrap();
        assert_eq!((init.task(), init.rounded_size(2)), (Task::Mask, [0, 4]));
        let mask = |stride| init.mask([1, 4], stride, &Device::flex()).unwrap().unwrap();
        let values = |t: Tensor<4>| t.into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(values(mask(1)), [0.0, 0.0, 1.0, 1.0]);
        assert_eq!(mask(2).dims(), [1, 1, 0, 2]);
        let pixels = init.pixels([1, 4], &Device::flex()).unwrap();
        let expected = 2.0 * (127.0f32 / 255.0) - 1.0;
        assert_eq!(values(pixels), [expected; 12]);
    }
}
