//! What the optimiser remembers of a network's parameters: AdamW's two moments and the average of the weights, each as
//! one flat array in the order of [`langevin_nn::params`]. The weights themselves are the network's.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use burn::module::Module;
use langevin_nn::params::{self, ParamInfo};
use langevin_weights::{TensorFile, TensorRef, Values};

use crate::{Error, Result};

/// The arrays' names in a checkpoint, the weights' first: tensor `ema.conv_in.weight` belongs to the average, and so on.
const ARRAYS: [&str; 4] = ["weights", "first_moment", "second_moment", "ema"];

/// Name, shape and place of one parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Name in PyTorch's `state_dict`.
    pub name: String,
    /// Shape in PyTorch's layout.
    pub shape: Vec<usize>,
    /// Its elements in the flat arrays.
    pub range: Range<usize>,
    /// Whether the optimiser may change it.
    pub trainable: bool,
}

/// The optimiser's memory of all parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimiserState {
    slots: Vec<Slot>,
    /// AdamW's average of the gradient.
    pub first_moment: Vec<f32>,
    /// AdamW's average of the squared gradient.
    pub second_moment: Vec<f32>,
    /// The exponential moving average of the weights.
    pub ema: Vec<f32>,
}

impl OptimiserState {
    /// Before the first step on `module`: the moments are zero and the average is the weights.
    pub fn of<M: Module>(module: &M) -> Self {
        let mut count = 0;
        let slot = |info: ParamInfo| {
            let start = count;
            count += info.shape.iter().product::<usize>();
            let ParamInfo { name, shape, trainable } = info;
            Slot { name, shape, range: start..count, trainable }
        };
        let slots = params::list(module).into_iter().map(slot).collect();
        let ema = flat_weights(module);
        Self { slots, first_moment: vec![0.0; count], second_moment: vec![0.0; count], ema }
    }

    /// One trainable parameter called `w` with these weights.
    #[cfg(test)]
    pub(crate) fn flat(weights: Vec<f32>) -> Self {
        let (count, shape) = (weights.len(), vec![weights.len()]);
        let slot = Slot { name: "w".to_owned(), shape, range: 0..count, trainable: true };
        let zeros = vec![0.0; count];
        Self { slots: vec![slot], first_moment: zeros.clone(), second_moment: zeros, ema: weights }
    }

    /// Where each parameter lies, in field order.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// How many numbers one of the arrays holds.
    pub fn count(&self) -> usize {
        self.ema.len()
    }

    /// How many of them the optimiser may change.
    pub fn trainable(&self) -> usize {
        self.slots.iter().filter(|slot| slot.trainable).map(|slot| slot.range.len()).sum()
    }

    /// Moments and average of the parameter at `place` in the order of the slots, if the optimiser may change it.
    pub(crate) fn trainable_parameter(&mut self, place: usize) -> Option<[&mut [f32]; 3]> {
        let slot = self.slots.get(place).filter(|slot| slot.trainable)?;
        let arrays = [&mut self.first_moment, &mut self.second_moment, &mut self.ema];
        Some(arrays.map(|array| &mut array[slot.range.clone()]))
    }

    /// `module` with the numbers of `array`, which lie as this value's arrays do, as its parameters.
    ///
    /// # Errors
    /// When `module` is not of the shape these parameters were taken from.
    pub fn put_into<M: Module>(&self, module: M, array: &[f32]) -> Result<M> {
        let mut slices = self.slots.iter().map(|slot| &array[slot.range.clone()]);
        Ok(params::assign(module, &mut slices)?)
    }

    /// Writes the weights and all arrays as named tensors.
    pub(crate) fn write(&self, path: &Path, weights: &[f32]) -> Result<()> {
        let arrays = [weights, &self.first_moment, &self.second_moment, &self.ema];
        let pairs = || {
            ARRAYS
                .into_iter()
                .zip(arrays)
                .flat_map(|pair| self.slots.iter().map(move |slot| (pair, slot)))
        };
        let names: Vec<String> =
            pairs().map(|((kind, _), slot)| format!("{kind}.{}", slot.name)).collect();
        let tensors: Vec<TensorRef<'_>> = pairs()
            .zip(&names)
            .map(|(((_, array), slot), name)| TensorRef {
                name,
                shape: &slot.shape,
                values: Values::F32(&array[slot.range.clone()]),
            })
            .collect();
        Ok(langevin_weights::write_tensors(path, &tensors, &BTreeMap::new())?)
    }

    /// The weights in `file` and the state beside them; it must hold the tensors of these parameters and no others.
    pub(crate) fn with_tensors(&self, file: &TensorFile) -> Result<(Vec<f32>, Self)> {
        let read = |kind: &str| -> Result<Vec<f32>> {
            let mut array = Vec::with_capacity(self.count());
            for slot in &self.slots {
                let name = format!("{kind}.{}", slot.name);
                let shape = file.shape(&name)?;
                if shape != slot.shape {
                    let reason = format!(
                        "{name} has shape {shape:?}, but the network needs {:?}",
                        slot.shape
                    );
                    return Err(Error::damaged(file.path(), reason));
                }
                array.extend(file.f32(&name)?);
            }
            Ok(array)
        };
        let (found, expected) = (file.names().count(), ARRAYS.len() * self.slots.len());
        if found != expected {
            let reason = format!("it holds {found} tensors, but the network needs {expected}");
            return Err(Error::damaged(file.path(), reason));
        }
        let [weights, first_moment, second_moment, ema] = ARRAYS.map(read);
        let weights = weights?;
        let state = Self {
            slots: self.slots.clone(),
            first_moment: first_moment?,
            second_moment: second_moment?,
            ema: ema?,
        };
        Ok((weights, state))
    }
}

/// The weights of `module` as one array that lies as those of its [`OptimiserState`].
pub(crate) fn flat_weights<M: Module>(module: &M) -> Vec<f32> {
    params::collect(module).into_iter().flat_map(|(_, _, values)| values).collect()
}
