//! Interrupted runs end in the same bytes as undisturbed ones.

use langevin_train::{Event, Flow, Outcome, RunFolder, Start, Started, read_metrics, train};

use crate::{SIX_STEPS, config, finished, model_files, run, run_until, tensors};

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
