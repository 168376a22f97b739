//! The seeded loader: which images, in which order, mirrored or not, as a pure function of (seed, step).
//!
//! Epoch `e` is the permutation that Fisher and Yates draw from the random stream (seed, "shuf", e)
//! (R. Durstenfeld, "Algorithm 235: random permutation", 1964).
//! Batch `s` takes the places `s · B … s · B + B − 1` of all epochs laid end to end, so nothing but the step
//! needs saving to go on where a run stopped, and batches may be asked for in any order.

use std::sync::{Arc, Mutex, PoisonError};

use langevin_core::rng::Philox;
use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::signed::to_signed;

/// Purposes of random streams, in ASCII.
const SHUFFLE: u64 = u32::from_be_bytes(*b"shuf") as u64;
const FLIP: u64 = u32::from_be_bytes(*b"flip") as u64;

/// What happens where the last images of an epoch do not fill a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tail {
    /// The batch goes on with the first images of the next epoch: every epoch shows every image exactly once.
    #[default]
    Wrap,
    /// They are left out of this epoch: no batch spans two epochs.
    Drop,
}

/// Whether images are mirrored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flip {
    /// Never.
    #[default]
    Off,
    /// Left becomes right for half of the images, drawn anew for each place of each batch.
    Horizontal,
}

/// The settings of a [`Loader`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct LoaderConfig {
    /// Names the order and the mirroring.
    pub seed: u64,
    /// Images per batch, at least 1.
    pub batch_size: usize,
    /// What happens at the end of an epoch.
    pub tail: Tail,
    /// Whether images are mirrored.
    pub flip: Flip,
}

impl Default for LoaderConfig {
    /// Seed 0, 64 images per batch, epochs laid end to end, nothing mirrored.
    fn default() -> Self {
        Self { seed: 0, batch_size: 64, tail: Tail::default(), flip: Flip::default() }
    }
}

/// Images of one training step.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Their places in the data set.
    pub indices: Vec<usize>,
    /// Their pixels as numbers in [−1, 1], planar: `[B, C, H, W]`.
    pub images: Vec<f32>,
    /// Their classes; empty where the data set has none.
    pub labels: Vec<u32>,
}

/// Batches of a data set; [`Loader::batch`] is a pure function of the step.
#[derive(Debug)]
pub struct Loader {
    dataset: Arc<Dataset>,
    config: LoaderConfig,
    /// The epochs drawn last; only saves time.
    drawn: Mutex<Vec<(u64, Arc<[u32]>)>>,
}

impl Loader {
    /// A loader of these images.
    ///
    /// # Errors
    /// When the batch size is 0, when it exceeds the data set although incomplete batches are dropped,
    /// or when there are more than 2³² − 1 images.
    pub fn new(dataset: Arc<Dataset>, config: LoaderConfig) -> Result<Self> {
        let (images, batch_size) = (dataset.len(), config.batch_size);
        if batch_size == 0 {
            return Err(Error::BatchSize);
        }
        if config.tail == Tail::Drop && batch_size > images {
            return Err(Error::BatchTooLarge { batch_size, images });
        }
        if u32::try_from(images).is_err() {
            return Err(Error::TooManyImages { images });
        }
        Ok(Self { dataset, config, drawn: Mutex::new(Vec::new()) })
    }

    /// The images of step `step`, from 0 on.
    pub fn batch(&self, step: u64) -> Batch {
        let indices = self.indices(step);
        let mut images = vec![0.0; indices.len() * self.dataset.image_len()];
        let mut flips = Philox::new(self.config.seed, FLIP, step);
        for (&index, target) in
            indices.iter().zip(images.chunks_exact_mut(self.dataset.image_len()))
        {
            let source = self.dataset.image(index);
            match self.config.flip {
                Flip::Horizontal if flips.next_u32() >> 31 == 1 => {
                    mirror(source, target, self.dataset.width());
                }
                _ => target.iter_mut().zip(source).for_each(|(to, &from)| *to = to_signed(from)),
            }
        }
        let labels = self
            .dataset
            .labels()
            .map_or_else(Vec::new, |all| indices.iter().map(|&i| all[i]).collect());
        Batch { indices, images, labels }
    }

    /// The places in the data set of the images of step `step`.
    pub fn indices(&self, step: u64) -> Vec<usize> {
        let (length, batch) = (self.dataset.len() as u128, self.config.batch_size as u128);
        let first = match self.config.tail {
            Tail::Wrap => u128::from(step) * batch,
            Tail::Drop => {
                let steps = length / batch;
                u128::from(step) / steps * length + u128::from(step) % steps * batch
            }
        };
        let mut indices = Vec::with_capacity(self.config.batch_size);
        let mut at = first;
        while at < first + batch {
            let start = (at % length) as usize;
            let count = (length - at % length).min(first + batch - at) as usize;
            // Epochs beyond 2⁶⁴ repeat the first ones.
            let epoch = self.epoch((at / length) as u64);
            indices.extend(epoch[start..start + count].iter().map(|&index| index as usize));
            at += count as u128;
        }
        indices
    }

    /// The images.
    pub fn dataset(&self) -> &Arc<Dataset> {
        &self.dataset
    }

    /// The settings.
    pub fn config(&self) -> LoaderConfig {
        self.config
    }

    /// How many times every image has been seen before step `step`, as a fraction (with [`Tail::Drop`], on average).
    pub fn epochs(&self, step: u64) -> f64 {
        step as f64 * self.config.batch_size as f64 / self.dataset.len() as f64
    }

    fn epoch(&self, epoch: u64) -> Arc<[u32]> {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, order)) = drawn.iter().find(|(drawn, _)| *drawn == epoch) {
            return Arc::clone(order);
        }
        let order: Arc<[u32]> =
            permutation(self.config.seed, epoch, self.dataset.len() as u32).into();
        // A batch that wraps needs two epochs in turn.
        if drawn.len() == 2 {
            drawn.remove(0);
        }
        drawn.push((epoch, Arc::clone(&order)));
        order
    }
}

/// The numbers below `length` in the order of epoch `epoch`.
fn permutation(seed: u64, epoch: u64, length: u32) -> Vec<u32> {
    let mut order: Vec<u32> = (0..length).collect();
    Philox::new(seed, SHUFFLE, epoch).shuffle(&mut order);
    order
}

/// The signed pixels of each row, last first.
fn mirror(source: &[u8], target: &mut [f32], width: usize) {
    for (from, to) in source.chunks_exact(width).zip(target.chunks_exact_mut(width)) {
        to.iter_mut().zip(from.iter().rev()).for_each(|(to, &from)| *to = to_signed(from));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `length` images of 1×2 pixels, `[i, 255 − i]`, labelled by parity.
    fn dataset(length: usize) -> Arc<Dataset> {
        let pixels = (0..length).flat_map(|i| [i as u8, 255 - i as u8]).collect();
        let labels = (0..length as u32).map(|i| i % 2).collect();
        let named = Dataset::new(1, 1, 2, pixels)
            .and_then(|d| d.with_labels(labels, vec!["even".to_owned(), "odd".to_owned()]));
        Arc::new(named.unwrap())
    }

    fn loader(length: usize, seed: u64, batch_size: usize, tail: Tail, flip: Flip) -> Loader {
        Loader::new(dataset(length), LoaderConfig { seed, batch_size, tail, flip }).unwrap()
    }

    #[test]
    fn batches_hold_what_the_dataset_holds() {
        let loader = loader(100, 3, 8, Tail::Wrap, Flip::Off);
        for step in 0..30 {
            let batch = loader.batch(step);
            for (slot, &index) in batch.indices.iter().enumerate() {
                let pixels = [index as u8, 255 - index as u8].map(to_signed);
                assert_eq!(batch.images[2 * slot..][..2], pixels);
                assert_eq!(batch.labels[slot], index as u32 % 2);
            }
        }
    }

    #[test]
    fn flips_mirror_about_half_and_change_nothing_else() {
        let [plain, flipped] =
            [Flip::Off, Flip::Horizontal].map(|flip| loader(50, 9, 10, Tail::Wrap, flip));
        let mut mirrored = 0;
        for step in 0..100 {
            let (plain, flipped) = (plain.batch(step), flipped.batch(step));
            assert_eq!((&plain.indices, &plain.labels), (&flipped.indices, &flipped.labels));
            for (a, b) in plain.images.chunks(2).zip(flipped.images.chunks(2)) {
                mirrored += usize::from(a[0] == b[1]);
                assert!(a == b || [a[1], a[0]] == b[..]);
            }
        }
        // 1,000 fair coins: 500 ± 16; five deviations.
        assert!((420..=580).contains(&mirrored), "{mirrored}");
    }

    #[test]
    fn settings_that_cannot_be_are_refused() {
        let say = |batch_size, tail| {
            let config = LoaderConfig { seed: 0, batch_size, tail, flip: Flip::Off };
            Loader::new(dataset(5), config).unwrap_err().to_string()
        };
        assert_eq!(say(0, Tail::Wrap), "a batch size of 0: expected at least 1");
        assert_eq!(
            say(6, Tail::Drop),
            "a batch size of 6 with incomplete batches dropped: the data set holds only 5 images"
        );
    }

    #[test]
    fn the_last_step_exists() {
        for tail in [Tail::Wrap, Tail::Drop] {
            assert_eq!(loader(7, 1, 3, tail, Flip::Horizontal).batch(u64::MAX).indices.len(), 3);
        }
    }

    #[test]
    fn the_order_is_fixed_for_ever() {
        // A saved run must find the same order in a later version; these were computed by a second program.
        assert_eq!(permutation(1, 0, 10), [6, 0, 3, 4, 9, 5, 2, 7, 8, 1]);
        assert_eq!(permutation(1, 1, 10), [5, 4, 6, 2, 0, 1, 9, 8, 7, 3]);
    }

    #[test]
    fn permutations_are_uniform() {
        // All 24 orders of four, 24,000 draws: χ² with 23 degrees of freedom is above 50 once in 1,000.
        let mut counts = std::collections::HashMap::new();
        for epoch in 0..24_000 {
            *counts.entry(permutation(5, epoch, 4)).or_insert(0u32) += 1;
        }
        let chi2: f64 = counts.values().map(|&n| (f64::from(n) - 1000.0).powi(2) / 1000.0).sum();
        assert!(counts.len() == 24 && chi2 < 50.0, "{chi2}");
    }

    proptest! {
        #[test]
        fn wrapped_epochs_show_every_image_once(length in 1usize..60, batch_size in 1usize..70, seed: u64) {
            let loader = loader(length, seed, batch_size, Tail::Wrap, Flip::Off);
            let steps = (3 * length).div_ceil(batch_size) as u64;
            let seen: Vec<usize> = (0..steps).flat_map(|step| loader.indices(step)).collect();
            for epoch in seen.chunks_exact(length) {
                let mut epoch = epoch.to_vec();
                epoch.sort_unstable();
                prop_assert_eq!(epoch, (0..length).collect::<Vec<_>>());
            }
        }

        #[test]
        fn dropped_epochs_show_no_image_twice(length in 1usize..60, batch in 0usize..60, seed: u64) {
            let batch_size = batch % length + 1;
            let loader = loader(length, seed, batch_size, Tail::Drop, Flip::Off);
            let steps = (length / batch_size) as u64;
            for epoch in 0..3 {
                let mut seen: Vec<_> = (0..steps).flat_map(|s| loader.indices(epoch * steps + s)).collect();
                seen.sort_unstable();
                seen.dedup();
                prop_assert_eq!(seen.len(), steps as usize * batch_size);
            }
        }

        #[test]
        fn any_step_can_be_asked_for_at_any_time(
            length in 1usize..40, batch_size in 1usize..50, seed: u64, steps in prop::collection::vec(0u64..200, 1..12),
        ) {
            let used = loader(length, seed, batch_size, Tail::Wrap, Flip::Horizontal);
            for step in steps {
                let fresh = loader(length, seed, batch_size, Tail::Wrap, Flip::Horizontal);
                prop_assert_eq!(used.batch(step), fresh.batch(step));
            }
        }
    }
}
