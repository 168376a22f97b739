//! Does a generator repeat its training images? Two tests against what unseen real images do.
//!
//! - **Memorised share**: the share of samples closer to a training image than the 1st percentile of the distances of
//!   held-out real images to theirs (without any: of training images to their nearest fellows). Fresh data gives 0.01; one class drawn too neatly can exceed it without copying.
//! - **Near-copies**: samples at most half as far from a training image as that image is from its nearest fellow. The
//!   scale is the image's own neighbourhood, so that simple shapes, which all lie close together, do not count as copies.
//!   (None of the bundled test digits passes: the smallest ratio among them is 0.55.)

use serde::{Deserialize, Serialize};

use crate::nearest::{Neighbour, nearest, nearest_other};
use crate::{Error, Points, Result};

/// Percentile of the held-out distances below which a sample counts as memorised, as a fraction.
const PERCENTILE: f64 = 0.01;

/// Share of a training image's distance to its nearest fellow within which a sample is a copy of it.
const COPY: f64 = 0.5;

/// Training images compared with their fellows where no held-out images are given.
const LEFT_OUT: usize = 2_000;

/// What a comparison with the training images found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memorisation {
    /// Share of the samples closer to a training image than [`memorised_threshold`](Self::memorised_threshold).
    pub memorised_share: f64,
    /// The 1st percentile of the distances from real images to their nearest training images.
    pub memorised_threshold: f64,
    /// Number of near-copies.
    pub near_copies: usize,
    /// Median distance from a sample to its nearest training image.
    pub nearest_median: f64,
    /// The same of real images: about equal for a generator that neither copies nor strays.
    pub nearest_median_floor: f64,
    /// The samples most suspect of copying, worst first.
    pub closest: Vec<Pair>,
}

/// A sample and the training image nearest to it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// Index of the sample.
    pub sample: usize,
    /// Index of the training image.
    pub training: usize,
    /// Euclidean distance between them, over pixels in [−1, 1].
    pub distance: f64,
    /// Distance from that training image to its nearest fellow.
    pub spacing: f64,
}

impl Pair {
    /// How far the sample is, in units of the training image's neighbourhood; 0 for an exact copy.
    fn ratio(&self) -> f64 {
        if self.distance == 0.0 { 0.0 } else { self.distance / self.spacing }
    }
}

/// Compares `samples` and real images with the training images, and lists the `listed` closest pairs.
///
/// The real images are `held_out` ones where there are any, else at most 2,000 training images, evenly chosen, each
/// compared with all others.
///
/// # Errors
/// If dimensions differ, a set is empty or there are fewer than two training images.
pub fn memorisation(
    samples: Points<'_>,
    held_out: Option<Points<'_>>,
    training: Points<'_>,
    listed: usize,
) -> Result<Memorisation> {
    let floor = match held_out {
        Some(held_out) => nearest(held_out, training)?,
        None => {
            let stride = training.count().div_ceil(LEFT_OUT).max(1);
            nearest_other(training, &(0..training.count()).step_by(stride).collect::<Vec<_>>())?
        }
    };
    let floor = sorted_distances(&floor)?;
    let neighbours = nearest(samples, training)?;
    let distances = sorted_distances(&neighbours)?;
    let threshold = quantile(&floor, PERCENTILE);

    // Several samples may share a training image: look its own neighbourhood up once.
    let mut met: Vec<usize> = neighbours.iter().map(|n| n.index).collect();
    met.sort_unstable();
    met.dedup();
    let spacings = nearest_other(training, &met)?;
    let spacing = |index: usize| spacings[met.partition_point(|&other| other < index)].distance;

    let pair = |(sample, n): (usize, &Neighbour)| Pair {
        sample,
        training: n.index,
        distance: n.distance,
        spacing: spacing(n.index),
    };
    let mut closest: Vec<Pair> = neighbours.iter().enumerate().map(pair).collect();
    let near_copies = closest.iter().filter(|pair| pair.distance <= COPY * pair.spacing).count();
    closest.sort_by(|a, b| a.ratio().total_cmp(&b.ratio()));
    closest.truncate(listed);
    Ok(Memorisation {
        memorised_share: distances.partition_point(|&d| d < threshold) as f64
            / distances.len() as f64,
        memorised_threshold: threshold,
        near_copies,
        nearest_median: quantile(&distances, 0.5),
        nearest_median_floor: quantile(&floor, 0.5),
        closest,
    })
}

fn sorted_distances(neighbours: &[Neighbour]) -> Result<Vec<f64>> {
    if neighbours.is_empty() {
        return Err(Error::TooFew { what: "a check for memorising", needed: 1, count: 0 });
    }
    let mut distances: Vec<f64> = neighbours.iter().map(|n| n.distance).collect();
    distances.sort_unstable_by(f64::total_cmp);
    Ok(distances)
}

/// Linear interpolation between the order statistics around position `u · (N − 1)`.
fn quantile(ascending: &[f64], u: f64) -> f64 {
    let at = u * (ascending.len() - 1) as f64;
    let (below, above) = (ascending[at.floor() as usize], ascending[at.ceil() as usize]);
    below + (above - below) * at.fract()
}
