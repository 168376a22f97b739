//! The checkpoints of a run: which exist, which is the newest that can be used, and which may go.

use std::path::PathBuf;

use crate::checkpoint::Checkpoint;
use crate::{Error, OptimiserState, Result};

/// The folder that holds a run's checkpoints.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    folder: PathBuf,
}

/// The newest usable checkpoint, and why newer ones were passed over.
#[derive(Clone, Debug)]
pub struct Latest {
    /// What was read.
    pub checkpoint: Checkpoint,
    /// The folder it was read from.
    pub path: PathBuf,
    /// One sentence per damaged newer checkpoint.
    pub notes: Vec<String>,
}

impl Checkpoints {
    /// The checkpoints in `folder`, which need not exist yet.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder of the checkpoint after `step` steps.
    pub fn path(&self, step: u64) -> PathBuf {
        self.folder.join(format!("step-{step:08}"))
    }

    /// Steps and folders of all checkpoints, oldest first. Unfinished ones carry other names and are not among them.
    ///
    /// # Errors
    /// Where the folder exists but cannot be read.
    pub fn list(&self) -> Result<Vec<(u64, PathBuf)>> {
        let mut found = Vec::new();
        for (name, path) in self.names()? {
            let digits = name
                .strip_prefix("step-")
                .filter(|d| d.len() >= 8 && d.bytes().all(|b| b.is_ascii_digit()));
            if let Some(step) = digits.and_then(|d| d.parse().ok()) {
                found.push((step, path));
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Writes a checkpoint, then removes the oldest beyond `keep`.
    ///
    /// # Errors
    /// Where it cannot be written; every older checkpoint is still there then.
    pub fn save(&self, checkpoint: &Checkpoint, keep: usize) -> Result<PathBuf> {
        let path = self.path(checkpoint.state.step);
        checkpoint.save(&path)?;
        let all = self.list()?;
        for (_, old) in
            all.iter().take(all.len().saturating_sub(keep.max(1))).filter(|(_, old)| *old != path)
        {
            std::fs::remove_dir_all(old).map_err(Error::io("remove", old))?;
        }
        Ok(path)
    }

    /// The newest checkpoint that is whole, or `None` where there is none at all.
    ///
    /// # Errors
    /// [`Error::NoUsableCheckpoint`] where there are some, but all are damaged.
    pub fn latest(&self, template: &OptimiserState) -> Result<Option<Latest>> {
        let all = self.list()?;
        let mut notes = Vec::new();
        for (_, path) in all.iter().rev() {
            match Checkpoint::load(path, template) {
                Ok(checkpoint) => {
                    return Ok(Some(Latest { checkpoint, path: path.clone(), notes }));
                }
                Err(error) => {
                    notes.push(format!("skipped the checkpoint {}: {error}", path.display()))
                }
            }
        }
        match notes.into_iter().next() {
            None => Ok(None),
            Some(reason) => {
                let path = self.folder.clone();
                Err(Error::NoUsableCheckpoint { path, count: all.len(), reason })
            }
        }
    }

    /// Removes what killed processes left half-written. Only the process that holds the run's lock may call it.
    pub(crate) fn remove_leftovers(&self) -> Result<()> {
        for (name, path) in self.names()? {
            if name.starts_with(".step-") && name.ends_with(".tmp") {
                std::fs::remove_dir_all(&path).map_err(Error::io("remove", &path))?;
            }
        }
        Ok(())
    }

    fn names(&self) -> Result<Vec<(String, PathBuf)>> {
        let failed = |error| Error::io("read", &self.folder)(error);
        match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries
                .map(|entry| {
                    entry
                        .map(|e| (e.file_name().to_string_lossy().into_owned(), e.path()))
                        .map_err(failed)
                })
                .collect(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(failed(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::checkpoint::TrainingState;

    fn checkpoint(step: u64) -> Checkpoint {
        let mut optimiser = OptimiserState::flat(vec![0.1, 0.2, 0.3]);
        optimiser.first_moment = vec![1e-30, 2.0, 3.0];
        let state = TrainingState {
            step,
            config: "[data]\nsource = \"digits\"\n".to_owned(),
            seconds: 0.1 + step as f64,
            data: "data".to_owned(),
            unreported_loss: 0.3,
            unreported_steps: 2,
        };
        let weights = vec![step as f32 + 0.25, -0.0, f32::MIN_POSITIVE / 8.0];
        Checkpoint { state, weights, optimiser: Arc::new(optimiser) }
    }

    /// Three checkpoints in a temporary folder.
    fn three() -> (tempfile::TempDir, Checkpoints) {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::at(folder.path().join("checkpoints"));
        std::fs::create_dir(&checkpoints.folder).unwrap();
        for step in [5, 10, 15] {
            checkpoints.save(&checkpoint(step), 3).unwrap();
        }
        (folder, checkpoints)
    }

    fn steps(checkpoints: &Checkpoints) -> Vec<u64> {
        checkpoints.list().unwrap().into_iter().map(|(step, _)| step).collect()
    }

    fn latest(checkpoints: &Checkpoints) -> Latest {
        checkpoints.latest(&OptimiserState::flat(vec![0.0; 3])).unwrap().unwrap()
    }

    #[test]
    fn the_newest_comes_back_bit_for_bit() {
        let (_folder, checkpoints) = three();
        let found = latest(&checkpoints);
        assert_eq!(found.checkpoint, checkpoint(15));
        assert_eq!(found.checkpoint.weights[1].to_bits(), (-0.0f32).to_bits());
        assert!(found.notes.is_empty());
        assert!(found.path.ends_with("step-00000015"));
    }

    #[test]
    fn only_the_last_ones_are_kept() {
        let (_folder, checkpoints) = three();
        checkpoints.save(&checkpoint(20), 2).unwrap();
        assert_eq!(steps(&checkpoints), [15, 20]);
    }

    #[test]
    fn there_may_be_none() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::at(folder.path().join("absent"));
        assert!(checkpoints.latest(&OptimiserState::flat(vec![0.0; 3])).unwrap().is_none());
    }

    #[test]
    fn what_a_kill_leaves_behind_is_passed_over_and_removed() {
        let (_folder, checkpoints) = three();
        // As after a kill while step 20 was written: a temporary folder with half of the files.
        let torn = checkpoints.folder.join(".step-00000020.abc123.tmp");
        std::fs::create_dir(&torn).unwrap();
        std::fs::write(torn.join("training.safetensors"), [0; 100]).unwrap();
        assert_eq!(latest(&checkpoints).checkpoint.state.step, 15);
        checkpoints.remove_leftovers().unwrap();
        assert!(!torn.exists());
        assert_eq!(steps(&checkpoints), [5, 10, 15]);
    }

    #[test]
    fn damage_of_any_kind_falls_back_to_the_checkpoint_before() {
        type Damage = fn(&Path);
        let cases: [(&str, Damage); 7] = [
            ("SHA-256", |p| {
                let file = std::fs::OpenOptions::new()
                    .write(true)
                    .open(p.join("training.safetensors"))
                    .unwrap();
                file.set_len(60).unwrap();
            }),
            ("SHA-256", |p| {
                let path = p.join("training.safetensors");
                let mut bytes = std::fs::read(&path).unwrap();
                *bytes.last_mut().unwrap() ^= 1;
                std::fs::write(path, bytes).unwrap();
            }),
            ("cannot read", |p| std::fs::remove_file(p.join("training.safetensors")).unwrap()),
            ("cannot read", |p| std::fs::remove_file(p.join("state.json")).unwrap()),
            ("state.json is damaged", |p| {
                std::fs::write(p.join("state.json"), "{\"step\": 15").unwrap()
            }),
            ("state.json is damaged", |p| std::fs::write(p.join("state.json"), "").unwrap()),
            ("format 2", |p| {
                let path = p.join("state.json");
                let text = std::fs::read_to_string(&path).unwrap();
                std::fs::write(
                    path,
                    text.replace("\"format_version\": 1", "\"format_version\": 2"),
                )
                .unwrap();
            }),
        ];
        for (expected, damage) in cases {
            let (_folder, checkpoints) = three();
            damage(&checkpoints.path(15));
            let found = latest(&checkpoints);
            assert_eq!(found.checkpoint, checkpoint(10));
            assert_eq!(found.notes.len(), 1);
            assert!(
                found.notes[0].contains(expected) && found.notes[0].contains("step-00000015"),
                "{:?}",
                found.notes
            );
        }
    }

    #[test]
    fn where_all_are_damaged_the_run_does_not_silently_begin_anew() {
        let (_folder, checkpoints) = three();
        for step in [5, 10, 15] {
            std::fs::remove_file(checkpoints.path(step).join("state.json")).unwrap();
        }
        let error =
            checkpoints.latest(&OptimiserState::flat(vec![0.0; 3])).unwrap_err().to_string();
        assert!(error.starts_with("none of the 3 checkpoints in "), "{error}");
    }

    #[test]
    fn another_network_is_named() {
        let (_folder, checkpoints) = three();
        let error =
            checkpoints.latest(&OptimiserState::flat(vec![0.0; 4])).unwrap_err().to_string();
        assert!(error.contains("weights.w has shape [3], but the network needs [4]"), "{error}");
    }

    #[test]
    fn a_failed_write_leaves_every_older_checkpoint() {
        let (_folder, checkpoints) = three();
        // A file stands where the next checkpoint should go.
        std::fs::write(checkpoints.path(20), "in the way").unwrap();
        let error = checkpoints.save(&checkpoint(20), 1).unwrap_err().to_string();
        assert!(error.contains("step-00000020"), "{error}");
        assert_eq!(latest(&checkpoints).checkpoint, checkpoint(15));
    }
}
