//! Verdicts on samples whose quality is known: real digits, spoilt ones, and copies.

use langevin_core::rng::Philox;
use langevin_data::signed::to_signed;
use langevin_data::{Dataset, digits};
use langevin_eval::{Error, Images, Verdict, judge_images, judge_samples};

fn signed(data: &Dataset) -> Vec<f32> {
    data.pixels().iter().map(|&p| to_signed(p)).collect()
}

/// The first 2,000 training digits: enough of a reference, and quickly examined.
fn reference() -> Dataset {
    digits::train().select(&(0..2000).collect::<Vec<_>>()).unwrap()
}

/// A verdict on 28×28 samples labelled as the test digits are.
fn judged(samples: &[f32], labels: &[u32]) -> Verdict {
    let samples = Images::new(samples, [labels.len(), 1, 28, 28]).unwrap();
    judge_samples(samples, Some(labels), &reference(), &digits::test()).unwrap()
}

/// Normal noise of the given deviation on every pixel.
fn noised(pixels: &[f32], std: f32) -> Vec<f32> {
    let mut noise = vec![0.0; pixels.len()];
    Philox::new(11, 0, 0).fill_normal(&mut noise);
    pixels.iter().zip(noise).map(|(p, n)| p + std * n).collect()
}

#[test]
fn real_digits_score_the_floor_and_noise_scores_worse() {
    let test = digits::test();
    let (pixels, labels) = (signed(&test), test.labels().unwrap());
    let real = judged(&pixels, labels);
    assert_eq!((real.samples, real.reference_images, real.held_out_images), (1000, 2000, 1000));
    assert_eq!(real.class_accuracy, real.judge_accuracy);
    assert!(real.class_accuracy.unwrap() >= 0.985);
    assert_eq!(
        (real.frechet, real.sliced_wasserstein),
        (real.frechet_floor, real.sliced_wasserstein_floor)
    );
    assert_eq!(real.memorisation.near_copies, 0);
    assert!(real.memorisation.memorised_share <= 0.01);
    assert_eq!(real.classes_seen.as_ref().unwrap().iter().sum::<usize>(), 1000);

    let slight = judged(&noised(&pixels, 0.4), labels);
    let strong = judged(&noised(&pixels, 1.2), labels);
    for worse in [&slight, &strong] {
        assert_eq!(worse.frechet_floor, real.frechet_floor);
        assert_eq!(worse.judge_sha256, real.judge_sha256);
    }
    assert!(slight.frechet > real.frechet && strong.frechet > slight.frechet);
    assert!(
        slight.class_accuracy < real.class_accuracy
            && strong.class_accuracy < slight.class_accuracy
    );
    assert!(slight.sliced_wasserstein > real.sliced_wasserstein);
    assert!(strong.sliced_wasserstein > slight.sliced_wasserstein);
}

#[test]
fn copies_of_training_digits_are_found_out() {
    let train = reference();
    let labels = &train.labels().unwrap()[..50];
    let copies = judged(&noised(&signed(&train)[..50 * 784], 0.05), labels);
    assert_eq!(copies.memorisation.near_copies, 50);
    assert!(copies.memorisation.memorised_share >= 0.98, "{:?}", copies.memorisation);
    assert!(copies.memorisation.closest.iter().all(|pair| pair.sample == pair.training));
    assert!(copies.class_accuracy.unwrap() > 0.98);
}

#[test]
fn a_wrong_class_and_a_lost_class_show() {
    let test = digits::test();
    let labels = test.labels().unwrap();
    let ones: Vec<usize> = (0..test.len()).filter(|&i| labels[i] == 1).collect();
    let ones = test.select(&ones).unwrap();
    let pixels = signed(&ones);
    // All ones, asked for as ones and as twos in turn.
    let asked: Vec<u32> = (0..ones.len() as u32).map(|i| 1 + i % 2).collect();
    let verdict = judged(&pixels, &asked);
    let per_class = verdict.class_accuracy_per_class.unwrap();
    assert!(per_class[1].unwrap() > 0.9 && per_class[2].unwrap() < 0.1, "{per_class:?}");
    assert_eq!(per_class[0], None);
    assert!(verdict.classes_seen.unwrap()[1] as f64 > 0.95 * ones.len() as f64);
    assert!(verdict.frechet.unwrap() > 10.0 * verdict.frechet_floor.unwrap());
}

#[test]
fn the_document_names_what_others_read_and_comes_back_the_same() {
    let test = digits::test();
    let (pixels, labels) = (signed(&test), test.labels().unwrap());
    // As the samples of a network for 32×32 images: the same digits in a margin.
    let mut padded = vec![-1.0; 100 * 1024];
    for (i, row) in pixels[..100 * 784].chunks(28).enumerate() {
        let start = i / 28 * 1024 + (i % 28 + 2) * 32 + 2;
        padded[start..start + 28].copy_from_slice(row);
    }
    let verdict = judge_samples(
        Images::new(&padded, [100, 1, 32, 32]).unwrap(),
        Some(&labels[..100]),
        &reference(),
        &test,
    )
    .unwrap();
    assert_eq!(verdict, judged(&pixels[..100 * 784], &labels[..100]));

    let json = serde_json::to_value(&verdict).unwrap();
    let numbers = [
        "class_accuracy",
        "frechet",
        "frechet_floor",
        "sliced_wasserstein",
        "sliced_wasserstein_floor",
    ];
    for name in numbers.into_iter().chain(["memorised_share", "judge_accuracy"]) {
        assert!(json[name].is_f64(), "{name}: {json}");
    }
    assert!(json["near_copies"].is_u64() && json["judge_sha256"].is_string());
    assert!(json.get("frechet_random_features").is_none());
    assert_eq!(serde_json::from_value::<Verdict>(json).unwrap(), verdict);
}

/// Colour images of smooth random waves; a function of the seed.
fn waves(count: usize, seed: u64) -> Vec<f32> {
    let image = |i: u64| {
        let mut random = Philox::new(seed, 0, i);
        let waves: Vec<[f64; 4]> =
            (0..3).map(|_| [0.6, 0.6, 6.3, 0.9].map(|most| most * random.uniform())).collect();
        (0..3 * 12 * 20).map(move |at| {
            let [fx, fy, phase, size] = waves[at / 240];
            (size * (fx * (at % 20) as f64 + fy * (at / 20 % 12) as f64 + phase).sin()) as f32
        })
    };
    (0..count as u64).flat_map(image).collect()
}

fn dataset(values: &[f32]) -> Dataset {
    let pixels = values.iter().map(|&v| langevin_data::signed::from_signed(v)).collect();
    Dataset::new(3, 12, 20, pixels).unwrap()
}

#[test]
fn other_images_are_judged_without_a_classifier() {
    let (reference, fresh) = (dataset(&waves(600, 1)), waves(300, 2));
    let judged = |values: &[f32], held_out| {
        judge_images(Images::new(values, [300, 3, 12, 20]).unwrap(), &reference, held_out).unwrap()
    };
    let held_out = dataset(&waves(300, 3));
    for held_out in [Some(&held_out), None] {
        let good = judged(&fresh, held_out);
        let bad = judged(&noised(&fresh, 0.3), held_out);
        let (distance, floor) =
            (good.frechet_random_features.unwrap(), good.frechet_random_features_floor.unwrap());
        assert!(distance < 2.0 * floor, "{distance} {floor}");
        assert!(bad.frechet_random_features.unwrap() > 3.0 * floor, "{bad:?}");
        assert!(good.sliced_wasserstein < 2.0 * good.sliced_wasserstein_floor, "{good:?}");
        assert!(
            good.class_accuracy.is_none() && good.frechet.is_none() && good.judge_sha256.is_none()
        );
        let json = serde_json::to_value(&good).unwrap();
        assert!(json.get("frechet").is_none() && json["frechet_random_features"].is_f64());
    }
}

#[test]
fn bad_input_is_refused_in_a_sentence() {
    let (train, test) = (reference(), digits::test());
    let values = vec![0.0; 2 * 784];
    let two = Images::new(&values, [2, 1, 28, 28]).unwrap();
    let say = |labels| judge_samples(two, Some(labels), &train, &test).unwrap_err().to_string();
    assert_eq!(say(&[1]), "1 labels for 2 images; expected one for each");
    assert_eq!(say(&[1, 10]), "label 10 of image 1 is not a digit from 0 to 9");

    let unlabelled = Dataset::new(1, 28, 28, vec![0; 784]).unwrap();
    let error = judge_samples(two, None, &train, &unlabelled).unwrap_err().to_string();
    assert_eq!(error, "the test images carry no labels; expected digits from 0 to 9");

    let wide = Images::new(&values, [2, 1, 14, 56]).unwrap();
    assert!(matches!(
        judge_samples(wide, None, &train, &test),
        Err(Error::NotDigits { channels: 1, height: 14, width: 56 })
    ));
    assert!(matches!(judge_images(wide, &train, None), Err(Error::ImageShape { .. })));
    assert!(matches!(Images::new(&values, [3, 1, 28, 28]), Err(Error::ImageLength { .. })));
    assert!(matches!(Images::new(&[], [0, 1, 28, 28]), Err(Error::ImageLength { .. })));
    assert!(matches!(Images::new(&[f32::INFINITY], [1, 1, 1, 1]), Err(Error::NotFinite { .. })));
}
