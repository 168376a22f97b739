//! The real pictures that samples are judged against.

use langevin_data::options::{Options, Strictness};
use langevin_data::{DataSource, Dataset, Split, digits, open};
use langevin_eval::{Images, Verdict, judge_images, judge_samples};

use crate::failure::{Failure, Hint};

/// A reference set and what is known about it.
#[derive(Debug)]
pub(crate) struct Reference {
    data: Dataset,
    /// For the embedded digits: the other ones, which give the floors.
    unseen: Option<Dataset>,
    /// What was passed over, in sentences.
    pub(crate) notes: Vec<String>,
}

impl Reference {
    /// The embedded digits: judged against what a model is trained on, with floors from the rest.
    pub(crate) fn digits() -> Self {
        Self { data: digits::train(), unseen: Some(digits::test()), notes: Vec::new() }
    }

    /// Reads the data set called `name`; a folder's pictures are brought to `shape`, channels and sides, where it is
    /// known. Digits that come from files are known again.
    pub(crate) fn open(
        name: &str,
        shape: Option<[usize; 3]>,
        strictness: Strictness,
    ) -> Result<Self, Failure> {
        let advice = "DATA is digits, an IDX file, a folder or a tar of pictures";
        let source: DataSource = name.parse().hint(advice)?;
        match source {
            DataSource::Digits(Split::Train) => return Ok(Self::digits()),
            DataSource::Digits(Split::Test) => {
                return Ok(Self {
                    data: digits::test(),
                    unseen: Some(digits::train()),
                    notes: Vec::new(),
                });
            }
            DataSource::Path(_) => {}
        }
        let plain = Options { strictness, ..Options::default() };
        let options = match shape {
            Some([channels, height, width]) => {
                Options { channels: Some(channels), size: Some([height, width]), ..plain.clone() }
            }
            None => plain.clone(),
        };
        let (data, notes) = open(&source, &options).hint(advice)?;
        if open(&source, &plain).is_ok_and(|(data, _)| data.pixels() == digits::train().pixels()) {
            return Ok(Self::digits());
        }
        Ok(Self { data, unseen: None, notes: notes.lines() })
    }

    /// Channels of a picture.
    pub(crate) fn channels(&self) -> usize {
        self.data.channels()
    }

    /// Judges pictures `[N, C, H, W]` in [-1, 1]; labels count where the reference is the digits.
    pub(crate) fn judge(
        &self,
        values: &[f32],
        shape: [usize; 4],
        labels: Option<&[u32]>,
    ) -> Result<Verdict, Failure> {
        let images = Images::new(values, shape)?;
        Ok(match &self.unseen {
            Some(unseen) => judge_samples(images, labels, &self.data, unseen)?,
            None => judge_images(images, &self.data, None)?,
        })
    }
}
