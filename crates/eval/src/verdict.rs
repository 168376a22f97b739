//! One report on a generator's samples: every distance stands beside its floor, the same distance of unseen real images.
//!
//! A distance between finite samples is never zero, so the floor is what a perfect generator would score. Fréchet and
//! sliced distances shrink with the sample count (Chong and Forsyth 2020): compare values of equal counts only.

use langevin_data::Dataset;
use serde::{Deserialize, Serialize};

use crate::images::{Images, Pixels};
use crate::judge::{Examined, Judge, JudgeNetwork};
use crate::memorisation::{Memorisation, memorisation};
use crate::random_features::{FEATURES, random_features};
use crate::{Error, Gaussian, Points, Result, frechet, sliced_wasserstein};

/// Directions of the sliced distance; with 512 its relative error is a few per cent, the same for sample and floor.
const PROJECTIONS: usize = 512;

/// Pairs of a sample and its nearest training image that are listed.
const LISTED: usize = 10;

/// How good samples are. Fields that do not apply are `None`, and absent from JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Number of samples judged.
    pub samples: usize,
    /// Number of reference images, on which the generator was trained.
    pub reference_images: usize,
    /// Number of unseen real images that give the floors.
    pub held_out_images: usize,
    /// Share of the samples in which the judge sees the digit that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_accuracy: Option<f64>,
    /// The same for each digit; `None` where none was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_accuracy_per_class: Option<Vec<Option<f64>>>,
    /// How many samples the judge takes for each digit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes_seen: Option<Vec<usize>>,
    /// Fréchet distance from the samples to the reference on the judge's features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frechet: Option<f64>,
    /// The same from the unseen real images to the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frechet_floor: Option<f64>,
    /// Fréchet distance on features of a random network; a smoke test only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frechet_random_features: Option<f64>,
    /// The same from the unseen real images to the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frechet_random_features_floor: Option<f64>,
    /// Sliced 2-Wasserstein distance from the samples to the reference, over pixels in [−1, 1].
    pub sliced_wasserstein: f64,
    /// The same from the unseen real images to the reference.
    pub sliced_wasserstein_floor: f64,
    /// Whether the samples repeat reference images.
    #[serde(flatten)]
    pub memorisation: Memorisation,
    /// SHA-256 of the judge's weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge_sha256: Option<String>,
    /// The judge's accuracy on the unseen real digits: what `class_accuracy` would be for perfect samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge_accuracy: Option<f64>,
}

/// Judges samples of digits with the embedded [`Judge`].
///
/// `labels` are the digits that were asked for, where any were. `reference` is what the generator was trained on,
/// `test` unseen digits. All are 28×28, or 32×32 of which the outer two pixels are left out. The samples are rounded
/// to 256 grades first, so that they and the picture files made of them get one verdict.
///
/// # Errors
/// If images are not digits, or labels are not one digit for each image.
pub fn judge_samples(
    samples: Images<'_>,
    labels: Option<&[u32]>,
    reference: &Dataset,
    test: &Dataset,
) -> Result<Verdict> {
    let judge = Judge::embedded()?;
    let samples = Pixels::of_samples(samples).into_digits()?;
    if let Some(labels) = labels {
        check_labels(labels, samples.count)?;
    }
    let test_labels = test.labels().ok_or(Error::NoLabels("test"))?;
    check_labels(test_labels, test.len())?;
    let reference = Pixels::of_dataset(reference).into_digits()?;
    let test = Pixels::of_dataset(test).into_digits()?;

    let seen = |pixels: &Pixels| judge.examine(&pixels.values, pixels.count);
    let (seen_samples, seen_reference, seen_test) =
        (seen(&samples)?, seen(&reference)?, seen(&test)?);
    let distance = |examined: &Examined| {
        distance(&examined.features, &seen_reference.features, JudgeNetwork::FEATURES)
    };
    let mut classes_seen = vec![0; JudgeNetwork::CLASSES];
    seen_samples.classes.iter().for_each(|&class| classes_seen[usize::from(class)] += 1);
    Ok(Verdict {
        class_accuracy: labels.map(|labels| accuracy(&seen_samples.classes, labels)),
        class_accuracy_per_class: labels
            .map(|labels| accuracy_per_class(&seen_samples.classes, labels)),
        classes_seen: Some(classes_seen),
        frechet: distance(&seen_samples)?,
        frechet_floor: distance(&seen_test)?,
        judge_sha256: Some(judge.sha256().to_owned()),
        judge_accuracy: Some(accuracy(&seen_test.classes, test_labels)),
        ..without_judge(&samples, &reference, Some(&test))?
    })
}

/// Judges samples of any other kind of image, against the `reference` the generator was trained on.
///
/// There is no judge of their content, and the Fréchet distance is on random features, named so. The floors come from
/// `held_out` images; without any, the distances' floors are those between the two interleaved halves of the reference,
/// and the check for memorising compares reference images with their fellows.
///
/// # Errors
/// If the images differ in shape, or the reference has fewer than two.
pub fn judge_images(
    samples: Images<'_>,
    reference: &Dataset,
    held_out: Option<&Dataset>,
) -> Result<Verdict> {
    let samples = Pixels::of_samples(samples);
    let reference = Pixels::of_dataset(reference);
    let held_out = held_out.map(Pixels::of_dataset);
    let features = random_features(&reference);
    let floor = match &held_out {
        Some(held_out) => distance(&random_features(held_out), &features, FEATURES)?,
        None => {
            let [even, odd] = halves(&features, FEATURES);
            distance(&even, &odd, FEATURES)?
        }
    };
    Ok(Verdict {
        frechet_random_features: distance(&random_features(&samples), &features, FEATURES)?,
        frechet_random_features_floor: floor,
        ..without_judge(&samples, &reference, held_out.as_ref())?
    })
}

/// What needs no features.
fn without_judge(
    samples: &Pixels,
    reference: &Pixels,
    held_out: Option<&Pixels>,
) -> Result<Verdict> {
    for other in [Some(samples), held_out].into_iter().flatten() {
        if other.shape != reference.shape {
            return Err(Error::ImageShape { found: other.shape, reference: reference.shape });
        }
    }
    let points = reference.points()?;
    let sliced = |a: Points<'_>, b: Points<'_>| sliced_wasserstein(a, b, PROJECTIONS, 0);
    let held_out = held_out.map(Pixels::points).transpose()?;
    let floor = match held_out {
        Some(held_out) => sliced(held_out, points)?,
        None => {
            let [even, odd] = halves(points.values(), points.dim());
            let half = |values| Points::new(values, values.len() / points.dim(), points.dim());
            sliced(half(&even)?, half(&odd)?)?
        }
    };
    Ok(Verdict {
        samples: samples.count,
        reference_images: reference.count,
        held_out_images: held_out.map_or(0, |held_out| held_out.count()),
        class_accuracy: None,
        class_accuracy_per_class: None,
        classes_seen: None,
        frechet: None,
        frechet_floor: None,
        frechet_random_features: None,
        frechet_random_features_floor: None,
        sliced_wasserstein: sliced(samples.points()?, points)?,
        sliced_wasserstein_floor: floor,
        memorisation: memorisation(samples.points()?, held_out, points, LISTED)?,
        judge_sha256: None,
        judge_accuracy: None,
    })
}

/// Fréchet distance between two feature sets `[N, dim]`; `None` where one is too small to have a covariance.
fn distance(a: &[f32], b: &[f32], dim: usize) -> Result<Option<f64>> {
    let (a, b) = (Points::new(a, a.len() / dim, dim)?, Points::new(b, b.len() / dim, dim)?);
    if a.count() < 2 || b.count() < 2 {
        return Ok(None);
    }
    frechet(&Gaussian::fit(a)?, &Gaussian::fit(b)?).map(Some)
}

/// Rows of even and of odd index.
fn halves(values: &[f32], dim: usize) -> [Vec<f32>; 2] {
    [0, 1].map(|first| values.chunks_exact(dim).skip(first).step_by(2).flatten().copied().collect())
}

fn check_labels(labels: &[u32], images: usize) -> Result<()> {
    if labels.len() != images {
        return Err(Error::LabelCount { labels: labels.len(), images });
    }
    match labels.iter().position(|&label| label as usize >= JudgeNetwork::CLASSES) {
        Some(image) => Err(Error::Label { image, label: labels[image] }),
        None => Ok(()),
    }
}

fn accuracy(seen: &[u8], labels: &[u32]) -> f64 {
    let right =
        seen.iter().zip(labels).filter(|(seen, label)| u32::from(**seen) == **label).count();
    right as f64 / labels.len() as f64
}

fn accuracy_per_class(seen: &[u8], labels: &[u32]) -> Vec<Option<f64>> {
    let share = |class| {
        let asked: Vec<u8> =
            seen.iter().zip(labels).filter(|(_, l)| **l == class).map(|(seen, _)| *seen).collect();
        (!asked.is_empty()).then(|| accuracy(&asked, &vec![class; asked.len()]))
    };
    (0..JudgeNetwork::CLASSES as u32).map(share).collect()
}
