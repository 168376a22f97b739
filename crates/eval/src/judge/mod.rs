//! The judge of digits: a small classifier whose weights are part of the program, so that class accuracy and the
//! Fréchet distance on its features mean the same everywhere, without a download.
//!
//! `cargo xtask train-judge` trains it on the 9,000 embedded training digits, and writes `digits.safetensors` and
//! `digits.sha256`. The hash is checked at load and stands in every report: distances of two judges do not compare.

mod network;

pub use network::JudgeNetwork;

use burn::tensor::{Device, Tensor, TensorData};
use langevin_nn::{Init, params};
use safetensors::{Dtype, SafeTensors};
use sha2::{Digest, Sha256};

use crate::{Error, Points, Result};

/// The side of the pictures the network sees.
pub const SIDE: usize = 28;

/// The side of digits that were padded by two pixels, so that they can be halved five times.
pub(crate) const PADDED: usize = 32;

/// Images in one pass through the network; bounds the memory, and changes no number.
const BATCH: usize = 256;

/// Classifies digits and extracts their features.
#[derive(Debug)]
pub struct Judge {
    network: JudgeNetwork,
    sha256: String,
}

/// What the judge sees in a set of images.
#[derive(Clone, Debug, PartialEq)]
pub struct Examined {
    /// The most likely digit of each image.
    pub classes: Vec<u8>,
    /// Features `[N, JudgeNetwork::FEATURES]`.
    pub features: Vec<f32>,
}

impl Judge {
    /// The judge that is part of this program.
    ///
    /// # Errors
    /// If its weights do not have the hash recorded beside them.
    pub fn embedded() -> Result<Self> {
        let judge = Self::from_safetensors(include_bytes!("digits.safetensors"))?;
        let expected = include_str!("digits.sha256").trim();
        if judge.sha256 != expected {
            return Err(Error::WeightsHash { found: judge.sha256, expected: expected.to_owned() });
        }
        Ok(judge)
    }

    /// A judge from the bytes of a safetensors file with the parameters of [`JudgeNetwork`] in f32.
    ///
    /// # Errors
    /// If a parameter is missing, or has another shape or type.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self> {
        let file = SafeTensors::deserialize(bytes).map_err(|e| Error::Weights(e.to_string()))?;
        let mut names: Vec<(String, Vec<usize>)> = Vec::new();
        for (name, view) in file.tensors() {
            if view.dtype() != Dtype::F32 {
                return Err(Error::Weights(format!(
                    "`{name}` holds {:?}; expected F32",
                    view.dtype()
                )));
            }
            names.push((name, view.shape().to_vec()));
        }
        // The values drawn here are replaced by those of the file.
        let network = JudgeNetwork::new(&mut Init::new(&Device::flex(), &mut |_| ()));
        let mut read = |name: &str| {
            let view = file.tensor(name).expect("the name was listed");
            let numbers = view.data().chunks_exact(4);
            let numbers = numbers.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            Ok(numbers.collect::<Vec<_>>().into())
        };
        let (network, unused) = params::load_state_dict(network, &names, &mut read)
            .map_err(|e| Error::Weights(e.to_string()))?;
        if let Some(name) = unused.first() {
            return Err(Error::Weights(format!("`{name}` is no parameter of the judge")));
        }
        let sha256 = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { network, sha256 })
    }

    /// SHA-256 of the weights file, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Classes and features of `count` grey images of 28×28 pixels, or 32×32 of which the outer two are left out.
    ///
    /// Values are clamped to [−1, 1], where −1 is black.
    ///
    /// # Errors
    /// If `images` has neither 28·28 nor 32·32 values for each image, or one is not finite.
    pub fn examine(&self, images: &[f32], count: usize) -> Result<Examined> {
        let pixels = clamped_centres(images, count)?;
        let mut examined = Examined { classes: Vec::with_capacity(count), features: Vec::new() };
        for batch in pixels.chunks(BATCH * SIDE * SIDE) {
            let shape = [batch.len() / (SIDE * SIDE), 1, SIDE, SIDE];
            let x = Tensor::from_data(TensorData::new(batch.to_vec(), shape), &Device::flex());
            let features = self.network.features(x);
            let logits = floats(self.network.logits(features.clone()));
            examined.classes.extend(logits.chunks(JudgeNetwork::CLASSES).map(largest));
            examined.features.extend(floats(features));
        }
        Ok(examined)
    }

    /// The most likely digit of each image; images as for [`examine`](Self::examine).
    ///
    /// # Errors
    /// As for [`examine`](Self::examine).
    pub fn classify(&self, images: &[f32], count: usize) -> Result<Vec<u8>> {
        Ok(self.examine(images, count)?.classes)
    }

    /// Features `[count, JudgeNetwork::FEATURES]`; images as for [`examine`](Self::examine).
    ///
    /// # Errors
    /// As for [`examine`](Self::examine).
    pub fn features(&self, images: &[f32], count: usize) -> Result<Vec<f32>> {
        Ok(self.examine(images, count)?.features)
    }
}

/// The middle 28×28 pixels of each image, clamped.
fn clamped_centres(images: &[f32], count: usize) -> Result<Vec<f32>> {
    let side = [SIDE, PADDED]
        .into_iter()
        .find(|side| count.checked_mul(side * side) == Some(images.len()));
    let Some(side) = side else {
        return Err(Error::DigitLength { values: images.len(), count });
    };
    Points::new(images, count, side * side)?;
    let mut pixels = centres(images, side);
    pixels.iter_mut().for_each(|v| *v = v.clamp(-1.0, 1.0));
    Ok(pixels)
}

/// The middle 28×28 pixels of each square image of the given side, which is at least 28.
pub(crate) fn centres(images: &[f32], side: usize) -> Vec<f32> {
    let margin = (side - SIDE) / 2;
    let inner = margin..margin + SIDE;
    let rows =
        images.chunks_exact(side).enumerate().filter(|(row, _)| inner.contains(&(row % side)));
    rows.flat_map(|(_, row)| &row[inner.clone()]).copied().collect()
}

fn floats(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().try_into_vec_as::<f32>().expect("a float tensor")
}

/// Index of the largest number, the first among equals.
fn largest(logits: &[f32]) -> u8 {
    let better = |best: usize, i: usize| if logits[i] > logits[best] { i } else { best };
    (1..logits.len()).fold(0, better) as u8
}
