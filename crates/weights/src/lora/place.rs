//! The parameters of a network that a file changes, and by what.

use std::ops::Range;

use super::names::Names;
use super::{Lora, Map, Part};
use crate::{Error, Result};

/// A parameter that a file changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its index among the network's parameters.
    pub parameter: usize,
    /// The index of the file's map.
    pub map: usize,
    /// Rows of the map's `up` that are this parameter's.
    pub(super) rows: Range<usize>,
}

/// A change `scale · up · down` as two matrices.
#[derive(Debug, Clone, PartialEq)]
pub struct Factors {
    /// `[outputs, rank]`, row by row.
    pub up: Vec<f32>,
    /// `[rank, inputs · kernel]`, row by row.
    pub down: Vec<f32>,
    /// Columns of `up`, rows of `down`.
    pub rank: usize,
    /// `alpha / rank`.
    pub scale: f64,
}

impl Lora {
    /// The parameters of a network, given by name and shape, that the file changes; every shape is checked.
    ///
    /// # Errors
    /// [`Error::LoraShape`] names a tensor that does not fit its parameter.
    pub fn places(&self, part: Part, parameters: &[(String, Vec<usize>)]) -> Result<Vec<Place>> {
        let names = Names::new(parameters.iter().map(|(name, _)| name.as_str()));
        let mut places = Vec::new();
        for (index, map) in self.maps.iter().enumerate().filter(|(_, map)| map.part == part) {
            let found = names.find(map.spelling, &map.name);
            let mut from = 0;
            for &parameter in found {
                let (name, shape) = &parameters[parameter];
                let outputs = *shape.first().unwrap_or(&0);
                self.check_down(map, name, shape)?;
                places.push(Place { parameter, map: index, rows: from..from + outputs });
                from += outputs;
            }
            if let Some(&last) = found.last() {
                self.check_up(map, &parameters[last].0, from)?;
            }
        }
        places.sort_by_key(|place| place.parameter);
        Ok(places)
    }

    /// Reads what is added to a parameter.
    ///
    /// # Errors
    /// Those of [`Weights::f32`](crate::Weights::f32).
    pub fn factors(&self, place: &Place) -> Result<Factors> {
        let Map { down, up, mid, scale, .. } = &self.maps[place.map];
        let rank = self.weights.shape(down)?[0];
        let up = self.weights.f32(up)?[place.rows.start * rank..place.rows.end * rank].to_vec();
        let down = self.weights.f32(down)?;
        let down = match mid {
            Some(mid) => joined(&self.weights.f32(mid)?, &down, rank),
            None => down,
        };
        Ok(Factors { up, down, rank, scale: *scale })
    }

    /// Whether `down`, with `mid`, goes from the inputs of a parameter `[outputs, inputs, …]`.
    fn check_down(&self, map: &Map, parameter: &str, shape: &[usize]) -> Result<()> {
        let rank = self.weights.shape(&map.down)?[0];
        let rest = shape.get(1..).unwrap_or_default();
        let Some(mid) = &map.mid else {
            return self.check(&map.down, parameter, &[&[rank], rest].concat());
        };
        let kernel = rest.get(1..).unwrap_or_default();
        self.check(&map.down, parameter, &[rank, *rest.first().unwrap_or(&0)])?;
        self.check(mid, parameter, &[&[rank, rank], kernel].concat())
    }

    fn check_up(&self, map: &Map, parameter: &str, outputs: usize) -> Result<()> {
        let rank = self.weights.shape(&map.down)?[0];
        self.check(&map.up, parameter, &[outputs, rank])
    }

    /// Whether a tensor has a shape, apart from dimensions of one at the end.
    fn check(&self, tensor: &str, parameter: &str, expected: &[usize]) -> Result<()> {
        let found = self.weights.shape(tensor)?;
        if trimmed(found) == trimmed(expected) {
            return Ok(());
        }
        Err(Error::LoraShape {
            path: self.at(),
            tensor: tensor.to_owned(),
            found: found.to_vec(),
            wanted: format!("`{parameter}` needs shape {expected:?}"),
        })
    }
}

fn trimmed(shape: &[usize]) -> &[usize] {
    let kept = shape.iter().rposition(|&d| d != 1).map_or(0, |last| last + 1);
    &shape[..kept]
}

/// `mid [p, q, kernel]` behind `down [q, inputs]`, `[p, inputs, kernel]`.
fn joined(mid: &[f32], down: &[f32], rank: usize) -> Vec<f32> {
    let (kernel, inputs) = (mid.len() / (rank * rank), down.len() / rank);
    let mut out = vec![0.0; rank * inputs * kernel];
    for p in 0..rank {
        for q in 0..rank {
            let factors = &mid[(p * rank + q) * kernel..][..kernel];
            for i in 0..inputs {
                let (x, to) =
                    (down[q * inputs + i], &mut out[(p * inputs + i) * kernel..][..kernel]);
                to.iter_mut().zip(factors).for_each(|(to, factor)| *to += factor * x);
            }
        }
    }
    out
}
