//! Files of low-rank changes to a model's maps (LoRA, Hu et al. 2022): `W + scale · alpha / rank · up · down`.
//!
//! Three spellings are read, in one file or mixed:
//!
//! ```text
//! unet.down_blocks.0.….attn1.to_q.lora_A.weight      diffusers and peft; lora_B is `up`
//! unet.down_blocks.0.….attn1.processor.to_q_lora.down.weight      older diffusers; also to_q.lora.down
//! lora_unet_down_blocks_0_…_attn1_to_q.lora_down.weight, ….alpha      kohya, dots as underscores
//! ```
//!
//! The last has the names of diffusers or those of the original checkpoints (`input_blocks`, `double_blocks`), where one
//! map may be several of diffusers' side by side.
//! [`Lora::open`] sorts a file's keys into maps, [`Lora::places`] finds the parameters of a network that they change.

mod key;
mod metadata;
mod names;
mod original;
mod place;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use key::Spelling;
use metadata::Adapters;

pub use key::Part;
pub use place::{Factors, Place};

use crate::{Error, Result, Weights};

/// An open file of low-rank changes.
#[derive(Debug)]
pub struct Lora {
    weights: Weights,
    maps: Vec<Map>,
    /// Keys that belong to no map.
    strays: Vec<String>,
}

/// The change of one map.
#[derive(Debug)]
struct Map {
    part: Part,
    spelling: Spelling,
    /// The map's name behind the part's, as the file spells it.
    name: String,
    down: String,
    up: String,
    mid: Option<String>,
    /// What the product is multiplied by: `alpha / rank`.
    scale: f64,
}

impl Lora {
    /// Opens a file and sorts its keys; of the numbers only `alpha` is read.
    ///
    /// # Errors
    /// Those of [`Weights::open`]; [`Error::LoraKind`] for changes that are no LoRA (LoHa, LoKr, DoRA, …),
    /// [`Error::LoraPair`] for a map without one of its factors, [`Error::NoLora`] for a file without any.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let weights = Weights::open(path)?;
        let at = || weights.path().to_owned();
        let adapters = Adapters::read(&weights)?;
        let mut found: BTreeMap<(Part, Spelling, String), [Option<String>; 4]> = BTreeMap::new();
        let mut strays = Vec::new();
        for key in weights.names() {
            if let Some(kind) = key::other_kind(key) {
                return Err(Error::LoraKind { path: at(), tensor: key.to_owned(), kind });
            }
            match key::read(key) {
                Some((map, role)) => {
                    found.entry(map).or_default()[role as usize] = Some(key.to_owned());
                }
                None => strays.push(key.to_owned()),
            }
        }
        let mut maps = Vec::new();
        for ((part, spelling, name), keys) in found {
            let [down, up, mid, alpha] = keys;
            let (down, up) = match (down, up) {
                (Some(down), Some(up)) => (down, up),
                (None, None) => {
                    strays.extend(mid.into_iter().chain(alpha));
                    continue;
                }
                (Some(key), None) | (None, Some(key)) => {
                    return Err(Error::LoraPair { path: at(), tensor: key });
                }
            };
            let rank = *weights.shape(&down)?.first().unwrap_or(&0);
            if rank == 0 {
                return Err(Error::LoraPair { path: at(), tensor: down });
            }
            let stated = match alpha {
                Some(key) => scalar(&weights, &key)?.map(|alpha| alpha / rank as f64),
                None => None,
            };
            let scale = stated.unwrap_or_else(|| adapters.scale(part, &name, rank));
            maps.push(Map { part, spelling, name, down, up, mid, scale });
        }
        if maps.is_empty() {
            let first = strays.into_iter().next().unwrap_or_default();
            return Err(Error::NoLora { path: at(), first });
        }
        Ok(Self { weights, maps, strays })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        self.weights.path()
    }

    /// How many maps it changes.
    pub fn len(&self) -> usize {
        self.maps.len()
    }

    /// Whether it changes none: never, of an open file.
    pub fn is_empty(&self) -> bool {
        self.maps.is_empty()
    }

    /// What has no place, given which maps have one: how many maps and lone keys, and the first of them.
    pub fn without_place(&self, placed: &[bool]) -> Option<(usize, &str)> {
        let maps = self.maps.iter().enumerate();
        let maps = maps.filter(|(i, _)| !placed.get(*i).copied().unwrap_or(false));
        let mut all =
            maps.map(|(_, map)| map.down.as_str()).chain(self.strays.iter().map(String::as_str));
        let first = all.next()?;
        Some((1 + all.count(), first))
    }

    fn at(&self) -> PathBuf {
        self.path().to_owned()
    }
}

/// The one number of a tensor; `None` where it is not finite, as some tools write for "not used".
fn scalar(weights: &Weights, key: &str) -> Result<Option<f64>> {
    let shape = weights.shape(key)?;
    if shape.iter().product::<usize>() != 1 {
        return Err(Error::LoraShape {
            path: weights.path().to_owned(),
            tensor: key.to_owned(),
            found: shape.to_vec(),
            wanted: "a scale is one number".to_owned(),
        });
    }
    Ok(weights.f64(key)?.first().copied().filter(|alpha| alpha.is_finite()))
}

#[cfg(test)]
mod tests;
