//! Pictures of a pipeline that draws one after the other, each written as soon as it is finished.

use std::ops::ControlFlow;
use std::time::Instant;

use burn::tensor::Tensor;
use langevin_models::Samples;
use langevin_pipelines::{Error, Progress, Samples as Sample};

use super::previews::Previews;
use crate::context::Context;
use crate::draw::{Drawn, Job};
use crate::failure::Failure;
use crate::gallery::Gallery;
use crate::words::{counted, seconds};

/// What is told of each state, and may end the run.
type Observer<'a> = dyn FnMut(&Progress<'_>) -> ControlFlow<()> + 'a;

/// Draws all pictures of `steps` steps; `picture` draws one.
pub(super) fn one_by_one(
    context: &Context,
    job: &Job,
    steps: usize,
    gallery: &Gallery,
    previews: Option<&mut Previews<'_>>,
    picture: &mut dyn FnMut(usize, &mut Observer<'_>) -> Result<Sample, Error>,
) -> Result<Drawn, Failure> {
    let mut previews = previews;
    let watch = context.interrupt.watch();
    let mut progress = context.task("sample");
    let mut states = vec![Vec::new(); if job.recorded > 0 { steps + 1 } else { 0 }];
    let mut all = Samples { shape: [0; 4], data: Vec::new() };
    let begun = Instant::now();
    for index in 0..job.count {
        let mut failed = None;
        let mut observer = |now: &Progress<'_>| {
            let done = (index * steps + now.step) as f64 / (job.count * steps) as f64;
            progress.update(done, || {
                format!("picture {} of {}, step {} of {steps}", index + 1, job.count, now.step)
            });
            if job.recorded > 0 {
                match numbers(now.latents.clone()) {
                    Ok(values) => states[now.step].extend(values),
                    Err(error) => failed = Some(error),
                }
            }
            if let Some(previews) = &mut previews
                && let Err(error) = previews.show(now)
            {
                failed = Some(error);
                return ControlFlow::Break(());
            }
            if watch.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let drawn = match picture(index, &mut observer) {
            Ok(drawn) => drawn,
            Err(Error::Interrupted { done, total }) => {
                failed.map_or(Ok(()), Err)?;
                if index > 0 {
                    gallery.finish(job, &all)?;
                }
                let sentence = format!("{done} of {} drawn", counted(total, "picture"));
                return Err(Failure::interrupted(sentence)
                    .hint("the same command draws the same pictures again"));
            }
            Err(error @ Error::Value { .. }) => return Err(Failure::usage(error.to_string())),
            Err(error) => return Err(error.into()),
        };
        failed.map_or(Ok(()), Err)?;
        let shape = drawn.picture.dims();
        let data = numbers(drawn.picture)?;
        if data.iter().any(|x| !x.is_finite()) {
            return Err(Error::NotFinite { picture: index }.into());
        }
        let samples = Samples { shape, data };
        gallery.add(job, index, &samples)?;
        all.shape = [index + 1, shape[1], shape[2], shape[3]];
        all.data.extend(samples.data);
    }
    let taken = begun.elapsed().as_secs_f64();
    progress.finish(&format!("{} in {}", counted(job.count, "picture"), seconds(taken)));
    Ok(Drawn { samples: all, states, seconds: taken })
}

pub(super) fn numbers(tensor: Tensor<4>) -> Result<Vec<f32>, Failure> {
    tensor
        .into_data()
        .try_into_vec::<f32>()
        .map_err(|error| Failure::failed(format!("a tensor could not be read: {error:?}")))
}
