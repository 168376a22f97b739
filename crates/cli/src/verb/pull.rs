//! `langevin pull OWNER/NAME`.

use std::ops::ControlFlow;
use std::time::Instant;

use langevin_hub::{Choice, Error, Hub, Place, Plan};
use serde_json::{Value, json};

use crate::args::pull::Pull;
use crate::context::Context;
use crate::failure::Failure;
use crate::kept::settings;
use crate::output::Outcome;
use crate::words::{bytes, counted, seconds};

pub(crate) fn run(args: &Pull, context: &Context) -> Result<Outcome, Failure> {
    let hub = Hub::new(settings())?;
    let choice = Choice {
        variant: args.variant.clone(),
        without: args.without.iter().cloned().collect(),
        files: args.file.iter().cloned().collect(),
    };
    let plan = hub.plan(&args.repository, &choice).map_err(failure)?;
    plan.notes.iter().for_each(|note| context.note(note));
    let mut progress = context.task("pull");
    for line in listed(&plan) {
        progress.note(&line);
    }
    let place = args.to.as_deref().map_or(Place::Cache, Place::Folder);
    let interrupt = context.interrupt.watch();
    let (begun, mut before) = (Instant::now(), None);
    let folder = hub.fetch(&plan, place, &mut |event| {
        let before = *before.get_or_insert(event.done);
        let share = event.done as f64 / event.total.max(1) as f64;
        progress.update(share, || {
            if event.waiting {
                return format!("{}: waiting for another process that fetches it", event.file);
            }
            let speed = (event.done - before) as f64 / begun.elapsed().as_secs_f64().max(1e-3);
            format!("{}, {} each second", event.file, bytes(speed as u64))
        });
        if interrupt.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let folder = folder.map_err(failure)?;
    let (size, time) = (plan.size(), begun.elapsed().as_secs_f64());
    progress.finish(&format!(
        "{}, {} in {}",
        counted(plan.files.len(), "file"),
        bytes(size),
        seconds(time)
    ));
    let files: Vec<Value> = plan
        .files
        .iter()
        .map(|file| json!({ "path": file.path, "bytes": file.size, "hash": file.digest.digits() }))
        .collect();
    let json = json!({
        "repository": plan.repository.name(), "revision": plan.repository.revision(),
        "commit": plan.commit, "folder": folder, "bytes": size, "files": files,
        "seconds": time, "notes": plan.notes,
    });
    Ok(Outcome::done(folder.display().to_string(), json))
}

/// What is going to be there, with sizes.
fn listed(plan: &Plan) -> Vec<String> {
    let commit = &plan.commit[..plan.commit.len().min(12)];
    let total = format!(
        "{} at {commit}: {}, {}",
        plan.repository.name(),
        counted(plan.files.len(), "file"),
        bytes(plan.size())
    );
    let files = plan.files.iter().map(|file| format!("  {}  {}", file.path, bytes(file.size)));
    std::iter::once(total).chain(files).collect()
}

/// The sentence, and what can be done about it.
#[expect(clippy::needless_pass_by_value, reason = "it takes what `map_err` gives")]
fn failure(error: Error) -> Failure {
    let sentence = error.to_string();
    match error {
        Error::Interrupted { .. } => Failure::interrupted(sentence),
        Error::Offline { .. } => Failure::failed(sentence)
            .hint("unset HF_HUB_OFFLINE, or use a folder or a repository that was fetched before"),
        Error::NoRepository { .. } | Error::NoRevision { .. } => Failure::failed(sentence)
            .hint("see that the name is right; HF_ENDPOINT says which hub is asked"),
        Error::NoModel { .. } => Failure::failed(sentence).hint("--file PATH fetches one file alone"),
        Error::OnlyVariants { .. } => Failure::failed(sentence).hint("--variant NAME asks for one"),
        Error::NoSpace { .. } | Error::Full { .. } => {
            Failure::failed(sentence).hint("--to FOLDER or HF_HOME chooses another disk")
        }
        Error::Unreachable { .. } => Failure::failed(sentence)
            .hint("what was fetched before works without the network; HTTPS_PROXY and HF_ENDPOINT are followed"),
        _ => Failure::failed(sentence),
    }
}
