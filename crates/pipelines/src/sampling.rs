//! The walk that all pipelines of latents share: drawn or given noise, the scheduler's steps, the observer.

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::State;
use langevin_schedulers::{Network, Noise, NoiseSource, walk};

use crate::noise::LatentNoise;
use crate::{Error, Job, Progress, Result};

/// The last latents `[1, C, h, w]` of picture `index`; `shape` is `[C, h, w]`.
pub(crate) fn latents(
    job: &Job,
    index: usize,
    shape: [usize; 3],
    network: &dyn Network<Tensor<4>>,
    device: &Device,
    observer: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
) -> Result<Tensor<4>> {
    let size: usize = shape.iter().product();
    let mut noise = LatentNoise(Noise::new(job.rng, job.seeds[index], 1, size), shape, device);
    let start = match &job.start {
        Some(start) => {
            let values =
                start.get(index * size..(index + 1) * size).ok_or_else(|| Error::Value {
                    name: "the number of latents",
                    found: start.len().to_string(),
                    expected: format!("{size} for each picture"),
                })?;
            let [c, h, w] = shape;
            Tensor::from_data(TensorData::new(values.to_vec(), [1, c, h, w]), device)
        }
        None => noise.draw()? * job.plan.init_noise_sigma,
    };
    let (pictures, steps) = (job.seeds.len(), job.plan.calls());
    let mut stopped = false;
    let told = &mut |step: usize, latents: &Tensor<4>| {
        let progress = Progress { picture: index, pictures, step, steps, latents };
        match observer(&progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => {
                stopped = true;
                Err(langevin_schedulers::Error::Stopped)
            }
        }
    };
    let walked = walk(&job.plan, network, start, &mut noise, told);
    if stopped {
        return Err(Error::Interrupted { done: index, total: pictures });
    }
    Ok(walked?)
}

/// The state `[1, C, h, w]` once for each branch of guidance.
pub(crate) fn branches(x: &Tensor<4>, count: usize) -> Tensor<4> {
    if count == 1 { x.clone() } else { Tensor::cat(vec![x.clone(); count], 0) }
}

/// Classifier-free guidance (Ho and Salimans 2022) `scale · with + (1 − scale) · without`, of an output
/// `[2, C, h, w]` without and with the prompt; the output itself where there is one branch.
pub(crate) fn guide(output: Tensor<4>, scale: f64) -> langevin_schedulers::Result<Tensor<4>> {
    if output.dims()[0] == 1 {
        return Ok(output);
    }
    let (without, with) = (output.clone().narrow(0, 0, 1), output.narrow(0, 1, 1));
    Ok(State::combine(&[(scale, &with), (1.0 - scale, &without)])?)
}

/// The shape `[C, h, w]` of the latents of pictures of this size, whose sides are multiples of `unit` pixels, `reduction`
/// of them for each latent.
///
/// # Errors
/// Where a side is 0 or no multiple.
pub(crate) fn latent_shape(
    [height, width]: [usize; 2],
    channels: usize,
    reduction: usize,
    unit: usize,
) -> Result<[usize; 3]> {
    if height == 0 || width == 0 || height % unit != 0 || width % unit != 0 {
        return Err(Error::Value {
            name: "the size",
            found: format!("{height} × {width}"),
            expected: format!("multiples of {unit} pixels"),
        });
    }
    Ok([channels, height / reduction, width / reduction])
}
