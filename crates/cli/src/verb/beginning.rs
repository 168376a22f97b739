//! `langevin sample FOLDER --init IMAGE`: the picture that a way starts from, read and checked.

use std::path::Path;

use langevin_data::Picture;
use langevin_pipelines::{Error, Init, Task, TextToImage, Usual};
use langevin_schedulers::Start;

use crate::args::sample::Sample;
use crate::context::Context;
use crate::failure::{Failure, Hint};

/// What is asked for.
pub(super) fn task(args: &Sample) -> Task {
    match (&args.init, &args.mask) {
        (None, _) => Task::Text,
        (Some(_), None) => Task::Picture,
        (Some(_), Some(_)) => Task::Mask,
    }
}

/// The error about a model that is not made for what is asked for.
#[expect(clippy::needless_pass_by_value, reason = "used as an argument of map_err")]
pub(super) fn refused(error: Error) -> Failure {
    Failure::usage(error.to_string())
        .hint("--init IMAGE is the picture to start from, --mask IMAGE what of it shall change")
}

/// The picture to start from, if one is given.
pub(super) fn read(args: &Sample, usual: &Usual) -> Result<Option<Init>, Failure> {
    let Some(path) = &args.init else { return without_init(args).map(|()| None) };
    if args.latents.is_some() {
        return Err(Failure::usage("--latents does not go with --init")
            .hint("a way starts either from given latents or from a picture"));
    }
    let strength = args.strength.unwrap_or(usual.strength);
    let mask = args.mask.as_deref().map(open).transpose()?;
    let init = Init::new(open(path)?, mask, strength)
        .map_err(|error| Failure::usage(error.to_string()).hint("cut or resize one of them"))?;
    Ok(Some(init))
}

fn open(path: &Path) -> Result<Picture, Failure> {
    Picture::open(path).hint("pictures are read from PNG, JPEG, WebP and BMP files")
}

/// Refuses options that mean nothing without a picture to start from.
pub(super) fn without_init(args: &Sample) -> Result<(), Failure> {
    for (option, given) in
        [("--mask", args.mask.is_some()), ("--strength", args.strength.is_some())]
    {
        if given {
            return Err(Failure::usage(format!("{option} needs a picture to start from"))
                .hint("give it with --init IMAGE"));
        }
    }
    Ok(())
}

/// Refuses a picture to start from, for models that cannot use it.
pub(super) fn none(args: &Sample) -> Result<(), Failure> {
    if args.init.is_some() {
        return Err(Failure::usage("this model starts from noise alone, not from a picture")
            .hint("--init is for folders that read prompts, such as those of Stable Diffusion"));
    }
    without_init(args)
}

/// No words, for models that are shown a picture instead of a prompt.
pub(super) fn wordless(args: &Sample) -> Result<Vec<String>, Failure> {
    let given = [
        ("--prompt", !args.prompt.is_empty() || args.prompts.is_some()),
        ("--negative", args.negative.is_some()),
        ("--strength", args.strength.is_some()),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((option, _)) => {
            Err(Failure::usage(format!("{option} does not go with a model that varies a picture"))
                .hint("--init IMAGE is all that it is told"))
        }
        None => Ok(vec![String::new()]),
    }
}

/// Height and width of the pictures.
pub(super) fn size(args: &Sample, model: &dyn TextToImage, init: Option<&Init>) -> [usize; 2] {
    let usual = || init.map_or_else(|| model.usual_size(), |init| model.size_from(init));
    args.size.unwrap_or_else(usual)
}

/// Says where the picture to start from becomes another size.
pub(super) fn tell_size(args: &Sample, init: &Init, size: [usize; 2], context: &Context) {
    let ([h, w], [height, width]) = (init.size(), size);
    if size != [h, w] {
        let hint = if args.size.is_none() { "; --size makes it another" } else { "" };
        context.note(&format!("the picture is resized from {h} × {w} to {height} × {width}{hint}"));
    }
}

/// Where the way begins.
pub(super) fn start(
    model: &dyn TextToImage,
    init: Option<&Init>,
    steps: usize,
) -> Result<Start, Failure> {
    let Some(init) = init else { return Ok(Start::First) };
    model
        .start(init, steps)
        .map_err(|error| Failure::usage(error.to_string()).hint("take a larger --strength"))
}
