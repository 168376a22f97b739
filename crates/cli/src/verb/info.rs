//! `langevin info MODEL`.

use std::path::Path;

use langevin_core::{AnySchedule, Schedule};
use langevin_models::{Model, load_network, unused_keys};
use langevin_nn::Network;
use langevin_pipelines::{class_of, golden, pipeline_classes};
use langevin_train::{RunFolder, read_metrics};
use langevin_weights::folder::{Component, ModelFolder, Pipeline};
use serde_json::{Map, Value, json};

use super::composed::{self, is_trainable};
use crate::args::info::Info;
use crate::context::Context;
use crate::failure::{Failure, Hint};
use crate::output::Outcome;
use crate::subject::Subject;
use crate::words::{bytes, counted, seconds, thousands};

pub(crate) fn run(args: &Info, context: &Context) -> Result<Outcome, Failure> {
    let subject = Subject::find(&args.model)?.with_variant(args.variant.as_deref());
    let device = context.device();
    let mut facts = Facts::default();
    match subject
        .open()
        .hint("MODEL is a run folder, a diffusers folder or a component's folder")?
    {
        ModelFolder::Component(component) if is_trainable(&component) => {
            facts.network(&load_network(&component, &device)?.1);
            component.notes().iter().for_each(|note| context.note(note));
        }
        ModelFolder::Component(component) => {
            let class = class_of(&component).unwrap_or("none").to_owned();
            let run = if golden::runs(&class) { "" } else { ", which is not run" };
            facts.add("network", format!("{class}{run}"), "network", json!(class));
            let count = parameters(&component)?;
            facts.add("parameters", thousands(count), "parameters", json!(count));
            component.notes().iter().for_each(|note| context.note(note));
            facts.files(&subject.model)?;
            return Ok(Outcome::done(facts.text(), Value::Object(facts.json)));
        }
        ModelFolder::Pipeline(pipeline) if composed::is_composed(&pipeline) => {
            facts.pipeline(&pipeline)?;
            pipeline.notes().iter().for_each(|note| context.note(note));
            facts.files(&subject.model)?;
            return Ok(Outcome::done(facts.text(), Value::Object(facts.json)));
        }
        ModelFolder::Pipeline(_) => {
            let model = subject.load(context)?;
            facts.network(&model.network);
            facts.model(&model);
        }
    }
    if let Some(run) = &subject.run {
        facts.run(run)?;
    }
    facts.files(&subject.model)?;
    let unused = unused_keys(&subject.model)?;
    if !unused.is_empty() {
        facts.add("settings not used", unused.join(", "), "unused_keys", json!(unused));
    }
    Ok(Outcome::done(facts.text(), Value::Object(facts.json)))
}

/// Numbers in a component's weights, of which only the headers are read.
fn parameters(component: &Component) -> Result<usize, Failure> {
    let weights = component.weights()?;
    let sizes = weights.names().map(|name| Ok(weights.shape(name)?.iter().product::<usize>()));
    Ok(sizes.sum::<Result<usize, langevin_weights::Error>>()?)
}

/// What is known, as lines and as JSON.
#[derive(Default)]
struct Facts {
    lines: Vec<(&'static str, String)>,
    json: Map<String, Value>,
}

impl Facts {
    fn add(&mut self, label: &'static str, text: impl Into<String>, key: &str, value: Value) {
        self.lines.push((label, text.into()));
        self.json.insert(key.to_owned(), value);
    }

    fn network(&mut self, network: &Network) {
        let (info, config) = (network.info(), network.config());
        self.add("network", info.class_name, "network", json!(info.class_name));
        self.add("parameters", thousands(info.parameters), "parameters", json!(info.parameters));
        let channels = config.in_channels();
        let size = config.sample_size();
        let text =
            size.map_or("any size".to_owned(), |[height, width]| format!("{height}×{width}"));
        let text = format!("{text}, {}", counted(channels, "channel"));
        self.add("input", text, "input", json!({ "channels": channels, "size": size }));
        let blocks: Vec<Value> = info
            .blocks
            .iter()
            .map(|(name, count)| json!({ "name": name, "parameters": count }))
            .collect();
        self.json.insert("blocks".to_owned(), json!(blocks));
        self.json.insert("config".to_owned(), config.to_json());
    }

    /// A pipeline of several networks: its class and its components.
    fn pipeline(&mut self, pipeline: &Pipeline) -> Result<(), Failure> {
        let class = pipeline.index().class_name().unwrap_or("none").to_owned();
        let run =
            if pipeline_classes().any(|known| known == class) { "" } else { ", which is not run" };
        self.add("pipeline", format!("{class}{run}"), "pipeline", json!(class));
        let mut components = Map::new();
        for (name, class) in pipeline.components() {
            let Some(class) = class else { continue };
            let component = pipeline.component(name);
            let count = component.as_ref().ok().and_then(|part| parameters(part).ok());
            let text = match count {
                Some(count) => format!("{}, {} parameters", class.class, thousands(count)),
                None => class.class.clone(),
            };
            self.lines.push(("component", format!("{name}: {text}")));
            components
                .insert(name.to_owned(), json!({ "class": class.class, "parameters": count }));
        }
        self.json.insert("components".to_owned(), Value::Object(components));
        Ok(())
    }

    fn model(&mut self, model: &Model) {
        match &model.config.classes {
            None => self.add("classes", "none", "classes", Value::Null),
            Some(classes) => {
                let null = if classes.null.is_some() { "" } else { ", no guidance" };
                let text = format!("{}{null} ({})", classes.count(), shortened(&classes.names));
                self.add("classes", text, "classes", json!(classes.names));
                self.json.insert("guidance".to_owned(), json!(classes.null.is_some()));
            }
        }
        let schedule = &model.config.schedule;
        self.add("schedule", schedule_text(schedule), "schedule", json!(schedule));
        let prediction = model.config.prediction.to_string();
        self.add("prediction", prediction.clone(), "prediction", json!(prediction));
    }

    fn run(&mut self, run: &RunFolder) -> Result<(), Failure> {
        let info = run.info()?;
        let metrics = read_metrics(&run.metrics_path()).unwrap_or_default();
        let last = metrics.last();
        // The model is as old as the newest checkpoint, which metrics written in long intervals may not reach.
        let step = newest_checkpoint(run).or(last.map(|line| line.step)).unwrap_or(0);
        let time =
            last.map_or(String::new(), |line| format!(", {} of training", seconds(line.seconds)));
        self.add(
            "trained",
            format!("{}{time}", counted(step as usize, "step")),
            "step",
            json!(step),
        );
        self.json.insert("train_seconds".to_owned(), json!(last.map(|line| line.seconds)));
        self.add("seed", info.seed.to_string(), "seed", json!(info.seed));
        self.add(
            "made by",
            format!("langevin {}", info.langevin_version),
            "langevin_version",
            json!(info.langevin_version),
        );
        Ok(())
    }

    fn files(&mut self, model: &Path) -> Result<(), Failure> {
        let mut files = Vec::new();
        if model.is_file() {
            let name = model.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, model.metadata()?.len()));
        } else {
            list(model, model, &mut files)?;
        }
        files.sort();
        let total: u64 = files.iter().map(|(_, size)| size).sum();
        let json: Vec<Value> =
            files.iter().map(|(name, size)| json!({ "name": name, "bytes": size })).collect();
        self.add(
            "files",
            format!("{}, {}", counted(files.len(), "file"), bytes(total)),
            "files",
            json!(json),
        );
        self.lines
            .extend(files.into_iter().map(|(name, size)| ("", format!("{name}  {}", bytes(size)))));
        Ok(())
    }

    fn text(&self) -> String {
        let width = self.lines.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
        self.lines.iter().map(|(label, text)| format!("{label:width$}  {text}\n")).collect()
    }
}

/// The step of the newest checkpoint.
fn newest_checkpoint(run: &RunFolder) -> Option<u64> {
    let entries = std::fs::read_dir(run.checkpoints_path()).ok()?;
    let step = |name: std::ffi::OsString| name.to_str()?.strip_prefix("step-")?.parse().ok();
    entries.filter_map(|entry| step(entry.ok()?.file_name())).max()
}

/// The first names, and that there are more.
fn shortened(names: &[String]) -> String {
    let shown = names.iter().take(12).map(String::as_str).collect::<Vec<_>>().join(" ");
    if names.len() > 12 { format!("{shown} …") } else { shown }
}

fn schedule_text(schedule: &AnySchedule) -> String {
    let kind = json!(schedule)["kind"].as_str().unwrap_or_default().to_owned();
    let steps = schedule.steps();
    format!("{kind}, timesteps up to {}", thousands(steps))
}

/// The files below `folder` with their sizes, by their path from `root`.
fn list(root: &Path, folder: &Path, files: &mut Vec<(String, u64)>) -> Result<(), Failure> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(root, &path, files)?;
        } else {
            let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            files.push((name, path.metadata()?.len()));
        }
    }
    Ok(())
}
