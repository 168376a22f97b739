//! `langevin quickstart`: train on the embedded digits, draw, judge, report.

use std::path::{Path, PathBuf};
use std::time::Instant;

use langevin_models::Samples;
use langevin_train::{RunFolder, Start, TrainConfig, peak_memory};
use langevin_weights::atomic;
use serde_json::json;

use crate::args::quickstart::Quickstart;
use crate::context::Context;
use crate::draw::{Drawn, Job, draw};
use crate::failure::{Exit, Failure, Hint};
use crate::gallery::{Gallery, Place, animate, free_sibling};
use crate::output::Outcome;
use crate::reference::Reference;
use crate::report::run::RunReport;
use crate::report::verdict::{json as metrics_json, lines, rows};
use crate::settings::{Asked, labels, record, settle};
use crate::subject::Subject;
use crate::training::{Trained, train};
use crate::words::{counted, seconds, thousands};

/// How the digits are learnt and drawn; time and seed come from the command line.
const PRESET: &str = include_str!("../preset/quickstart.toml");

/// Pictures that are kept, and pictures that are judged; the kept ones are the first of the judged ones.
const KEPT: usize = 100;
const JUDGED: usize = 1000;

pub(crate) fn run(args: &Quickstart, context: &Context) -> Result<Outcome, Failure> {
    let folder = place(&args.out)?;
    if folder != args.out {
        context.note(&format!(
            "{} holds a run already; this one goes to {}",
            args.out.display(),
            folder.display()
        ));
    }
    let overrides = [
        ("run.minutes".to_owned(), args.minutes.to_string()),
        ("run.seed".to_owned(), context.seed().to_string()),
    ];
    let config = TrainConfig::from_toml(PRESET, &overrides)?;
    let run = RunFolder::at(&folder);
    let trained = train(context, &config, &run, Start::Fresh)?;
    let report = RunReport::new(&run, &trained)?;
    report.write()?;
    if trained.interrupted {
        return Ok(interrupted(&run, &trained));
    }
    finish(args, context, &run, &trained, report)
}

/// A folder for a new run: the one asked for, or a numbered one beside it where that holds a run already.
fn place(out: &Path) -> Result<PathBuf, Failure> {
    let run = RunFolder::at(out);
    match run.check_free() {
        Ok(()) => Ok(out.to_owned()),
        Err(_) if out.join("run.json").exists() => Ok(free_sibling(out)),
        Err(_) if out.is_dir() => Err(Failure::failed(format!(
            "{} holds files that are not a quickstart run",
            out.display()
        ))
        .hint("nothing in it was touched; choose another place with --out")),
        Err(error) => Err(error).hint("choose another place with --out"),
    }
}

/// Draws, judges and writes it all down.
fn finish(
    args: &Quickstart,
    context: &Context,
    run: &RunFolder,
    trained: &Trained,
    report: RunReport,
) -> Result<Outcome, Failure> {
    let folder = run.root();
    let subject = Subject::find(folder)?;
    let model = subject.load(context)?;
    let settings = settle(&Asked::default(), &model, &subject)?;
    let job = |first: usize, count: usize, recorded: usize| {
        let labels = labels(&model, &[], count)?;
        Ok::<_, Failure>(Job {
            seed: context.seed().wrapping_add(first as u64),
            count,
            labels,
            start: None,
            recorded,
        })
    };

    let kept = job(0, KEPT, 10)?;
    let gallery = Gallery {
        place: Place::ClassFolders(run.samples_path()),
        sheet: run.samples_path().join("sheet.png"),
        record: record(&settings, &folder.display().to_string()),
        prompts: Vec::new(),
    };
    gallery.prepare(&kept)?;
    let drawn = draw(context, "sample", &model, &kept, &settings, &mut |first, samples| {
        gallery.add(&kept, first, samples)
    })?;
    gallery.finish(&kept, &drawn.samples)?;
    let animation = run.samples_path().join("denoising.gif");
    let sizes = settings.sizes(&model)?;
    animate(&animation, &kept, drawn.samples.shape, &drawn.states, &sizes)?;

    let begun = Instant::now();
    let rest =
        draw(context, "judge", &model, &job(KEPT, JUDGED - KEPT, 0)?, &settings, &mut |_, _| {
            Ok(())
        })?;
    let sample_seconds = drawn.seconds;
    let all = together(drawn, rest);
    let asked = labels(&model, &[], JUDGED)?;
    let verdict = Reference::digits().judge(&all.data, all.shape, asked.as_deref())?;
    let judge_seconds = begun.elapsed().as_secs_f64();

    let shown = folder.display();
    let mut again = format!("langevin quickstart --minutes {} --out {shown}-again", args.minutes);
    again.extend(context.seed.map(|seed| format!(" --seed {seed}")));
    let commands = vec![
        again,
        format!("langevin sample {shown} --class 7 --count 16"),
        format!("langevin eval {shown} --reference digits"),
    ];
    let report = report
        .titled("Langevin quickstart", commands)
        .drew(&gallery.sheet, &animation, KEPT, sample_seconds)?
        .judged(&verdict, judge_seconds)
        .write()?;
    let json = json!({
        "metrics": metrics_json(&verdict, &[])?,
        "seconds": { "train": trained.summary.seconds, "sample": sample_seconds, "judge": judge_seconds },
        "folder": folder,
        "report": report,
        "steps": trained.summary.steps,
        "peak_mib": peak_memory().map(|bytes| bytes >> 20),
    });
    atomic::write_bytes(folder.join("verdict.json"), format!("{json:#}\n").as_bytes())?;
    let text = format!(
        "{} in {}; {KEPT} pictures drawn in {}; {} judged\n\n{}\n\npictures  {}\nreport    {}\nmodel     {}",
        counted(trained.summary.steps as usize, "step"),
        seconds(trained.summary.seconds),
        seconds(sample_seconds),
        thousands(JUDGED),
        lines(&rows(&verdict, &[])),
        gallery.sheet.display(),
        report.display(),
        run.model_path().display(),
    );
    Ok(Outcome::done(text, json))
}

/// Both parts as one set of samples.
fn together(first: Drawn, rest: Drawn) -> Samples {
    let [n, c, h, w] = first.samples.shape;
    let mut data = first.samples.data;
    data.extend(rest.samples.data);
    Samples { shape: [n + rest.samples.shape[0], c, h, w], data }
}

fn interrupted(run: &RunFolder, trained: &Trained) -> Outcome {
    let folder = run.root();
    let text = format!(
        "stopped after {}; everything is saved\ngo on with: langevin train {} --resume",
        counted(trained.summary.steps as usize, "step"),
        folder.display(),
    );
    let json = json!({
        "metrics": null,
        "seconds": { "train": trained.summary.seconds },
        "folder": folder,
        "steps": trained.summary.steps,
        "interrupted": true,
    });
    Outcome { text, json, exit: Exit::Interrupted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preset_is_a_configuration() {
        let overrides = [("run.minutes".to_owned(), "2".to_owned())];
        TrainConfig::from_toml(PRESET, &overrides).expect("the preset is valid");
    }

    #[test]
    fn only_runs_get_a_sibling() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let out = folder.path().join("quickstart");
        assert_eq!(place(&out).ok(), Some(out.clone()));
        std::fs::create_dir(&out).expect("a folder");
        std::fs::write(out.join("thesis.txt"), b"years of work").expect("a file");
        assert!(place(&out).is_err());
        std::fs::write(out.join("run.json"), b"{}").expect("a file");
        assert_eq!(place(&out).ok(), Some(folder.path().join("quickstart-2")));
    }
}
