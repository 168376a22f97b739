//! Whole runs of a tiny network on the embedded digits.

use std::path::Path;

use langevin_train::{
    Error, Event, Flow, Outcome, RunFolder, Start, Started, Summary, TrainConfig, read_metrics,
    train,
};
use langevin_weights::TensorFile;

/// A run of six steps with everything on that must survive a resumption.
const SIX_STEPS: &str = r#"
[data]
source = "digits"
flip = true
[model]
preset = "compact-tiny"
[optimiser]
warmup_steps = 2
decay = "cosine"
accumulation = 2
[run]
steps = 6
batch = 4
seed = 3
class_dropout = 0.3
checkpoint_every = 2
sample_every = 0
log_every = 4
"#;

fn config(text: &str, overrides: &[(&str, &str)]) -> TrainConfig {
    let overrides: Vec<_> =
        overrides.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    TrainConfig::from_toml(text, &overrides).unwrap()
}

/// Trains and stops after `stop` steps, if that comes first.
fn run_until(
    config: &TrainConfig,
    run: &RunFolder,
    start: Start,
    stop: u64,
) -> langevin_train::Result<Outcome> {
    train(config, run, start, &mut |event| match event {
        Event::Step(report) if report.step >= stop => Flow::Stop,
        _ => Flow::Continue,
    })
}

fn run(config: &TrainConfig, run: &RunFolder, start: Start) -> langevin_train::Result<Outcome> {
    run_until(config, run, start, u64::MAX)
}

fn finished(outcome: Outcome) -> Summary {
    match outcome {
        Outcome::Finished(summary) => summary,
        Outcome::Interrupted(summary) => panic!("stopped after {} steps", summary.steps),
    }
}

/// Weights, moments and average of the checkpoint after `step` steps, as bytes.
fn tensors(run: &RunFolder, step: u64) -> Vec<u8> {
    let path = run.checkpoints_path().join(format!("step-{step:08}")).join("training.safetensors");
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Every file of the model folder, as (path, bytes).
fn model_files(run: &RunFolder) -> Vec<(String, Vec<u8>)> {
    fn walk(folder: &Path, root: &Path, files: &mut Vec<(String, Vec<u8>)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, files);
            } else {
                files.push((
                    path.strip_prefix(root).unwrap().display().to_string(),
                    std::fs::read(&path).unwrap(),
                ));
            }
        }
    }
    let mut files = Vec::new();
    walk(&run.model_path(), &run.model_path(), &mut files);
    files.sort();
    files
}

#[test]
fn a_run_interrupted_anywhere_ends_in_the_same_bytes() {
    let root = tempfile::tempdir().unwrap();
    let config = config(SIX_STEPS, &[]);
    let straight = RunFolder::at(root.path().join("straight"));
    let summary = finished(run(&config, &straight, Start::Fresh).unwrap());
    assert_eq!(summary.steps, 6);
    let losses: Vec<f64> =
        read_metrics(&straight.metrics_path()).unwrap().iter().map(|m| m.loss).collect();

    for stop in 1..6 {
        let broken = RunFolder::at(root.path().join(format!("stopped-{stop}")));
        let outcome = run_until(&config, &broken, Start::Fresh, stop).unwrap();
        assert!(matches!(outcome, Outcome::Interrupted(s) if s.steps == stop));
        finished(run(&broken.config().unwrap(), &broken, Start::Resume).unwrap());
        assert!(tensors(&straight, 6) == tensors(&broken, 6), "stopped after {stop}");
        assert!(model_files(&straight) == model_files(&broken), "stopped after {stop}");
        let again: Vec<f64> =
            read_metrics(&broken.metrics_path()).unwrap().iter().map(|m| m.loss).collect();
        assert_eq!(losses, again, "stopped after {stop}");
    }

    // Three sittings, and a fourth that finds nothing left to do.
    let broken = RunFolder::at(root.path().join("stopped-often"));
    run_until(&config, &broken, Start::Fresh, 1).unwrap();
    run_until(&config, &broken, Start::Resume, 4).unwrap();
    finished(run(&config, &broken, Start::Resume).unwrap());
    let before = tensors(&broken, 6);
    assert_eq!(finished(run(&config, &broken, Start::Resume).unwrap()).steps, 6);
    assert!(tensors(&straight, 6) == before && tensors(&broken, 6) == before);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let config = config(SIX_STEPS, &[("run.steps", "2"), ("run.batch", "16")]);
    let [one, two, five] = [1, 2, 5].map(|threads| {
        let folder = RunFolder::at(root.path().join(threads.to_string()));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| run(&config, &folder, Start::Fresh)).unwrap();
        tensors(&folder, 2)
    });
    assert!(one == two && one == five);
}

#[test]
fn another_seed_gives_another_model() {
    let root = tempfile::tempdir().unwrap();
    let [first, second] = ["3", "4"].map(|seed| {
        let folder = RunFolder::at(root.path().join(seed));
        run(&config(SIX_STEPS, &[("run.seed", seed), ("run.steps", "1")]), &folder, Start::Fresh)
            .unwrap();
        tensors(&folder, 1)
    });
    assert!(first != second);
}

#[test]
fn a_kill_while_a_checkpoint_is_written_costs_only_that_one() {
    let root = tempfile::tempdir().unwrap();
    let config = config(SIX_STEPS, &[]);
    let straight = RunFolder::at(root.path().join("straight"));
    run(&config, &straight, Start::Fresh).unwrap();
    let killed = RunFolder::at(root.path().join("killed"));
    run_until(&config, &killed, Start::Fresh, 5).unwrap();

    // Step 5 damaged by a failing disk, step 6 half-written under its temporary name, the last metric torn.
    let newest = killed.checkpoints_path().join("step-00000005/training.safetensors");
    std::fs::OpenOptions::new().write(true).open(&newest).unwrap().set_len(1000).unwrap();
    let torn = killed.checkpoints_path().join(".step-00000006.Xy12ab.tmp");
    std::fs::create_dir(&torn).unwrap();
    std::fs::write(torn.join("training.safetensors"), [7; 5000]).unwrap();
    let mut metrics = std::fs::read(killed.metrics_path()).unwrap();
    metrics.extend(b"{\"step\":5,\"loss\":0.");
    std::fs::write(killed.metrics_path(), metrics).unwrap();

    let mut notes = Vec::new();
    let mut from = None;
    train(&config, &killed, Start::Resume, &mut |event| {
        match event {
            Event::Note(note) => notes.push((*note).to_owned()),
            Event::Started(Started { step, .. }) => from = Some(*step),
            _ => {}
        }
        Flow::Continue
    })
    .unwrap();
    assert_eq!(from, Some(4));
    assert!(notes.len() == 1 && notes[0].contains("step-00000005"), "{notes:?}");
    assert!(!torn.exists());
    assert!(tensors(&straight, 6) == tensors(&killed, 6));
    let steps: Vec<u64> =
        read_metrics(&killed.metrics_path()).unwrap().iter().map(|m| m.step).collect();
    assert_eq!(steps, [4, 6]);
}

#[test]
fn a_run_killed_before_its_first_checkpoint_begins_anew() {
    let root = tempfile::tempdir().unwrap();
    let config = config(SIX_STEPS, &[]);
    let straight = RunFolder::at(root.path().join("straight"));
    run(&config, &straight, Start::Fresh).unwrap();
    let killed = RunFolder::at(root.path().join("killed"));
    run_until(&config, &killed, Start::Fresh, 1).unwrap();
    std::fs::remove_dir_all(killed.checkpoints_path().join("step-00000001")).unwrap();
    finished(run(&config, &killed, Start::Resume).unwrap());
    assert!(tensors(&straight, 6) == tensors(&killed, 6));
}

#[test]
fn the_loss_falls_and_everything_is_written() {
    let root = tempfile::tempdir().unwrap();
    let folder = RunFolder::at(root.path().join("run"));
    let config = config(
        "[data]\nsource = \"digits\"\n[model]\npreset = \"compact-tiny\"\n[optimiser]\nlr = 5e-3\n\
         [run]\nsteps = 40\nbatch = 32\ncheckpoint_every = 15\nkeep = 2\nsample_every = 20\nlog_every = 1\n\
         [samples]\ncount = 10\nsteps = 3\n",
        &[],
    );
    let (mut checkpoints, mut sheets, mut drawn) = (Vec::new(), Vec::new(), 0);
    let outcome = train(&config, &folder, Start::Fresh, &mut |event| {
        match event {
            Event::Checkpointed { step, path } => {
                assert!(path.is_dir());
                checkpoints.push(*step);
            }
            Event::Sampled { paths, .. } => sheets.extend(paths.iter().cloned()),
            Event::Sampling { done, total, .. } => {
                assert!(done <= total);
                drawn += usize::from(done == total);
            }
            Event::Step(report) => {
                assert!(report.images_per_second > 0.0 && report.seconds_left >= 0.0);
                assert_eq!(report.progress, report.step as f64 / 40.0);
            }
            _ => {}
        }
        Flow::Continue
    });
    let summary = finished(outcome.unwrap());
    let metrics = read_metrics(&folder.metrics_path()).unwrap();
    let mean = |range: std::ops::Range<usize>| {
        let length = range.len() as f64;
        metrics[range].iter().map(|m| m.loss).sum::<f64>() / length
    };
    // The network starts as the zero function, whose loss is the mean square of the target, about 1.9.
    assert!(mean(0..2) > 1.2, "{}", mean(0..2));
    assert!(mean(30..40) < 0.5 * mean(0..2), "{} against {}", mean(30..40), mean(0..2));
    assert_eq!(metrics.len(), 40);
    assert_eq!(metrics[39].ema_decay, 40.0 / 49.0);
    assert_eq!(checkpoints, [15, 30, 40]);
    assert_eq!((sheets.len(), drawn), (4, 2));
    assert!(sheets.iter().all(|path| path.is_file()));
    assert!(folder.samples_path().join("step-00000020-ema.png").is_file());
    assert!(folder.samples_path().join("step-00000040-raw.png").is_file());
    assert_eq!(std::fs::read_dir(folder.checkpoints_path()).unwrap().count(), 2);
    assert!(summary.model.join("model_index.json").is_file());
    // The model folder holds the average that the last checkpoint holds.
    let weights =
        TensorFile::open(summary.model.join("unet/diffusion_pytorch_model.safetensors")).unwrap();
    let checkpoint = TensorFile::open(summary.checkpoint.join("training.safetensors")).unwrap();
    for name in weights.names() {
        assert_eq!(
            weights.f32(name).unwrap(),
            checkpoint.f32(&format!("ema.{name}")).unwrap(),
            "{name}"
        );
    }
    assert_eq!(4 * weights.names().count(), checkpoint.names().count());
    assert_eq!(folder.info().unwrap().seed, 0);
    assert_eq!(folder.config().unwrap().model.fields["num_class_embeds"], 11);
}

#[test]
fn divergence_stops_and_keeps_the_last_good_checkpoint() {
    let root = tempfile::tempdir().unwrap();
    let folder = RunFolder::at(root.path().join("run"));
    // Every step multiplies the weights by 1 − 0.1 · 1000 · warm-up, until they overflow.
    let absurd = [
        ("optimiser.lr", "0.1"),
        ("optimiser.weight_decay", "1e3"),
        ("run.steps", "100"),
        ("run.keep", "50"),
    ];
    let config = config(SIX_STEPS, &absurd);
    let mut last = 0;
    let error = train(&config, &folder, Start::Fresh, &mut |event| {
        if let Event::Step(report) = event {
            last = report.step;
        }
        Flow::Continue
    })
    .unwrap_err();
    let Error::Diverged { step, lr, .. } = error else { panic!("{error}") };
    assert_eq!(step, last + 1);
    assert!(lr > 0.0);
    let kept = folder.checkpoints_path().join(format!("step-{:08}", last / 2 * 2));
    let text = error.to_string();
    assert!(text.contains(&format!("at step {step} (loss ")), "{text}");
    assert!(text.contains("learning rate") && text.contains("try a lower optimiser.lr"), "{text}");
    assert!(
        last >= 2 && text.contains(&format!("the checkpoint {} is kept", kept.display())),
        "{text}"
    );
    // What is kept can be read, and fails again at the same step.
    let again = run(&config, &folder, Start::Resume).unwrap_err();
    assert!(matches!(again, Error::Diverged { step: again, .. } if again == step), "{again}");
}

#[test]
fn a_timed_run_ends_within_its_time() {
    let root = tempfile::tempdir().unwrap();
    let folder = RunFolder::at(root.path().join("run"));
    let text = SIX_STEPS.replace("steps = 6\n", "minutes = 0.05\n");
    let config = config(
        &text,
        &[("run.sample_every", "\"1s\""), ("run.log_every", "1"), ("samples.steps", "2")],
    );
    let mut sheets = 0;
    let outcome = train(&config, &folder, Start::Fresh, &mut |event| {
        sheets += usize::from(matches!(event, Event::Sampled { .. }));
        Flow::Continue
    });
    let summary = finished(outcome.unwrap());
    // Three seconds; other programs may take the processor for a moment.
    assert!(summary.seconds > 1.5 && summary.seconds < 4.5, "{}", summary.seconds);
    assert!(sheets >= 2, "{sheets}");
    let metrics = read_metrics(&folder.metrics_path()).unwrap();
    let last = metrics.last().unwrap();
    assert_eq!(last.step, summary.steps);
    assert!(last.lr < 0.2 * config.optimiser.lr, "{}", last.lr);
}

#[test]
fn nothing_is_overwritten() {
    let root = tempfile::tempdir().unwrap();
    let config = config(SIX_STEPS, &[("run.steps", "1")]);
    let folder = RunFolder::at(root.path().join("run"));
    let say = |start| run(&config, &folder, start).unwrap_err().to_string();
    let path = folder.root().display().to_string();
    assert_eq!(say(Start::Resume), format!("{path} is not a run folder: it has no run.json"));

    std::fs::create_dir(folder.root()).unwrap();
    std::fs::write(folder.root().join("thesis.txt"), "mine").unwrap();
    let refused = format!(
        "{path} already exists and is not empty; resume that run, or choose another folder"
    );
    assert_eq!(say(Start::Fresh), refused);
    assert_eq!(std::fs::read_to_string(folder.root().join("thesis.txt")).unwrap(), "mine");
    std::fs::remove_file(folder.root().join("thesis.txt")).unwrap();

    // An empty folder, and what an interrupted start leaves behind, are free.
    std::fs::write(folder.config_path(), "[data]").unwrap();
    std::fs::create_dir(folder.checkpoints_path()).unwrap();
    run(&config, &folder, Start::Fresh).unwrap();
    assert_eq!(say(Start::Fresh), refused);

    std::fs::write(folder.root().join("run.json"), "{\"format_version\": 7, \"seed\": 1}").unwrap();
    assert_eq!(
        say(Start::Resume),
        format!("{path} has the run-folder format 7, but this version of Langevin reads format 1")
    );
    std::fs::write(folder.root().join("run.json"), "{\"format_ver").unwrap();
    assert!(
        say(Start::Resume).contains("run.json is damaged: EOF while parsing"),
        "{}",
        say(Start::Resume)
    );
}

#[test]
fn a_run_does_not_continue_as_something_else() {
    let root = tempfile::tempdir().unwrap();
    let folder = RunFolder::at(root.path().join("run"));
    run(&config(SIX_STEPS, &[("run.steps", "1")]), &folder, Start::Fresh).unwrap();
    let say = |key, value| {
        let outcome = run(&config(SIX_STEPS, &[(key, value)]), &folder, Start::Resume);
        outcome.unwrap_err().to_string()
    };
    assert!(
        say("run.seed", "5").contains("it was started with run.seed = 3, which is now 5"),
        "{}",
        say("run.seed", "5")
    );
    assert!(say("data.source", "digits:test").contains("data.source"));
    assert!(
        say("model.channels", "[32, 48]")
            .contains("model.channels = [16,24], which is now [32,48]")
    );
    // Nor after someone edited its configuration.
    let written = std::fs::read_to_string(folder.config_path()).unwrap();
    std::fs::write(folder.config_path(), written.replace("warmup_steps = 2", "warmup_steps = 3"))
        .unwrap();
    let error = run(&folder.config().unwrap(), &folder, Start::Resume).unwrap_err().to_string();
    assert!(error.contains("optimiser.warmup_steps = 2, which is now 3"), "{error}");
    std::fs::write(folder.config_path(), written).unwrap();
    // Longer is allowed.
    let longer =
        run(&config(SIX_STEPS, &[("run.steps", "2"), ("run.keep", "1")]), &folder, Start::Resume);
    assert_eq!(finished(longer.unwrap()).steps, 2);
    assert_eq!(folder.config().unwrap().run.keep, 1);
}

#[test]
fn two_processes_do_not_train_in_one_folder() {
    let root = tempfile::tempdir().unwrap();
    let folder = RunFolder::at(root.path().join("run"));
    let config = config(SIX_STEPS, &[("run.steps", "2")]);
    let mut second = None;
    train(&config, &folder, Start::Fresh, &mut |event| {
        if let Event::Step(_) = event {
            second.get_or_insert_with(|| {
                run(&config, &folder, Start::Resume).unwrap_err().to_string()
            });
        }
        Flow::Continue
    })
    .unwrap();
    assert_eq!(
        second.unwrap(),
        format!("{} is in use by another training process", folder.root().display())
    );
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("file"), "").unwrap();
    let folder = RunFolder::at(root.path().join("file/run"));
    let error = run(&config(SIX_STEPS, &[]), &folder, Start::Fresh).unwrap_err().to_string();
    assert!(error.starts_with("cannot ") && error.contains("file/run"), "{error}");
}

#[test]
fn what_the_data_contradicts_is_refused_before_anything_is_written() {
    let root = tempfile::tempdir().unwrap();
    let folder = RunFolder::at(root.path().join("run"));
    for (key, value, expected) in [
        (
            "model.in_channels",
            "3",
            "model.in_channels is 3, but must be 1 as the data needs, or left out",
        ),
        ("data.size", "30", "data.size is 30, but must be sides that are multiples of 4"),
        ("data.source", "no such folder", "no such folder"),
    ] {
        let error = run(&config(SIX_STEPS, &[(key, value)]), &folder, Start::Fresh)
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!folder.root().exists());
    }
    let dropout = config(
        &SIX_STEPS.replace("preset = \"compact-tiny\"", "network = \"unet2d\"\ndropout = 0.1"),
        &[("data.size", "32")],
    );
    let error = run(&dropout, &folder, Start::Fresh).unwrap_err().to_string();
    assert!(error.contains("model.dropout is 0.1"), "{error}");
}

#[test]
fn changed_pictures_are_noticed() {
    let root = tempfile::tempdir().unwrap();
    let pictures = root.path().join("pictures");
    let write = |value: u8| {
        std::fs::create_dir_all(&pictures).unwrap();
        for i in 0..4u8 {
            let picture =
                langevin_data::Picture::new(1, 8, 8, vec![value.wrapping_mul(i); 64]).unwrap();
            langevin_data::picture::write_png(&pictures.join(format!("{i}.png")), &picture, &[])
                .unwrap();
        }
    };
    write(10);
    let source = pictures.display().to_string();
    let config = config(SIX_STEPS, &[("data.source", &source), ("run.steps", "1")]);
    let folder = RunFolder::at(root.path().join("run"));
    run(&config, &folder, Start::Fresh).unwrap();
    write(11);
    let error = run(&config, &folder, Start::Resume).unwrap_err().to_string();
    assert!(
        error.contains("the training images are not those that it was started with"),
        "{error}"
    );
    std::fs::remove_dir_all(&pictures).unwrap();
    let error = run(&config, &folder, Start::Resume).unwrap_err().to_string();
    assert!(error.contains("pictures"), "{error}");
}
