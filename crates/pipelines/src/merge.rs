//! Low-rank changes merged into the networks of a pipeline (Hu et al. 2022): `W + strength · alpha / rank · up · down`.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use langevin_nn::params;
use langevin_weights::lora::{Factors, Lora, Part};

use crate::{Error, Result, TextToImage};

/// A file on its way into a pipeline.
#[derive(Debug)]
pub struct Merge<'a> {
    lora: &'a Lora,
    strength: f64,
    device: &'a Device,
    /// Which of the file's maps have found a place.
    placed: Vec<bool>,
}

/// The pipeline with a file's changes in its weights, `strength` times, and a sentence on what has no place in it.
///
/// One parameter after the other is changed: no second network is held.
///
/// # Errors
/// Where nothing of the file has a place, a shape does not fit, or the file cannot be read.
pub fn merge_lora(
    pipeline: Box<dyn TextToImage>,
    lora: &Lora,
    strength: f64,
    device: &Device,
) -> Result<(Box<dyn TextToImage>, Option<String>)> {
    let mut merge = Merge { lora, strength, device, placed: vec![false; lora.len()] };
    let pipeline = pipeline.merge(&mut merge)?;
    Ok((pipeline, merge.finish()?))
}

impl Merge<'_> {
    /// One network of the pipeline with its changes.
    ///
    /// # Errors
    /// As [`merge_lora`].
    pub(crate) fn apply<M: Module>(&mut self, part: Part, network: M) -> Result<M> {
        let parameters: Vec<(String, Vec<usize>)> =
            params::list(&network).into_iter().map(|info| (info.name, info.shape)).collect();
        let places = self.lora.places(part, &parameters)?;
        if places.is_empty() {
            return Ok(network);
        }
        places.iter().for_each(|place| self.placed[place.map] = true);
        let mut index = 0;
        params::add(network, &mut |_, _| {
            let here = index;
            index += 1;
            let changes = places.iter().filter(|place| place.parameter == here);
            let changes = changes.map(|place| Ok(self.lora.factors(place)?));
            let mut sum: Option<Tensor<2>> = None;
            for change in changes.collect::<Result<Vec<_>>>()? {
                let product = self.product(change);
                sum = Some(match sum {
                    Some(sum) => sum + product,
                    None => product,
                });
            }
            let numbers = sum.map(|sum| sum.into_data().try_into_vec::<f32>());
            numbers.transpose().map_err(|error| Error::Tensor(format!("{error:?}")))
        })
    }

    /// `strength · scale · up · down`.
    fn product(&self, Factors { up, down, rank, scale }: Factors) -> Tensor<2> {
        let (rows, columns) = (up.len() / rank, down.len() / rank);
        let up = Tensor::<2>::from_data(TensorData::new(up, [rows, rank]), self.device);
        let down = Tensor::<2>::from_data(TensorData::new(down, [rank, columns]), self.device);
        up.matmul(down) * (scale * self.strength)
    }

    fn finish(self) -> Result<Option<String>> {
        let path = self.lora.path();
        let Some((count, first)) = self.lora.without_place(&self.placed) else { return Ok(None) };
        if !self.placed.contains(&true) {
            let reason = format!(
                "none of its {count} changes has a place in this model, the first is {first}"
            );
            return Err(Error::Addition { path: path.to_owned(), reason });
        }
        let of = count + self.placed.iter().filter(|placed| **placed).count();
        let path = path.display();
        Ok(Some(format!(
            "{count} of the {of} changes in {path} have no place in this model, the first is {first}"
        )))
    }
}
