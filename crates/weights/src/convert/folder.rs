//! A model's folder as another folder.

use std::fs;
use std::path::Path;

use super::store::store;
use super::{Options, Teller};
use crate::folder::{MODEL_INDEX, WeightFiles};
use crate::{Error, Result, Weights, atomic};

/// How deep folders within a model's folder are copied.
const DEEPEST: usize = 4;

/// The longest file beside the weights that is copied, in bytes.
const LONGEST: u64 = 1 << 28;

/// The endings of files that hold weights of some kind.
const WEIGHTS: [&str; 11] = [
    "safetensors",
    "bin",
    "pt",
    "pth",
    "ckpt",
    "msgpack",
    "h5",
    "onnx",
    "onnx_data",
    "gguf",
    "flashpack",
];

/// Writes the model in the folder `from` as the folder `to`: weights as `options` say, of the variant
/// `read` where there is one, everything else as it is.
pub(super) fn folder(
    from: &Path,
    to: &Path,
    read: Option<&str>,
    options: &Options,
    teller: &mut Teller<'_>,
) -> Result<()> {
    atomic::write_dir(to, |temporary| {
        let mut job = Job { read, options, teller, networks: 0 };
        job.folder(from, temporary, 0)?;
        if job.networks == 0 && !from.join(MODEL_INDEX).exists() {
            return Err(Error::NoModel { folder: from.to_owned() });
        }
        Ok(())
    })
}

struct Job<'j, 'l> {
    read: Option<&'j str>,
    options: &'j Options,
    teller: &'j mut Teller<'l>,
    /// The folders with weights so far.
    networks: usize,
}

impl Job<'_, '_> {
    fn folder(&mut self, from: &Path, to: &Path, depth: usize) -> Result<()> {
        let mut left_out = Vec::new();
        let reading = |reason| Error::reading(from, reason);
        for entry in fs::read_dir(from).map_err(reading)? {
            let path = entry.map_err(reading)?.path();
            let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned())
            else {
                continue;
            };
            let found = fs::metadata(&path).map_err(|reason| Error::reading(&path, reason))?;
            if name.starts_with('.') {
                continue;
            }
            if found.is_dir() {
                if depth < DEEPEST {
                    let to = to.join(&name);
                    fs::create_dir(&to).map_err(|reason| Error::writing(&to, reason))?;
                    self.folder(&path, &to, depth + 1)?;
                }
            } else if holds_weights(&name) {
                left_out.push(name);
            } else if found.len() > LONGEST {
                self.teller.note(format!("{} is not copied: it is large", path.display()))?;
            } else {
                let to = to.join(&name);
                fs::copy(&path, &to).map_err(|reason| Error::writing(&to, reason))?;
            }
        }
        // The top of a pipeline holds no weights of its own, whatever lies there.
        let own = depth > 0 || !from.join(MODEL_INDEX).exists();
        if own && !left_out.is_empty() {
            self.network(from, to)?;
        } else if let [name, ..] = left_out.as_slice() {
            self.teller.note(format!("{} is not copied", from.join(name).display()))?;
        }
        Ok(())
    }

    fn network(&mut self, from: &Path, to: &Path) -> Result<()> {
        let files = WeightFiles::find(from, self.read)?;
        self.networks += 1;
        // That there is no such variant yet is what the conversion is for.
        if let (Some(_), Some(note)) = (&files.variant, files.note) {
            self.teller.note(note)?;
        }
        let name = files.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let stem = if name.starts_with("diffusion_pytorch_model") {
            "diffusion_pytorch_model"
        } else {
            "model"
        };
        let weights = Weights::open(&files.path)?;
        store(&weights, (to, stem), self.options, self.teller)?;
        for note in weights.notes() {
            self.teller.note(note)?;
        }
        Ok(())
    }
}

/// Whether a file of this name holds weights, or lists files that do.
fn holds_weights(name: &str) -> bool {
    let index = name.ends_with(".json")
        && (name.contains(".safetensors.") || name.contains(".bin.") || name.contains(".index."));
    index || name.rsplit_once('.').is_some_and(|(_, ending)| WEIGHTS.contains(&ending))
}
