//! Pictures shown while they are being made: a file that is written anew, and an animation of all that was shown.

use std::path::Path;

use burn::tensor::Device;
use langevin_data::Picture;
use langevin_data::picture::{ContactSheet, write_png};
use langevin_pipelines::{Preview, Progress, TextToImage};
use langevin_weights::folder::Component;

use super::one_by_one::numbers;
use crate::args::sample::Sample;
use crate::draw::Job;
use crate::failure::{Failure, Hint};
use crate::gallery::{ANIMATED, LEGIBLE, animate, make_folder_of};

/// How often the file is written for each picture.
const SHOWN: usize = 10;

/// What is shown, and what has been.
#[derive(Debug)]
pub(super) struct Previews<'a> {
    way: Option<Preview>,
    file: Option<&'a Path>,
    animation: Option<&'a Path>,
    /// For each step, the previews of the first pictures.
    frames: Vec<Vec<f32>>,
    shape: [usize; 3],
}

impl<'a> Previews<'a> {
    /// None at all, unless the options ask for some.
    pub(super) fn new(
        args: &'a Sample,
        model: &dyn TextToImage,
        channels: usize,
        device: &Device,
    ) -> Result<Self, Failure> {
        let file = args.additions.preview.as_deref();
        let animation = args.animate.as_deref();
        let wanted = file.is_some() || animation.is_some();
        let way = match &args.additions.preview_vae {
            Some(folder) if wanted => {
                let hint = "--preview-vae takes the folder of an AutoencoderTiny for this model";
                let component = Component::open(folder).hint(hint)?;
                Some(Preview::tiny(&component, channels, device).hint(hint)?)
            }
            Some(_) => {
                return Err(Failure::usage("--preview-vae shows nothing by itself")
                    .hint("add --preview FILE.png or --animate FILE.gif"));
            }
            None if wanted && model.latents().channels() != channels => {
                return Err(Failure::usage(format!(
                    "the colours of latents of {channels} channels are not known"
                ))
                .hint("give an AutoencoderTiny for this model: --preview-vae FOLDER"));
            }
            None => wanted.then(|| Preview::Linear(model.latents())),
        };
        [file, animation].into_iter().flatten().try_for_each(make_folder_of)?;
        Ok(Self { way, file, animation, frames: Vec::new(), shape: [0; 3] })
    }

    /// Shows a state: what the network takes it for without its noise.
    pub(super) fn show(&mut self, now: &Progress<'_>) -> Result<(), Failure> {
        let (Some(way), Some(clean)) = (&self.way, now.clean) else { return Ok(()) };
        let written = self.file.filter(|_| {
            now.step == now.steps || now.step.is_multiple_of(now.steps.div_ceil(SHOWN).max(1))
        });
        let kept = self.animation.is_some() && now.picture < ANIMATED;
        if written.is_none() && !kept {
            return Ok(());
        }
        let picture = way.picture(clean)?;
        let [_, c, h, w] = picture.dims();
        let values = numbers(picture)?;
        self.shape = [c, h, w];
        if let Some(path) = written {
            let picture = Picture::batch_from_signed([1, c, h, w], &values)?;
            let scale = (LEGIBLE / w.max(1)).clamp(1, 8);
            let sheet = ContactSheet { scale, gap: 0, ..ContactSheet::new(1) };
            write_png(path, &sheet.render(&picture)?, &[])?;
        }
        if kept {
            self.frames.resize(self.frames.len().max(now.step), Vec::new());
            self.frames[now.step - 1].extend(values);
        }
        Ok(())
    }

    /// Writes the animation, if one was asked for.
    pub(super) fn finish(self, job: &Job) -> Result<(), Failure> {
        let Some(path) = self.animation.filter(|_| !self.frames.is_empty()) else { return Ok(()) };
        let job = Job { labels: None, start: None, recorded: job.count.min(ANIMATED), ..*job };
        let [c, h, w] = self.shape;
        let sizes = vec![1.0; self.frames.len()];
        animate(path, &job, [job.recorded, c, h, w], &self.frames, &sizes)
    }
}
