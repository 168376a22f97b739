//! What is added to a model that reads prompts: other files, and another reading of the prompts.

use std::path::PathBuf;

use clap::Args;

use crate::args::number::finite;

/// Options of `langevin sample` for folders that read prompts.
#[derive(Args, Debug, Default)]
pub(crate) struct Additions {
    /// Merge a LoRA file (safetensors of diffusers, peft or kohya) into the model, SCALE times [default: 1]; repeatable
    #[arg(long, value_name = "FILE[=SCALE]", value_parser = scaled)]
    pub(crate) lora: Vec<Scaled>,
    /// Teach the model a word of a textual-inversion file, called TOKEN in prompts [default: as the file says]; repeatable
    #[arg(long, value_name = "FILE[=TOKEN]", value_parser = named)]
    pub(crate) embedding: Vec<Named>,
    /// Read weights such as (word:1.3) in prompts, and long prompts whole, in chunks of 75 tokens
    #[arg(long)]
    pub(crate) weighting: bool,
    /// Show each picture while it is being made: this file is written anew ten times for each
    #[arg(long, value_name = "FILE.png")]
    pub(crate) preview: Option<PathBuf>,
    /// A folder of AutoencoderTiny, for better previews and animations than a linear map of the latents
    #[arg(long, value_name = "FOLDER")]
    pub(crate) preview_vae: Option<PathBuf>,
}

/// A file and how strongly it is merged.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scaled {
    pub(crate) path: PathBuf,
    pub(crate) scale: f64,
}

/// A file and what its word is called.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Named {
    pub(crate) path: PathBuf,
    pub(crate) token: Option<String>,
}

impl Additions {
    /// The options that only models that read prompts know, and whether they were given.
    pub(crate) fn given(&self) -> [(&'static str, bool); 5] {
        [
            ("--lora", !self.lora.is_empty()),
            ("--embedding", !self.embedding.is_empty()),
            ("--weighting", self.weighting),
            ("--preview", self.preview.is_some()),
            ("--preview-vae", self.preview_vae.is_some()),
        ]
    }

    /// The LoRA files with their scales.
    pub(crate) fn loras(&self) -> Vec<String> {
        let text = |Scaled { path, scale }: &Scaled| format!("{}={scale}", path.display());
        self.lora.iter().map(text).collect()
    }

    /// The files of learnt words, with the words where they were given.
    pub(crate) fn embeddings(&self) -> Vec<String> {
        let text = |Named { path, token }: &Named| match token {
            Some(token) => format!("{}={token}", path.display()),
            None => path.display().to_string(),
        };
        self.embedding.iter().map(text).collect()
    }

    /// The additions as a PNG records them.
    pub(crate) fn record(&self) -> Vec<(&'static str, String)> {
        let mut record: Vec<_> = self.loras().into_iter().map(|text| ("lora", text)).collect();
        record.extend(self.embeddings().into_iter().map(|text| ("embedding", text)));
        if self.weighting {
            record.push(("weighting", "true".to_owned()));
        }
        record
    }
}

/// `FILE` or `FILE=SCALE`; what stands behind the last `=` is a scale only if it is a number.
fn scaled(text: &str) -> Result<Scaled, String> {
    let whole = || Scaled { path: text.into(), scale: 1.0 };
    let Some((path, scale)) = text.rsplit_once('=') else { return Ok(whole()) };
    match (scale.parse::<f64>(), finite(scale)) {
        (_, Ok(scale)) if !path.is_empty() => Ok(Scaled { path: path.into(), scale }),
        (Ok(_), _) => Err(format!("the scale is {scale}: expected a finite number")),
        _ => Ok(whole()),
    }
}

/// `FILE` or `FILE=TOKEN`; what looks like the end of a file's name is no token.
fn named(text: &str) -> Result<Named, String> {
    const ENDS: [&str; 4] = [".safetensors", ".bin", ".pt", ".pth"];
    match text.rsplit_once('=') {
        Some((_, "")) => Err("the token is empty".to_owned()),
        Some((path, token)) if !path.is_empty() && !ENDS.iter().any(|end| token.ends_with(end)) => {
            Ok(Named { path: path.into(), token: Some(token.to_owned()) })
        }
        _ => Ok(Named { path: text.into(), token: None }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_may_have_a_scale_or_a_token() {
        let scale = |text: &str| scaled(text).map(|found| (found.path, found.scale));
        assert_eq!(scale("a.safetensors"), Ok(("a.safetensors".into(), 1.0)));
        assert_eq!(scale("a=b.safetensors=-0.5"), Ok(("a=b.safetensors".into(), -0.5)));
        assert_eq!(scale("a=b.safetensors"), Ok(("a=b.safetensors".into(), 1.0)));
        assert!(scale("a.safetensors=nan").is_err() && scale("a=inf").is_err());
        let token = |text: &str| named(text).map(|found| (found.path, found.token));
        assert_eq!(token("a.bin=<toy>"), Ok(("a.bin".into(), Some("<toy>".to_owned()))));
        assert_eq!(token("a=b.bin"), Ok(("a=b.bin".into(), None)));
        assert!(token("a.bin=").is_err());
    }
}
