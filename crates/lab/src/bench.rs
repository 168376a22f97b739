//! Where a lab works: its seed, its folder, and what it has found so far.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::picture::{Figure, Picture, write_gif, write_png};
use crate::{Check, Error, Result, Table};

/// What a lab found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Outcome {
    /// Each number beside its closed form.
    pub checks: Vec<Check>,
    /// Pictures, animations and tables that were written.
    pub files: Vec<PathBuf>,
}

impl Outcome {
    /// Whether all checks passed.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.pass)
    }
}

/// A lab at work.
#[derive(Debug)]
pub struct Bench<'a> {
    seed: u64,
    folder: &'a Path,
    outcome: Outcome,
}

impl<'a> Bench<'a> {
    /// Work with random streams of `seed` and files in `folder`, which is made where it does not exist.
    ///
    /// # Errors
    /// Where the folder cannot be made.
    pub fn new(seed: u64, folder: &'a Path) -> Result<Self> {
        fs::create_dir_all(folder)
            .map_err(|source| Error::Write { path: folder.to_owned(), source })?;
        Ok(Self { seed, folder, outcome: Outcome::default() })
    }

    /// The seed of all that is drawn.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// What was found.
    pub fn outcome(self) -> Outcome {
        self.outcome
    }

    /// Compares a number with its closed form.
    pub(crate) fn check(
        &mut self,
        name: impl Into<String>,
        value: f64,
        expected: f64,
        tolerance: f64,
    ) {
        self.outcome.checks.push(Check::new(name, value, expected, tolerance));
    }

    /// Writes a picture.
    pub(crate) fn picture(&mut self, name: &str, figure: &Figure) -> Result<()> {
        let picture = figure.draw()?;
        self.write(name, |path| write_png(path, &picture))
    }

    /// Writes an animation, a hundredth of a second `delay` times for each frame.
    pub(crate) fn animation(&mut self, name: &str, frames: &[Figure], delay: u16) -> Result<()> {
        let frames: Vec<Picture> = frames.iter().map(Figure::draw).collect::<Result<_>>()?;
        self.write(name, |path| write_gif(path, &frames, delay))
    }

    /// Writes a table.
    pub(crate) fn table(&mut self, name: &str, table: &Table) -> Result<()> {
        self.write(name, |path| fs::write(path, table.markdown()))
    }

    fn write(
        &mut self,
        name: &str,
        write: impl FnOnce(&Path) -> std::io::Result<()>,
    ) -> Result<()> {
        let path = self.folder.join(name);
        write(&path).map_err(|source| Error::Write { path: path.clone(), source })?;
        self.outcome.files.push(path);
        Ok(())
    }
}
