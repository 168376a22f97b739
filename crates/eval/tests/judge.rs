//! The embedded judge of digits.

use langevin_core::rng::Philox;
use langevin_data::digits;
use langevin_data::signed::to_signed;
use langevin_eval::{Error, Judge, JudgeNetwork};

fn test_pixels() -> Vec<f32> {
    digits::test().pixels().iter().map(|&p| to_signed(p)).collect()
}

/// Share of the test digits seen right in the given pixels of all of them.
fn accuracy(judge: &Judge, pixels: &[f32]) -> f64 {
    let test = digits::test();
    let seen = judge.classify(pixels, test.len()).unwrap();
    let right = seen
        .iter()
        .zip(test.labels().unwrap())
        .filter(|(seen, label)| u32::from(**seen) == **label)
        .count();
    right as f64 / test.len() as f64
}

#[test]
fn it_knows_the_test_digits_also_when_moved() {
    let judge = Judge::embedded().unwrap();
    assert_eq!(judge.sha256().len(), 64);
    let pixels = test_pixels();
    let straight = accuracy(&judge, &pixels);
    assert!(straight >= 0.985, "{straight}");
    // Two pixels to the right; what leaves on the right is background, and so is what enters on the left.
    let moved: Vec<f32> =
        pixels.chunks(28).flat_map(|row| [&[-1.0; 2], &row[..26]].concat()).collect();
    let moved = accuracy(&judge, &moved);
    assert!(moved >= 0.97, "{moved}");
}

#[test]
fn it_is_no_better_than_chance_on_noise() {
    let mut noise = vec![0.0; 1000 * 784];
    Philox::new(3, 0, 0).fill_normal(&mut noise);
    let by_chance = accuracy(&Judge::embedded().unwrap(), &noise);
    assert!((0.05..0.2).contains(&by_chance), "{by_chance}");
}

#[test]
fn a_margin_and_values_out_of_range_change_nothing() {
    let judge = Judge::embedded().unwrap();
    let pixels = &test_pixels()[..30 * 784];
    let plain = judge.examine(pixels, 30).unwrap();
    assert_eq!(plain.features.len(), 30 * JudgeNetwork::FEATURES);

    let mut padded = vec![0.3; 30 * 1024];
    for (i, row) in pixels.chunks(28).enumerate() {
        let start = i / 28 * 1024 + (i % 28 + 2) * 32 + 2;
        padded[start..start + 28].copy_from_slice(row);
    }
    assert_eq!(judge.examine(&padded, 30).unwrap(), plain);

    let stark: Vec<f32> =
        pixels.iter().map(|v| if v.abs() == 1.0 { 7.0 * v } else { *v }).collect();
    assert_eq!(judge.examine(&stark, 30).unwrap(), plain);
}

#[test]
fn an_image_is_seen_alike_in_any_company_and_by_any_number_of_threads() {
    let judge = Judge::embedded().unwrap();
    let pixels = &test_pixels()[..300 * 784];
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| judge.features(pixels, 300).unwrap())
    };
    let all = run(1);
    assert_eq!(all, run(3));
    for i in [0, 255, 256, 299] {
        let alone = judge.features(&pixels[i * 784..(i + 1) * 784], 1).unwrap();
        assert_eq!(alone, all[i * JudgeNetwork::FEATURES..(i + 1) * JudgeNetwork::FEATURES]);
    }
}

#[test]
fn bad_input_is_refused_in_a_sentence() {
    let judge = Judge::embedded().unwrap();
    let error = judge.classify(&[0.0; 785], 1).unwrap_err().to_string();
    assert_eq!(
        error,
        "785 values do not make 1 digits; expected 784 (28×28) or 1024 (32×32) for each"
    );
    let mut nan = vec![0.0; 2 * 784];
    nan[784 + 5] = f32::NAN;
    let error = judge.features(&nan, 2).unwrap_err().to_string();
    assert_eq!(error, "value 5 of point 1 is NaN; expected a finite number");
    assert!(judge.classify(&[], 0).unwrap().is_empty());
}

#[test]
fn weights_that_are_not_a_judges_are_refused() {
    let embedded: &[u8] = include_bytes!("../src/judge/digits.safetensors");
    assert!(embedded.len() < 1_000_000, "{} bytes", embedded.len());
    assert!(Judge::from_safetensors(embedded).is_ok());
    assert!(matches!(
        Judge::from_safetensors(&embedded[..embedded.len() - 1]),
        Err(Error::Weights(_))
    ));
    assert!(matches!(Judge::from_safetensors(b""), Err(Error::Weights(_))));

    let renamed =
        String::from_utf8_lossy(&embedded[8..400]).replacen("conv1.bias", "conv9.bias", 1);
    let renamed = [&embedded[..8], renamed.as_bytes(), &embedded[400..]].concat();
    let error = Judge::from_safetensors(&renamed).unwrap_err().to_string();
    assert!(error.contains("conv1.bias"), "{error}");
}
