//! How probable 8-bit images are under a model: a bound by the noise it fails to see, or the density along its flow.
//!
//! Both are of the continuous process between the schedule's ends, whatever solver samples it. Image `i` draws its random
//! numbers from `seed + i`, so a result does not depend on which images are computed together.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::likelihood::{
    Dequantisation, Divergence, FlowDensity, UniformDequantisation, VdmBound, bits_per_dimension,
};
use langevin_core::rng::Philox;
use langevin_core::{AnySchedule, Denoiser, Level, Schedule};

use crate::{Error, Model, ModelDenoiser, Result};

/// Purpose numbers of the random streams.
const PURPOSE_NOISE: u64 = 0x11CE;
const PURPOSE_OFFSET: u64 = 0x0FF5;
const PURPOSE_BIN: u64 = 0xB175;
const PURPOSE_PROBE: u64 = 0x7ACE;

/// Values of a pixel.
const VALUES: usize = 256;

/// Distance of neighbouring values.
const WIDTH: f64 = 2.0 / (VALUES - 1) as f64;

/// `sigma/alpha` of the bound's first level, at least.
const FINEST: f64 = 2.0 * WIDTH;

/// How the likelihood is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LikelihoodMethod {
    /// The variational bound of continuous time (Kingma et al. 2021, eqs. 11 and 17); unbiased, at most the likelihood.
    Elbo {
        /// Noise levels that are looked at, one evaluation each; the more, the less noise in the result.
        draws: usize,
    },
    /// The density along the probability-flow ODE (Song et al. 2021, eq. 39) of uniformly dequantised images, with
    /// Hutchinson's estimate of the trace; at most the likelihood, too, because of the dequantisation.
    Flow {
        /// Fourth-order Runge–Kutta steps, four evaluations each.
        steps: usize,
        /// Random vectors of the trace; each takes an evaluation and a gradient more.
        probes: usize,
    },
}

/// Images whose likelihood is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Subjects<'a> {
    /// `[N, C, H, W]`, each number one of the 256 values from −1 to 1.
    pub values: &'a [f32],
    /// `[N, C, H, W]`.
    pub shape: [usize; 4],
    /// The class of each, for `p(image | class)`.
    pub labels: Option<&'a [u32]>,
    /// The seed of the first; image `i` has this plus `i`.
    pub seed: u64,
}

/// Bits per dimension of each image: `−log₂ P(image)` over its numbers, or an upper bound of it.
///
/// # Errors
/// Where the images do not fit the model, or the schedule has no ends to integrate between.
pub fn likelihood(
    model: &Model,
    images: &Subjects<'_>,
    method: LikelihoodMethod,
    device: &Device,
) -> Result<Vec<f64>> {
    let [count, channels, height, width] = images.shape;
    let network = &model.config.network;
    let expected = [count, network.in_channels(), height, width];
    if images.shape != expected || images.values.len() != expected.iter().product::<usize>() {
        return Err(Error::Shape {
            name: "images",
            found: images.shape.to_vec(),
            expected: expected.to_vec(),
        });
    }
    let size = channels * height * width;
    let nats = match method {
        LikelihoodMethod::Elbo { draws } => bound(model, images, size, draws.max(1), device)?,
        LikelihoodMethod::Flow { steps, probes } => {
            density(model, images, size, (steps, probes.max(1)), device)?
        }
    };
    if let Some(image) = nats.iter().position(|nats| !nats.is_finite()) {
        return Err(Error::NotFinite { image });
    }
    Ok(nats.into_iter().map(|nats| bits_per_dimension(nats, size)).collect())
}

/// The least noisy and the noisiest level that the model was trained on, where both signal and noise are left.
fn ends(schedule: &AnySchedule) -> (Level, Level) {
    let step = 1.0 / schedule.steps() as f64;
    let inside = |t: f64, towards: f64| match schedule.level(t) {
        level if level.sigma > 0.0 && level.alpha > 0.0 => level,
        _ => schedule.level(t + towards),
    };
    (inside(0.0, step), inside(1.0, -step))
}

fn tensor(values: Vec<f32>, shape: [usize; 4], device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Upper bounds of `−ln P` of each image.
fn bound(
    model: &Model,
    images: &Subjects<'_>,
    size: usize,
    draws: usize,
    device: &Device,
) -> Result<Vec<f64>> {
    let denoiser = ModelDenoiser::new(model, images.labels);
    let schedule = &model.config.schedule;
    let (first, last) = ends(schedule);
    // Any first level gives a bound. Below this noise only the grid of values is left to learn, which the reconstruction
    // knows and a network does not.
    let first = if first.ratio() < FINEST {
        schedule.level(schedule.time(Level::new(1.0, FINEST)))
    } else {
        first
    };
    let bound = VdmBound::new(schedule, &denoiser, first, last)?;
    let clean = tensor(images.values.to_vec(), images.shape, device);
    let noise = |draw: usize| {
        let mut values = vec![0.0f32; images.values.len()];
        for (i, image) in values.chunks_mut(size).enumerate() {
            let seed = images.seed.wrapping_add(i as u64);
            Philox::new(seed, PURPOSE_NOISE, draw as u64).fill_normal(image);
        }
        tensor(values, images.shape, device)
    };
    let mut nats = bound.prior(&clean)?;
    let add = |nats: &mut Vec<f64>, more: Vec<f64>, weight: f64| {
        nats.iter_mut().zip(more).for_each(|(nats, more)| *nats += weight * more);
    };
    add(&mut nats, bound.discrete_reconstruction(&clean, &noise(0), VALUES)?, 1.0);
    // Evenly spaced in γ with a random offset: unbiased, and with much less noise than independent draws. All images
    // share the offset, lest a pass need several levels.
    let (low, high) = bound.gammas();
    let offset = Philox::new(0, PURPOSE_OFFSET, draws as u64).uniform();
    let stride = (high - low) / draws as f64;
    for draw in 0..draws {
        let gamma = low + (draw as f64 + offset) * stride;
        add(&mut nats, bound.loss_over_gamma(gamma, &clean, &noise(draw + 1))?, stride);
    }
    Ok(nats)
}

/// `−ln p` of each image with uniform noise on it, in units of a pixel's values.
fn density(
    model: &Model,
    images: &Subjects<'_>,
    size: usize,
    (steps, probes): (usize, usize),
    device: &Device,
) -> Result<Vec<f64>> {
    let (first, last) = ends(&model.config.schedule);
    let dequantisation = UniformDequantisation { width: WIDTH };
    let mut values = Vec::with_capacity(images.values.len());
    let mut log_weights = Vec::with_capacity(images.shape[0]);
    for (i, image) in images.values.chunks(size).enumerate() {
        let mut random = Philox::new(images.seed.wrapping_add(i as u64), PURPOSE_BIN, 0);
        let image: Vec<f64> = image.iter().copied().map(f64::from).collect();
        let noised = dequantisation.draw(&image, &mut random)?;
        values.extend(noised.x.into_iter().map(|x| (first.alpha * x) as f32));
        // The state is the image times alpha.
        log_weights.push(noised.log_weight + size as f64 * first.alpha.ln());
    }
    let device_of_gradients = device.clone().autodiff();
    let network = model.network.clone().to_device(&device_of_gradients).no_grad();
    let traced = Traced {
        model: &Model { network, config: model.config.clone() },
        labels: images.labels,
        seed: images.seed,
        probes,
    };
    let flow = FlowDensity::new(first, last, steps)?;
    let encoded = flow.encode(&tensor(values, images.shape, device), &traced)?;
    let nats = encoded.log_density.into_iter().zip(log_weights);
    Ok(nats.map(|(density, weight)| -density - weight).collect())
}

/// A model's clean estimate with Hutchinson's estimate of the trace of its Jacobian, `vᵀ J v` with signs `v`.
struct Traced<'a> {
    /// On a device that records gradients, its own weights not among them.
    model: &'a Model,
    labels: Option<&'a [u32]>,
    seed: u64,
    probes: usize,
}

impl Traced<'_> {
    fn probe(&self, index: usize, shape: [usize; 4], device: &Device) -> Tensor<4> {
        let size = shape[1..].iter().product();
        let mut values = Vec::with_capacity(shape[0] * size);
        for i in 0..shape[0] {
            let seed = self.seed.wrapping_add(i as u64);
            let mut random = Philox::new(seed, PURPOSE_PROBE, index as u64);
            values.extend((0..size).map(|_| (random.next_u32() & 1) as f32 * 2.0 - 1.0));
        }
        tensor(values, shape, device)
    }
}

impl Divergence<Tensor<4>> for Traced<'_> {
    fn denoise_with_trace(
        &self,
        x: &Tensor<4>,
        at: Level,
    ) -> langevin_core::Result<(Tensor<4>, Vec<f64>)> {
        let shape = x.dims();
        let mut traces = vec![0.0; shape[0]];
        let mut clean = None;
        for index in 0..self.probes {
            let v = self.probe(index, shape, &x.device());
            let input = x.clone().autodiff().require_grad();
            let output = ModelDenoiser::new(self.model, self.labels).denoise(&input, at)?;
            let gradients = (output.clone() * v.clone().autodiff()).sum().backward();
            let product = input.grad(&gradients).ok_or_else(|| {
                let reason = "the network's output does not depend on its input".to_owned();
                langevin_core::Error::Denoiser(reason)
            })?;
            let estimates = (product * v).reshape([shape[0] as i64, -1]).sum_dim(1).into_data();
            for (trace, one) in traces.iter_mut().zip(estimates.iter::<f64>()) {
                *trace += one / self.probes as f64;
            }
            clean = Some(output.inner());
        }
        Ok((clean.expect("there is at least one probe"), traces))
    }
}
