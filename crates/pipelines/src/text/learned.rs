//! Learnt words (textual inversion, Gal et al. 2023) for the CLIP text encoders of a pipeline.
//!
//! A word of several vectors is several tokens, `word word_1 word_2 …`; in a prompt it stands for all of them.

use langevin_weights::lora::Part;
use langevin_weights::{Learned, LearnedTable};

use super::Clip;
use crate::{Error, Result, TextToImage};

/// Teaches a pipeline a word, called `token` or as the file says; what has no place in it is told in a sentence.
///
/// # Errors
/// Where no text encoder has vectors of that width, or its tokenizer knows the word already.
pub fn learn(
    pipeline: &mut dyn TextToImage,
    learned: &Learned,
    token: Option<&str>,
) -> Result<Option<String>> {
    let refused = |reason: String| Error::Addition { path: learned.path.clone(), reason };
    let token = token.unwrap_or(&learned.token);
    let (mut clips, mut left) = (pipeline.clips(), Vec::new());
    let widths: Vec<usize> = clips.iter().map(|(_, clip)| clip.width()).collect();
    for table in &learned.tables {
        let LearnedTable { encoder, width, values } = table;
        let at = match encoder {
            Some(n) => clips.iter().position(|(part, _)| *part == Part::Text(*n)),
            None => widths.iter().position(|found| found == width),
        };
        let Some(at) = at else {
            left.push(*width);
            continue;
        };
        if widths[at] != *width {
            return Err(refused(format!(
                "its vectors have {width} numbers, but those of the text encoder have {}",
                widths[at]
            )));
        }
        clips[at].1.learn(token, values.clone()).map_err(|error| refused(error.to_string()))?;
    }
    match left.first() {
        Some(width) if left.len() == learned.tables.len() => Err(refused(format!(
            "its vectors have {width} numbers, and no text encoder of this model has such: {widths:?}"
        ))),
        Some(width) => Ok(Some(format!(
            "the vectors of {width} numbers in {} have no text encoder in this model",
            learned.path.display()
        ))),
        None => Ok(None),
    }
}

impl Clip {
    /// Numbers for each token.
    pub fn width(&self) -> usize {
        self.model.config().hidden_size
    }

    /// Adds a word of one or more vectors to the tokenizer and to the table of the text encoder.
    ///
    /// # Errors
    /// Where the tokenizer knows the word, or one of its tokens, already.
    pub fn learn(&mut self, word: &str, values: Vec<f32>) -> Result<()> {
        let first = self.tokenizer.learn(word, values.len() / self.width().max(1))?;
        self.model.change(|model| Ok(model.learn(first, values)?))
    }
}
