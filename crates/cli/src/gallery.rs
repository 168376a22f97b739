//! Pictures on disk: one PNG for each with its settings inside, a contact sheet of all, an animation.
//!
//! ```text
//! sheet.png               all pictures, row by row
//! 00013.png               picture 13, in one folder …
//! class-3/00013.png       … or picture 13, of class 3, in a folder for each class
//! ```

use std::path::{Path, PathBuf};
use std::time::Duration;

use langevin_data::Picture;
use langevin_data::picture::{ContactSheet, write_gif, write_png};
use langevin_models::Samples;

use crate::draw::Job;
use crate::failure::{Failure, Hint, reason};

/// Pictures that an animation shows at most, and its frames.
pub(crate) const ANIMATED: usize = 100;
const FRAMES: usize = 40;

/// Time between frames.
const DELAY: Duration = Duration::from_millis(80);

/// Animations of small pictures are enlarged to about this many pixels across.
pub(crate) const LEGIBLE: usize = 320;

/// Where single pictures go.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// Into one folder.
    Folder(PathBuf),
    /// Into a folder for each class.
    ClassFolders(PathBuf),
    /// Nowhere: the sheet is enough.
    Nowhere,
}

/// The key of what a sheet is in its texts, so that it is not taken for a sample.
pub(crate) const KIND: &str = "langevin:kind";

/// The key of the class that a picture was asked to show.
pub(crate) const CLASS: &str = "langevin:class";

/// The key of what a picture was asked to show in words.
pub(crate) const PROMPT: &str = "langevin:prompt";

/// Pictures and their sheet.
#[derive(Debug)]
pub(crate) struct Gallery {
    /// Where single pictures go.
    pub(crate) place: Place,
    /// Where the sheet goes.
    pub(crate) sheet: PathBuf,
    /// What all pictures record.
    pub(crate) record: Vec<(String, String)>,
    /// The prompt of each, where there are prompts.
    pub(crate) prompts: Vec<String>,
}

impl Gallery {
    /// Makes the folders before anything is drawn, so that a wrong place is told at once.
    pub(crate) fn prepare(&self, job: &Job) -> Result<(), Failure> {
        make_folder_of(&self.sheet)?;
        (0..job.count)
            .try_for_each(|i| self.folder(job, i).map_or(Ok(()), |folder| make_folder(&folder)))
    }

    /// The folder of picture `i`, if single pictures are wanted.
    fn folder(&self, job: &Job, i: usize) -> Option<PathBuf> {
        match (&self.place, &job.labels) {
            (Place::Nowhere, _) => None,
            (Place::ClassFolders(folder), Some(labels)) => {
                Some(folder.join(format!("class-{}", labels[i])))
            }
            (Place::Folder(folder) | Place::ClassFolders(folder), _) => Some(folder.clone()),
        }
    }

    /// Writes a batch whose first picture is number `first`.
    pub(crate) fn add(&self, job: &Job, first: usize, samples: &Samples) -> Result<(), Failure> {
        let pictures = Picture::batch_from_signed(samples.shape, &samples.data)?;
        for (i, picture) in (first..).zip(&pictures) {
            if let Some(folder) = self.folder(job, i) {
                write_png(&folder.join(format!("{i:05}.png")), picture, &self.texts(job, i))?;
            }
        }
        Ok(())
    }

    /// Writes the contact sheet; a single picture that is written nowhere else takes its place.
    pub(crate) fn finish(&self, job: &Job, samples: &Samples) -> Result<(), Failure> {
        let pictures = Picture::batch_from_signed(samples.shape, &samples.data)?;
        if let ([picture], Place::Nowhere) = (pictures.as_slice(), &self.place) {
            return Ok(write_png(&self.sheet, picture, &self.texts(job, 0))?);
        }
        let mut text = self.record.clone();
        text.push((KIND.to_owned(), "sheet".to_owned()));
        text.push(("langevin:seed".to_owned(), format!("{} and up", job.seed)));
        Ok(write_png(&self.sheet, &layout(job, pictures.len()).render(&pictures)?, &text)?)
    }

    fn texts(&self, job: &Job, i: usize) -> Vec<(String, String)> {
        let mut texts = self.record.clone();
        let class = job.labels.as_ref().map(|labels| labels[i]);
        texts.extend(class.map(|class| (CLASS.to_owned(), class.to_string())));
        texts.extend(self.prompts.get(i).map(|text| (PROMPT.to_owned(), text.clone())));
        texts.push(("langevin:seed".to_owned(), job.seed_of(i).to_string()));
        texts
    }
}

/// Writes the states of the first pictures, level by level, as an animation.
///
/// A state is divided by the root mean square that `sizes` expects of it, so that noise of any size is seen as noise.
pub(crate) fn animate(
    path: &Path,
    job: &Job,
    shape: [usize; 4],
    states: &[Vec<f32>],
    sizes: &[f64],
) -> Result<(), Failure> {
    let [_, c, h, w] = shape;
    let count = job.recorded.min(ANIMATED);
    let every = states.len().div_ceil(FRAMES).max(1);
    let last = states.len() - 1;
    let mut frames = Vec::new();
    for k in (0..=last).filter(|k| k % every == 0 || *k == last) {
        let scale = 1.0 / sizes[k] as f32;
        let data: Vec<f32> = states[k][..count * c * h * w].iter().map(|x| x * scale).collect();
        let shown = Samples { shape: [count, c, h, w], data };
        let sheet = layout(job, count);
        let scale = (LEGIBLE / (sheet.columns * w)).clamp(1, 4);
        let sheet = ContactSheet { scale, ..sheet };
        frames.push(sheet.render(&Picture::batch_from_signed(shown.shape, &shown.data)?)?);
    }
    make_folder_of(path)?;
    Ok(write_gif(path, &frames, DELAY)?)
}

/// One column for each class in turn where that makes a sheet of sensible width, else about a square, without empty
/// places where a row can be a little longer instead.
fn layout(job: &Job, count: usize) -> ContactSheet {
    let turn = job.labels.as_ref().map_or(1, |labels| {
        let first = labels[0];
        labels[1..].iter().position(|&label| label == first).map_or(labels.len(), |at| at + 1)
    });
    if (2..=20).contains(&turn) && count > turn {
        return ContactSheet::new(turn);
    }
    let square = (count as f64).sqrt().ceil() as usize;
    let full = (square..=2 * square).find(|columns| count.is_multiple_of(*columns));
    ContactSheet::new(full.unwrap_or(square).max(1))
}

/// Makes a folder and its parents.
pub(crate) fn make_folder(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)
        .map_err(|error| {
            Failure::failed(format!(
                "cannot make the folder {}: {}",
                folder.display(),
                reason(&error)
            ))
        })
        .hint("choose another place with --out")
}

/// Makes the folder that `file` will be in.
pub(crate) fn make_folder_of(file: &Path) -> Result<(), Failure> {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => make_folder(parent),
        _ => Ok(()),
    }
}

/// `wanted` if there is nothing at it, else the first of `wanted-2`, `wanted-3`, … that is free.
pub(crate) fn free_sibling(wanted: &Path) -> PathBuf {
    let free = |path: &Path| match std::fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    let numbered = |n: usize| {
        let mut name = wanted.file_name().unwrap_or_default().to_owned();
        name.push(format!("-{n}"));
        wanted.with_file_name(name)
    };
    if free(wanted) {
        wanted.to_owned()
    } else {
        (2..).map(numbered).find(|path| free(path)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_are_counted_from_two() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let wanted = folder.path().join("run");
        assert_eq!(free_sibling(&wanted), wanted);
        std::fs::create_dir(&wanted).expect("a folder");
        assert_eq!(free_sibling(&wanted), wanted, "an empty folder is free");
        std::fs::write(wanted.join("a"), b"").expect("a file");
        assert_eq!(free_sibling(&wanted), folder.path().join("run-2"));
        std::fs::write(folder.path().join("run-2"), b"").expect("a file");
        assert_eq!(free_sibling(&wanted), folder.path().join("run-3"));
    }
}
