//! Runs that must not start: one sentence each, and nothing lost.

use langevin_train::{Event, Flow, RunFolder, Start, train};

use crate::{SIX_STEPS, config, finished, run};

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
