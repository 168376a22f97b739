//! Files that are added to a model that reads prompts.

use burn::tensor::Device;
use langevin_pipelines::{TextToImage, merge_lora, text};
use langevin_weights::Learned;
use langevin_weights::lora::Lora;

use crate::args::additions::Additions;
use crate::context::Context;
use crate::failure::{Failure, Hint};

/// The model with what the options add to its networks.
pub(super) fn add(
    mut model: Box<dyn TextToImage>,
    additions: &Additions,
    context: &Context,
    device: &Device,
) -> Result<Box<dyn TextToImage>, Failure> {
    for asked in &additions.lora {
        let hint = "--lora takes a LoRA file for a model of this kind, and a scale behind `=`";
        let lora = Lora::open(&asked.path).hint(hint)?;
        let (merged, note) = merge_lora(model, &lora, asked.scale, device).hint(hint)?;
        note.iter().for_each(|note| context.note(note));
        model = merged;
    }
    for asked in &additions.embedding {
        let hint = "--embedding takes a textual-inversion file, and another word behind `=`";
        let learned = Learned::open(&asked.path).hint(hint)?;
        let note = text::learn(model.as_mut(), &learned, asked.token.as_deref()).hint(hint)?;
        note.iter().for_each(|note| context.note(note));
    }
    Ok(model)
}
