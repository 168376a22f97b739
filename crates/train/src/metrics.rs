//! `metrics.jsonl`: one JSON object per logged step, appended as training goes on.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// One line of `metrics.jsonl`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Steps done.
    pub step: u64,
    /// Mean loss since the line before.
    pub loss: f64,
    /// Learning rate of the last step.
    pub lr: f64,
    /// Norm of the last step's gradient before clipping.
    pub grad_norm: f64,
    /// Training images per second since the line before.
    pub images_per_second: f64,
    /// Seconds of training so far, all sittings together.
    pub seconds: f64,
    /// Decay of the moving average at the last step.
    pub ema_decay: f64,
    /// MiB of the largest resident set of this sitting until now, where the system tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_mib: Option<u64>,
}

/// Reads all whole lines of a metrics file; a torn last line is left out.
///
/// # Errors
/// When the file cannot be read, or a line before the last is not a metric.
pub fn read_metrics(path: &Path) -> Result<Vec<Metric>> {
    let text = std::fs::read(path).map_err(Error::io("read", path))?;
    Ok(whole_lines(path, &text)?.into_iter().map(|(metric, _)| metric).collect())
}

/// The metrics file of a run, open for appending.
#[derive(Debug)]
pub(crate) struct MetricsLog {
    file: File,
    path: PathBuf,
}

impl MetricsLog {
    /// Opens the file, or makes it, and removes what was logged after `step`: those steps will be done again.
    pub(crate) fn open(path: &Path, step: u64) -> Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .read(true)
            .open(path)
            .map_err(Error::io("open", path))?;
        let text = std::fs::read(path).map_err(Error::io("read", path))?;
        let kept = whole_lines(path, &text)?.into_iter().take_while(|(m, _)| m.step <= step).last();
        let length = kept.map_or(0, |(_, end)| end);
        if length != text.len() {
            file.set_len(length as u64).map_err(Error::io("shorten", path))?;
        }
        Ok(Self { file, path: path.to_owned() })
    }

    /// Appends one line, in a single write so that only the last line can ever be torn.
    pub(crate) fn append(&mut self, metric: &Metric) -> Result<()> {
        let mut line = serde_json::to_string(metric).expect("numbers are JSON");
        line.push('\n');
        self.file.write_all(line.as_bytes()).map_err(Error::io("write", &self.path))
    }
}

/// Each metric with the offset of the byte after its line.
fn whole_lines(path: &Path, text: &[u8]) -> Result<Vec<(Metric, usize)>> {
    let mut lines = Vec::new();
    let mut end = 0;
    for (number, line) in text.split_inclusive(|&b| b == b'\n').enumerate() {
        end += line.len();
        if line.last() != Some(&b'\n') {
            break;
        }
        match serde_json::from_slice(line) {
            Ok(metric) => lines.push((metric, end)),
            // After a power cut the last line may be blocks of zeros that end in a newline.
            Err(_) if end == text.len() => break,
            Err(error) => {
                return Err(Error::damaged(path, format!("line {}: {error}", number + 1)));
            }
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(step: u64) -> Metric {
        Metric {
            step,
            loss: 0.5,
            lr: 1e-3,
            grad_norm: 2.0,
            images_per_second: 400.0,
            seconds: step as f64,
            ema_decay: 0.9,
            peak_mib: Some(200),
        }
    }

    #[test]
    fn lines_beyond_the_checkpoint_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let mut log = MetricsLog::open(&path, 0).unwrap();
        for step in [10, 20, 30] {
            log.append(&metric(step)).unwrap();
        }
        let mut log = MetricsLog::open(&path, 20).unwrap();
        log.append(&metric(25)).unwrap();
        let steps: Vec<u64> = read_metrics(&path).unwrap().iter().map(|m| m.step).collect();
        assert_eq!(steps, [10, 20, 25]);
        let text = std::fs::read_to_string(&path).unwrap();
        let first =
            r#"{"step":10,"loss":0.5,"lr":0.001,"grad_norm":2.0,"images_per_second":400.0,"#;
        assert!(text.starts_with(first), "{text}");
    }

    #[test]
    fn a_torn_last_line_survives() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        for torn in ["{\"step\":20,\"lo", "\0\0\0\0\n", ""] {
            let mut text = serde_json::to_string(&metric(10)).unwrap();
            text.push('\n');
            text.push_str(torn);
            std::fs::write(&path, &text).unwrap();
            assert_eq!(read_metrics(&path).unwrap(), [metric(10)]);
            let mut log = MetricsLog::open(&path, 500).unwrap();
            log.append(&metric(20)).unwrap();
            assert_eq!(read_metrics(&path).unwrap(), [metric(10), metric(20)]);
        }
    }

    #[test]
    fn damage_in_the_middle_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        std::fs::write(
            &path,
            format!("nonsense\n{}\n", serde_json::to_string(&metric(10)).unwrap()),
        )
        .unwrap();
        let error = read_metrics(&path).unwrap_err().to_string();
        assert!(error.contains("metrics.jsonl is damaged: line 1"), "{error}");
    }
}
