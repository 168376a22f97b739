//! What a run leaves behind when it ends, diverges or runs out of time.

use langevin_train::{Error, Event, Flow, RunFolder, Start, read_metrics, train};
use langevin_weights::TensorFile;

use crate::{SIX_STEPS, config, finished, run};

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

/// Other programs may hold the processor in any of the three seconds: one of five runs has to keep all bounds.
#[test]
fn a_timed_run_ends_within_its_time() {
    let attempts: Vec<_> = (0..5).map_while(|_| timed_run().err()).collect();
    assert!(attempts.len() < 5, "{attempts:?}");
}

/// A run of three seconds; what does not keep its bounds is said.
fn timed_run() -> Result<(), String> {
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
    let metrics = read_metrics(&folder.metrics_path()).unwrap();
    let last = metrics.last().unwrap();
    assert_eq!(last.step, summary.steps);
    let seconds = summary.seconds;
    let timely = seconds > 1.5 && seconds < 4.5;
    let kept = timely && sheets >= 2 && last.lr < 0.2 * config.optimiser.lr;
    if kept { Ok(()) } else { Err(format!("{seconds} s, {sheets} sheets, lr {}", last.lr)) }
}
