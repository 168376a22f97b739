//! All parameters of a network in four flat arrays: weights, AdamW's two moments, and the average of the weights.
//!
//! One array for all of them lets the optimiser, the gradient norm and the checkpoint go through memory once, in an
//! order that no thread count changes. The order is that of [`langevin_nn::params`].

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use burn::module::Module;
use langevin_nn::params;
use langevin_weights::{TensorFile, TensorRef, Values};

use crate::{Error, Result};

/// The four arrays' names in a checkpoint: tensor `ema.conv_in.weight` belongs to the average, and so on.
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

/// The parameters of a network and everything the optimiser remembers about them.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    slots: Vec<Slot>,
    /// The newest weights.
    pub weights: Vec<f32>,
    /// AdamW's average of the gradient.
    pub first_moment: Vec<f32>,
    /// AdamW's average of the squared gradient.
    pub second_moment: Vec<f32>,
    /// The exponential moving average of the weights.
    pub ema: Vec<f32>,
}

impl Parameters {
    /// Takes the weights of `module`; the moments start at zero and the average at the weights.
    pub fn of<M: Module>(module: &M) -> Self {
        let infos = params::list(module);
        let mut slots = Vec::with_capacity(infos.len());
        let mut weights = Vec::new();
        for (info, (name, shape, values)) in infos.into_iter().zip(params::collect(module)) {
            let start = weights.len();
            weights.extend(values);
            slots.push(Slot {
                name,
                shape,
                range: start..weights.len(),
                trainable: info.trainable,
            });
        }
        let zeros = vec![0.0; weights.len()];
        let ema = weights.clone();
        Self { slots, weights, first_moment: zeros.clone(), second_moment: zeros, ema }
    }

    /// One trainable parameter called `w` with these weights.
    #[cfg(test)]
    pub(crate) fn flat(weights: Vec<f32>) -> Self {
        let (zeros, ema) = (vec![0.0; weights.len()], weights.clone());
        let slot = Slot {
            name: "w".to_owned(),
            shape: vec![weights.len()],
            range: 0..weights.len(),
            trainable: true,
        };
        Self { slots: vec![slot], weights, first_moment: zeros.clone(), second_moment: zeros, ema }
    }

    /// Where each parameter lies, in field order.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// How many numbers one of the arrays holds.
    pub fn count(&self) -> usize {
        self.weights.len()
    }

    /// The stretches of the arrays that the optimiser may change, each as long as possible.
    pub fn trainable(&self) -> Vec<Range<usize>> {
        let mut stretches: Vec<Range<usize>> = Vec::new();
        for slot in self.slots.iter().filter(|s| s.trainable && !s.range.is_empty()) {
            match stretches.last_mut() {
                Some(last) if last.end == slot.range.start => last.end = slot.range.end,
                _ => stretches.push(slot.range.clone()),
            }
        }
        stretches
    }

    /// `module` with the numbers of `array` (one of this value's arrays) as its parameters.
    ///
    /// # Errors
    /// When `module` is not of the shape these parameters were taken from.
    pub fn put_into<M: Module>(&self, module: M, array: &[f32]) -> Result<M> {
        let mut slices = self.slots.iter().map(|slot| &array[slot.range.clone()]);
        Ok(params::assign(module, &mut slices)?)
    }

    /// Writes all four arrays as named tensors.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let arrays = [&self.weights, &self.first_moment, &self.second_moment, &self.ema];
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

    /// The same parameters with the numbers of `file`, which must hold these tensors and no others.
    pub(crate) fn with_tensors(&self, file: &TensorFile) -> Result<Self> {
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
        Ok(Self {
            slots: self.slots.clone(),
            weights: weights?,
            first_moment: first_moment?,
            second_moment: second_moment?,
            ema: ema?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_parameters_split_the_trainable_stretches() {
        let slot = |name: &str, range: Range<usize>, trainable| Slot {
            name: name.to_owned(),
            shape: vec![range.len()],
            range,
            trainable,
        };
        let slots = vec![
            slot("a", 0..3, true),
            slot("b", 3..5, true),
            slot("f", 5..9, false),
            slot("c", 9..10, true),
        ];
        let parameters = Parameters { slots, ..Parameters::flat(vec![0.0; 10]) };
        assert_eq!(parameters.trainable(), [0..5, 9..10]);
    }
}
