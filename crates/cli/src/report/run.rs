//! The report of a run folder: what its files say, and a verdict where there is one.

use std::path::{Path, PathBuf};

use langevin_eval::Verdict;
use langevin_train::{Metric, RunFolder, read_metrics};
use langevin_weights::atomic;

use crate::failure::Failure;
use crate::report::verdict::rows;
use crate::report::{Figure, Report};
use crate::training::Trained;
use crate::words::{bytes, counted, percent, seconds, significant, thousands};

/// Sheets shown of those drawn during training.
const SHEETS: usize = 12;

/// A report under construction.
#[derive(Debug)]
pub(crate) struct RunReport {
    folder: PathBuf,
    report: Report,
}

impl RunReport {
    /// What the run folder and the sitting that just ended tell.
    pub(crate) fn new(run: &RunFolder, trained: &Trained) -> Result<Self, Failure> {
        let metrics = read_metrics(&run.metrics_path())?;
        let (started, summary) = (&trained.started, &trained.summary);
        let folder = run.root();
        let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy();
        let lead = format!(
            "A model with {} parameters, trained for {} ({} steps) on {}.{}",
            thousands(started.parameters),
            seconds(summary.seconds),
            thousands(summary.steps as usize),
            counted(started.images, "picture"),
            if trained.interrupted { " The run was interrupted and can go on." } else { "" },
        );
        let [channels, height, width] = started.shape;
        let facts = [
            ("Steps", thousands(summary.steps as usize)),
            ("Loss at the end", summary.loss.map_or("–".to_owned(), significant)),
            ("Training time", seconds(summary.seconds)),
            ("Training speed", format!("{:.0} pictures/s", summary.images_per_second)),
            ("Peak memory", summary.peak_memory.map_or("–".to_owned(), bytes)),
            ("Processor", crate::machine::processor()),
            ("Threads", rayon::current_num_threads().to_string()),
            (
                "Training pictures",
                format!("{}, {height}×{width}×{channels}", thousands(started.images)),
            ),
            ("Pictures per step", thousands(started.batch)),
            ("Parameters", thousands(started.parameters)),
        ];
        let shown = folder.display();
        let commands = if trained.interrupted {
            vec![format!("langevin train {shown} --resume")]
        } else {
            vec![
                format!("langevin sample {shown}"),
                format!("langevin train {shown}/config.toml --out {shown}-again"),
            ]
        };
        let report = Report {
            title: format!("Training run {name}"),
            lead,
            history: sheets(run, &metrics)?,
            loss: metrics.iter().map(|line| (line.step as f64, line.loss)).collect(),
            facts: facts.map(|(what, how_much)| (what.to_owned(), how_much)).to_vec(),
            commands,
            configuration: std::fs::read_to_string(run.config_path()).unwrap_or_default(),
            ..Report::default()
        };
        Ok(Self { folder: folder.to_owned(), report })
    }

    /// Replaces the heading and the commands.
    pub(crate) fn titled(mut self, title: &str, commands: Vec<String>) -> Self {
        self.report.title = title.to_owned();
        self.report.commands = commands;
        self
    }

    /// Adds what the finished model draws: the sheet, and the denoising of its first pictures.
    pub(crate) fn drew(
        mut self,
        sheet: &Path,
        animation: &Path,
        count: usize,
        time: f64,
    ) -> Result<Self, Failure> {
        let caption = format!(
            "{}, each column one class, drawn in {}.",
            counted(count, "picture"),
            seconds(time)
        );
        let alt =
            format!("Contact sheet of {} drawn by the trained model.", counted(count, "picture"));
        self.report.samples = vec![Figure::read(sheet, alt, caption)?];
        let alt = "Animation: noise turns into one picture of each class.";
        let caption = "The first pictures of the sheet, from pure noise to the end.";
        self.report.animation = Some(Figure::read(animation, alt, caption)?);
        self.report.facts.push((format!("Drawing {}", counted(count, "picture")), seconds(time)));
        Ok(self)
    }

    /// Adds how good the pictures are.
    pub(crate) fn judged(mut self, verdict: &Verdict, time: f64) -> Self {
        let count = counted(verdict.samples, "picture");
        if let (Some(accuracy), Some(real)) = (verdict.class_accuracy, verdict.judge_accuracy) {
            self.report.lead.push_str(&format!(
                " The judge sees the class that was asked for in {} of {count} drawn, and in {} of real ones.",
                percent(accuracy),
                percent(real),
            ));
        }
        self.report.verdict = rows(verdict, &[]);
        self.report.facts.push((format!("Drawing and judging {count}"), seconds(time)));
        self
    }

    /// Writes `report.html` into the run folder and says where.
    pub(crate) fn write(&self) -> Result<PathBuf, Failure> {
        let path = self.folder.join("report.html");
        atomic::write_bytes(&path, self.report.render()?.as_bytes())?;
        Ok(path)
    }
}

/// The sheets of the averaged weights, first to last, evenly chosen where there are many.
fn sheets(run: &RunFolder, metrics: &[Metric]) -> Result<Vec<Figure>, Failure> {
    let Ok(entries) = std::fs::read_dir(run.samples_path()) else { return Ok(Vec::new()) };
    let mut sheets: Vec<(u64, PathBuf)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let step = path
                .file_name()?
                .to_str()?
                .strip_prefix("step-")?
                .strip_suffix("-ema.png")?
                .parse()
                .ok()?;
            Some((step, path))
        })
        .collect();
    sheets.sort();
    let chosen = evenly(sheets.len(), SHEETS).into_iter().map(|i| &sheets[i]);
    let figure = |(step, path): &(u64, PathBuf)| {
        let time = seconds(seconds_at(metrics, *step));
        let step = thousands(*step as usize);
        let caption = format!("step {step}, {time}");
        Figure::read(path, format!("Samples at step {step}."), caption)
    };
    Ok(chosen.map(figure).collect::<std::io::Result<_>>()?)
}

/// Seconds of training at `step`, between the lines of the metrics around it.
fn seconds_at(metrics: &[Metric], step: u64) -> f64 {
    let after = metrics.partition_point(|line| line.step < step);
    let (begin, from) =
        after.checked_sub(1).map_or((0, 0.0), |i| (metrics[i].step, metrics[i].seconds));
    metrics.get(after).map_or(from, |line| {
        let share = (step - begin) as f64 / (line.step - begin).max(1) as f64;
        from + share * (line.seconds - from)
    })
}

/// At most `most` of the indices `0..count`, evenly spaced, both ends among them.
fn evenly(count: usize, most: usize) -> Vec<usize> {
    if count <= most {
        return (0..count).collect();
    }
    (0..most).map(|k| (k * (count - 1) + (most - 1) / 2) / (most - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_lie_between_the_lines_of_the_metrics() {
        let line = |step: u64, seconds: f64| Metric {
            step,
            loss: 1.0,
            lr: 1e-3,
            grad_norm: 1.0,
            images_per_second: 1.0,
            seconds,
            ema_decay: 0.9,
            peak_mib: None,
        };
        let metrics = [line(10, 4.0), line(20, 10.0)];
        let times = [5, 10, 15, 20, 25].map(|step| seconds_at(&metrics, step));
        assert_eq!(times, [2.0, 4.0, 7.0, 10.0, 10.0]);
        assert_eq!(seconds_at(&[], 5), 0.0);
    }

    #[test]
    fn evenly_keeps_both_ends() {
        assert_eq!(evenly(3, 12), [0, 1, 2]);
        let chosen = evenly(100, 12);
        assert_eq!((chosen.len(), chosen[0], chosen[11]), (12, 0, 99));
        assert!(chosen.windows(2).all(|pair| pair[1] - pair[0] == 9));
    }
}
