//! `langevin convert IN OUT`.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use langevin_weights::convert::{Event, Options, Reading, convert};
use serde_json::json;

use crate::args::convert::Convert;
use crate::context::Context;
use crate::failure::{Failure, Hint};
use crate::output::Outcome;
use crate::subject::Subject;
use crate::words::{bytes, counted, seconds};

/// Endings of files of weights that are read only.
const OTHERS: [&str; 5] = ["bin", "pt", "pth", "ckpt", "gguf"];

pub(crate) fn run(args: &Convert, context: &Context) -> Result<Outcome, Failure> {
    refuse_existing(&args.output)?;
    let begun = Instant::now();
    let options = Options {
        precision: args.dtype,
        shard_size: args.shard_size,
        variant: args.variant.clone(),
    };
    let watch = context.interrupt.watch();
    let progress = context.task("convert");
    let (mut tensors, mut read, mut notes) = (0, 0, Vec::new());
    let mut listener = |event: Event<'_>| {
        match event {
            Event::Tensor { name, bytes: length } => {
                tensors += 1;
                read += length;
                progress.message(|| format!("{}, {name}", bytes(read)));
            }
            Event::Note(note) => notes.push(note),
        }
        if watch.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let output = &args.output;
    let input = Subject::find(&args.input)?.model;
    let reading =
        Reading { variant: args.variant.as_deref(), tokenizers: args.tokenizer.as_deref() };
    let done = convert(&input, output, reading, &options, &mut listener);
    notes.iter().for_each(|note| context.note(note));
    if let Err(langevin_weights::Error::Stopped) = done {
        return Err(Failure::interrupted(format!("{} was not written", output.display())));
    }
    done.hint("IN is a diffusers folder, a component's folder or a file of weights")?;
    let (written, files) = size(output)?;
    let took = begun.elapsed().as_secs_f64();
    progress.finish(&format!("{} read", bytes(read)));
    let text = format!(
        "{} of {} in {}: {}, {} in {}",
        counted(tensors, "tensor"),
        bytes(read),
        seconds(took),
        counted(files, "file"),
        bytes(written),
        output.display()
    );
    let json = json!({
        "out": output, "tensors": tensors, "files": files, "bytes": written, "notes": notes,
        "settings": {
            "dtype": args.dtype.map(|dtype| dtype.to_string()),
            "shard_size": args.shard_size, "variant": args.variant,
        },
        "seconds": took,
    });
    Ok(Outcome::done(text, json))
}

/// Nothing is overwritten: OUT is new, or an empty folder; and no other kind of file is written.
fn refuse_existing(output: &Path) -> Result<(), Failure> {
    if output.extension().is_some_and(|ending| OTHERS.iter().any(|other| ending == *other)) {
        return Err(Failure::usage(format!("files like {} are not written", output.display()))
            .hint("OUT is a folder, or a file whose name ends in .safetensors"));
    }
    let empty = fs::read_dir(output).is_ok_and(|mut entries| entries.next().is_none());
    if output.exists() && !empty {
        return Err(Failure::failed(format!("{} already exists", output.display()))
            .hint("choose another OUT, or remove it first"));
    }
    Ok(())
}

/// Bytes and files at a path, folders within it included.
fn size(path: &Path) -> Result<(u64, usize), Failure> {
    let found = fs::metadata(path)?;
    if !found.is_dir() {
        return Ok((found.len(), 1));
    }
    fs::read_dir(path)?.try_fold((0, 0), |(bytes, files), entry| {
        let (more, count) = size(&entry?.path())?;
        Ok((bytes + more, files + count))
    })
}
