//! A folder of pictures as samples to judge: the class of each from its sub-folder (`class-3` or `3`), else from the
//! text that `langevin sample` writes into its PNGs.

use std::path::{Path, PathBuf};

use langevin_data::Picture;
use langevin_data::options::Strictness;
use langevin_data::picture::read_png_text;

use crate::failure::{Failure, Hint, reason};
use crate::gallery::{CLASS, KIND};

/// Pictures of one shape.
#[derive(Debug)]
pub(crate) struct Pictures {
    /// `[N, C, H, W]`.
    pub(crate) shape: [usize; 4],
    /// Values in [-1, 1], planar.
    pub(crate) values: Vec<f32>,
    /// The class of each, where all have one.
    pub(crate) labels: Option<Vec<u32>>,
    /// What was passed over, in sentences.
    pub(crate) notes: Vec<String>,
}

/// Reads at most `limit` pictures, brought to `channels`, in the order of their names, class by class.
pub(crate) fn read(
    folder: &Path,
    channels: usize,
    limit: Option<usize>,
    strictness: Strictness,
) -> Result<Pictures, Failure> {
    let mut files = Vec::new();
    let classes = class_folders(folder)?;
    for (class, folder) in &classes {
        files.extend(list(folder)?.into_iter().map(|file| (file, Some(*class))));
    }
    if classes.is_empty() {
        files.extend(list(folder)?.into_iter().map(|file| (file, None)));
    }
    let mut pictures =
        Pictures { shape: [0; 4], values: Vec::new(), labels: None, notes: Vec::new() };
    let mut labels = Vec::new();
    for (file, class) in files {
        if limit.is_some_and(|limit| pictures.shape[0] >= limit) {
            break;
        }
        let texts = read_png_text(&file).unwrap_or_default();
        let text =
            |key: &str| texts.iter().find(|(found, _)| found == key).map(|(_, text)| text.as_str());
        if text(KIND).is_some() {
            continue;
        }
        match (Picture::open(&file).and_then(|picture| picture.with_channels(channels)), strictness)
        {
            (Ok(picture), _) => {
                pictures.push(&file, &picture)?;
                labels.push(class.or_else(|| text(CLASS)?.parse().ok()));
            }
            (Err(error), Strictness::Lenient) => pictures.notes.push(format!("skipped: {error}")),
            (Err(error), Strictness::Strict) => {
                return Err(Failure::from(error).hint("without --strict it is skipped and counted"));
            }
        }
    }
    if pictures.shape[0] == 0 {
        let skipped = pictures.notes.first().map_or(String::new(), |note| format!(" ({note})"));
        return Err(Failure::failed(format!("{} holds no picture that can be read{skipped}", folder.display()))
            .hint("expected PNG, JPEG, WebP or BMP files, in folders class-0, class-1, … where they have classes"));
    }
    pictures.labels = labels.into_iter().collect();
    Ok(pictures)
}

impl Pictures {
    fn push(&mut self, file: &Path, picture: &Picture) -> Result<(), Failure> {
        let [n, c, h, w] = self.shape;
        let found = [picture.channels(), picture.height(), picture.width()];
        if n > 0 && found != [c, h, w] {
            let sentence = format!(
                "{} is {}×{}, but the pictures before it are {h}×{w}: expected pictures of one size",
                file.display(),
                found[1],
                found[2],
            );
            return Err(Failure::failed(sentence));
        }
        self.shape = [n + 1, found[0], found[1], found[2]];
        self.values.extend(picture.to_signed());
        Ok(())
    }
}

/// The sub-folders named after a class, by class.
fn class_folders(folder: &Path) -> Result<Vec<(u32, PathBuf)>, Failure> {
    let mut classes: Vec<(u32, PathBuf)> = entries(folder)?
        .into_iter()
        .filter(|path| path.is_dir())
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            Some((name.strip_prefix("class-").unwrap_or(&name).parse().ok()?, path))
        })
        .collect();
    classes.sort();
    Ok(classes)
}

/// The picture files of a folder, by name.
fn list(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    const ENDINGS: [&str; 5] = ["png", "jpg", "jpeg", "webp", "bmp"];
    let known = |path: &PathBuf| {
        let ending = path.extension().and_then(|end| end.to_str()).map(str::to_ascii_lowercase);
        ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
    };
    let mut files: Vec<PathBuf> = entries(folder)?.into_iter().filter(known).collect();
    files.sort();
    Ok(files)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let paths: std::io::Result<Vec<PathBuf>> = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect());
    paths
        .map_err(|error| {
            Failure::failed(format!(
                "cannot read the folder {}: {}",
                folder.display(),
                reason(&error)
            ))
        })
        .hint("expected a folder of pictures, a run folder or a diffusers folder")
}
