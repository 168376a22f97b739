//! `cargo xtask train-judge [FOLDER]`: trains the judge of digits that `langevin-eval` embeds.
//!
//! AdamW (Loshchilov and Hutter 2019) at a cosine-decayed rate on the 9,000 training digits, each moved by whole
//! pixels or distorted at random, with dropout on the features; the weights written are the exponential moving average. Every
//! random number is a function of the seed and its place, and no kernel's sum depends on the number of threads, so the
//! same seed on the same kind of processor gives the same file.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::rng::Philox;
use langevin_data::signed::to_signed;
use langevin_data::{Dataset, digits};
use langevin_eval::{Judge, JudgeNetwork};
use langevin_kernels::optim::AdamW;
use langevin_nn::layer::Dropout;
use langevin_nn::{Init, params};
use langevin_weights::atomic;

/// Where `langevin-eval` embeds the weights from.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/eval/src/judge");

const SEED: u64 = 1;
const EPOCHS: usize = 16;
const BATCH: usize = 64;
const RATE: f64 = 2e-3;
const WARM_UP: f64 = 100.0;
const WEIGHT_DECAY: f32 = 0.05;
const DROPOUT: f64 = 0.2;
const AVERAGE: f64 = 0.998;

/// Share of the test digits the judge must get right; below it nothing is written.
const LEAST_ACCURACY: f64 = 0.985;

/// Largest turn in radians, change of scale, and shear.
const DISTORTION: [f64; 3] = [0.2, 0.12, 0.2];

/// Largest way a digit is moved along each axis, in pixels.
const WAY: f64 = 2.0;

/// What random numbers are for; their index is 0, the epoch, the step, and the image's place in the run.
const WEIGHTS: u64 = 1;
const ORDER: u64 = 2;
const DROPPED: u64 = 3;
const DISTORTED: u64 = 4;

const SIDE: usize = 28;

/// Trains the judge, checks it on the test digits, and writes its weights and their hash into `folder`, by default
/// where they are embedded from.
pub(crate) fn run(folder: Option<&Path>) -> Result<()> {
    let folder = folder.unwrap_or(Path::new(FOLDER));
    let start = Instant::now();
    let network = fit(&digits::train())?;

    // Checked as a file beside the build's outputs before it replaces the one in use.
    let candidate = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/judge.safetensors");
    langevin_weights::write(
        &candidate,
        &params::collect(&network),
        &[("seed".to_owned(), SEED.to_string())].into(),
    )?;
    let bytes = std::fs::read(&candidate)?;
    let judge = Judge::from_safetensors(&bytes)?;
    let accuracy = accuracy(&judge, &digits::test())?;
    say(&format!(
        "{accuracy:.4} of the test digits right after {:.0} s",
        start.elapsed().as_secs_f64()
    ))?;
    ensure!(
        accuracy >= LEAST_ACCURACY,
        "{accuracy} of the test digits right; expected at least {LEAST_ACCURACY}"
    );

    atomic::write_bytes(folder.join("digits.safetensors"), &bytes)?;
    atomic::write_bytes(folder.join("digits.sha256"), format!("{}\n", judge.sha256()).as_bytes())?;
    say(&format!("wrote {} bytes to {}, SHA-256 {}", bytes.len(), folder.display(), judge.sha256()))
}

/// The trained network: the moving average of its weights.
fn fit(train: &Dataset) -> Result<JudgeNetwork> {
    let device = Device::flex().autodiff();
    let mut source = Philox::new(SEED, WEIGHTS, 0);
    let mut network =
        JudgeNetwork::new(&mut Init::new(&device, &mut |out| source.fill_uniform(out)));
    let mut weights: Vec<Vec<f32>> =
        params::collect(&network).into_iter().map(|(_, _, values)| values).collect();
    let zeros = || weights.iter().map(|w| vec![0.0; w.len()]).collect::<Vec<_>>();
    let (mut first, mut second, mut average) = (zeros(), zeros(), weights.clone());

    let optimiser = AdamW { weight_decay: WEIGHT_DECAY, ..AdamW::default() };
    let per_epoch = train.len() / BATCH;
    let steps = EPOCHS * per_epoch;
    let mut order: Vec<usize> = (0..train.len()).collect();
    let mut sum = 0.0;
    for step in 0..steps {
        let (epoch, place) = (step / per_epoch, step % per_epoch);
        if place == 0 {
            Philox::new(SEED, ORDER, epoch as u64).shuffle(&mut order);
        }
        let chosen = &order[place * BATCH..(place + 1) * BATCH];
        let loss = loss(&network, train, chosen, step, &device);
        let gradients = params::gradients(&network, loss.backward());
        sum += f64::from(loss.into_scalar::<f32>());

        let t = step as f64 + 1.0;
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * step as f64 / steps as f64).cos());
        let rate = (RATE * cosine * (t / WARM_UP).min(1.0)) as f32;
        let decay = AVERAGE.min((1.0 + t) / (10.0 + t)) as f32;
        for (i, (_, gradient)) in gradients.iter().enumerate() {
            let ema = Some((average[i].as_mut_slice(), decay));
            optimiser.step(
                rate,
                step as u64 + 1,
                1.0,
                gradient,
                &mut weights[i],
                &mut first[i],
                &mut second[i],
                ema,
            );
        }
        network = params::assign(network, &mut weights.iter().map(Vec::as_slice))?;
        if place + 1 == per_epoch {
            say(&format!("epoch {} of {EPOCHS}: loss {:.4}", epoch + 1, sum / per_epoch as f64))?;
            sum = 0.0;
        }
    }
    Ok(params::assign(network, &mut average.iter().map(Vec::as_slice))?)
}

/// Mean cross-entropy of a batch of distorted digits.
fn loss(
    network: &JudgeNetwork,
    train: &Dataset,
    chosen: &[usize],
    step: usize,
    device: &Device,
) -> Tensor<1> {
    let labels = train.labels().expect("the embedded digits carry labels");
    let mut pixels = Vec::with_capacity(BATCH * SIDE * SIDE);
    let mut targets = vec![0.0_f32; BATCH * JudgeNetwork::CLASSES];
    for (i, &index) in chosen.iter().enumerate() {
        let mut random = Philox::new(SEED, DISTORTED, (step * BATCH + i) as u64);
        pixels.extend(distort(train.image(index), &mut random));
        targets[i * JudgeNetwork::CLASSES + labels[index] as usize] = -1.0 / BATCH as f32;
    }
    let x = Tensor::<4>::from_data(TensorData::new(pixels, [BATCH, 1, SIDE, SIDE]), device);
    let targets =
        Tensor::<2>::from_data(TensorData::new(targets, [BATCH, JudgeNetwork::CLASSES]), device);
    let mut dropped = Philox::new(SEED, DROPPED, step as u64);
    let features =
        Dropout::On(&mut |out| dropped.fill_uniform(out)).apply(network.features(x), DROPOUT);
    (log_softmax(network.logits(features), 1) * targets).sum()
}

/// The digit moved by whole pixels or, as often, turned, scaled, sheared and moved about its middle; black beyond its edge.
///
/// Interpolation blurs, and a judge that only ever saw blurred digits would not mind samples that are.
fn distort(digit: &[u8], random: &mut Philox) -> Vec<f32> {
    let mut within = |most: f64| most * (2.0 * random.uniform() - 1.0);
    let crisp = within(1.0) < 0.0;
    let [mut turn, mut scale, mut shear] = DISTORTION.map(&mut within);
    let [mut right, mut down] = [within(WAY), within(WAY)];
    if crisp {
        (turn, scale, shear) = (0.0, 0.0, 0.0);
        (right, down) = (right.round(), down.round());
    }
    let (sin, cos) = turn.sin_cos();
    let pixel = |row: i64, column: i64| {
        let inside = (0..SIDE as i64).contains(&row) && (0..SIDE as i64).contains(&column);
        f64::from(if inside {
            to_signed(digit[row as usize * SIDE + column as usize])
        } else {
            -1.0
        })
    };
    let middle = (SIDE - 1) as f64 / 2.0;
    let at = |i: usize| {
        let (x, y) = ((i % SIDE) as f64 - middle, (i / SIDE) as f64 - middle);
        let u = (1.0 + scale) * (cos * x - sin * y) + shear * y + middle + right;
        let v = (1.0 + scale) * (sin * x + cos * y) + middle + down;
        let (column, row) = (u.floor() as i64, v.floor() as i64);
        let (fu, fv) = (u - u.floor(), v - v.floor());
        let upper = pixel(row, column) * (1.0 - fu) + pixel(row, column + 1) * fu;
        let lower = pixel(row + 1, column) * (1.0 - fu) + pixel(row + 1, column + 1) * fu;
        (upper * (1.0 - fv) + lower * fv) as f32
    };
    (0..SIDE * SIDE).map(at).collect()
}

fn accuracy(judge: &Judge, test: &Dataset) -> Result<f64> {
    let pixels: Vec<f32> = test.pixels().iter().map(|&p| to_signed(p)).collect();
    let labels = test.labels().expect("the embedded digits carry labels");
    let seen = judge.classify(&pixels, test.len())?;
    let right =
        seen.iter().zip(labels).filter(|(seen, label)| u32::from(**seen) == **label).count();
    Ok(right as f64 / test.len() as f64)
}

fn say(line: &str) -> Result<()> {
    Ok(writeln!(std::io::stderr(), "{line}")?)
}
