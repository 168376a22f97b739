//! Which files of a folder hold its network's weights.
//!
//! diffusers calls them `diffusion_pytorch_model`, transformers `model` or, in PyTorch's format,
//! `pytorch_model`; they end in `.safetensors` or `.bin`.
//! An index (`NAME.safetensors.index.json`) goes before a single file, safetensors before PyTorch's
//! format.
//! A variant such as `fp16` has its own files: `NAME.fp16.safetensors`, or an index in one of three
//! spellings; what the shards are called is the index's affair.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Names and endings, the preferred first.
const NAMES: [(&str, &str); 4] = [
    ("diffusion_pytorch_model", "safetensors"),
    ("model", "safetensors"),
    ("diffusion_pytorch_model", "bin"),
    ("pytorch_model", "bin"),
];

/// The most names that an error lists.
const MOST: usize = 4;

/// The weights that were chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightFiles {
    /// A file, or the index of several.
    pub path: PathBuf,
    /// The variant that they are.
    pub variant: Option<String>,
    /// What is worth saying about the choice.
    pub note: Option<String>,
}

impl WeightFiles {
    /// Chooses the weights in `folder`: those of `variant` where it has some, those of no variant
    /// otherwise, and else those of the only variant there is.
    ///
    /// # Errors
    /// [`Error::NoWeights`], with what there is instead, and [`Error::SeveralVariants`].
    pub fn find(folder: impl AsRef<Path>, variant: Option<&str>) -> Result<Self> {
        let folder = folder.as_ref();
        let chosen = |path, variant: Option<&str>, note: Option<String>| {
            Ok(Self { path, variant: variant.map(str::to_owned), note })
        };
        if let Some(path) = variant.and_then(|_| present(folder, variant)) {
            return chosen(path, variant, None);
        }
        if let Some(path) = present(folder, None) {
            let note = variant.map(|variant| {
                format!("{} has no variant {variant}: {} is read", folder.display(), name(&path))
            });
            return chosen(path, None, note);
        }
        let listed = list(folder)?;
        let variants: BTreeSet<&str> = listed.iter().filter_map(|name| variant_of(name)).collect();
        let mut variants = variants.into_iter();
        match (variants.next(), variants.next()) {
            (Some(only), None) => match present(folder, Some(only)) {
                Some(path) => {
                    let folder = folder.display();
                    let note = match variant {
                        None => format!("{folder} holds the variant {only} alone, which is read"),
                        Some(asked) => format!(
                            "{folder} has no variant {asked}: {only}, the only one there, is read"
                        ),
                    };
                    chosen(path, Some(only), Some(note))
                }
                None => Err(none(folder, &listed)),
            },
            (Some(first), Some(second)) => {
                let found: Vec<&str> =
                    [first, second].into_iter().chain(variants).take(MOST).collect();
                Err(Error::SeveralVariants { folder: folder.to_owned(), found: found.join(", ") })
            }
            (None, _) => Err(none(folder, &listed)),
        }
    }
}

/// The first file there is of those that weights of this variant may be called.
fn present(folder: &Path, variant: Option<&str>) -> Option<PathBuf> {
    let candidates = NAMES.iter().flat_map(|(stem, ending)| match variant {
        None => vec![format!("{stem}.{ending}.index.json"), format!("{stem}.{ending}")],
        Some(variant) => vec![
            format!("{stem}.{ending}.index.{variant}.json"),
            format!("{stem}.{ending}.{variant}.index.json"),
            format!("{stem}.{variant}.{ending}.index.json"),
            format!("{stem}.{variant}.{ending}"),
        ],
    });
    candidates.map(|name| folder.join(name)).find(|path| path.exists())
}

/// The variant that a file of this name belongs to, if it is a single file or an index of one.
fn variant_of(name: &str) -> Option<&str> {
    NAMES.iter().find_map(|(stem, ending)| {
        let rest = name.strip_prefix(stem)?.strip_prefix('.')?;
        let index = || rest.strip_prefix(ending)?.strip_prefix('.')?.strip_suffix(".json");
        let variant = match index() {
            Some(index) => index.strip_prefix("index.").or_else(|| index.strip_suffix(".index"))?,
            None => {
                let rest = rest.strip_suffix(".index.json").unwrap_or(rest);
                rest.strip_suffix(ending)?.strip_suffix('.')?
            }
        };
        // A shard is no set of weights of its own.
        (!variant.is_empty() && !variant.contains("-of-")).then_some(variant)
    })
}

/// The names in a folder that weights could have, sorted.
fn list(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).map_err(|reason| Error::reading(folder, reason))?;
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| NAMES.iter().any(|(stem, _)| name.starts_with(stem)))
        .collect();
    names.sort();
    Ok(names)
}

/// The error for absent weights, which tells what there is.
fn none(folder: &Path, names: &[String]) -> Error {
    let found = match names.len() {
        0 => "it holds nothing whose name starts so".to_owned(),
        1..=MOST => format!("it holds {}", names.join(", ")),
        more => format!("it holds {} and {} more", names[..MOST].join(", "), more - MOST),
    };
    let wanted = "weights called diffusion_pytorch_model, model or pytorch_model".to_owned();
    Error::NoWeights { folder: folder.to_owned(), wanted, found }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        names.iter().for_each(|name| fs::write(folder.path().join(name), "").unwrap());
        folder
    }

    /// The name of the file chosen, its variant and the note, or the error.
    fn choice(names: &[&str], variant: Option<&str>) -> (String, String) {
        let folder = folder(names);
        let told = |text: String| text.replace(&folder.path().display().to_string(), "{}");
        match WeightFiles::find(folder.path(), variant) {
            Ok(found) => (name(&found.path), told(found.note.unwrap_or_default())),
            Err(error) => ("none".to_owned(), told(error.to_string())),
        }
    }

    #[test]
    fn indexes_go_before_files_and_safetensors_before_pickles() {
        let all = [
            "diffusion_pytorch_model.safetensors.index.json",
            "diffusion_pytorch_model.safetensors",
            "model.safetensors.index.json",
            "model.safetensors",
            "diffusion_pytorch_model.bin",
            "pytorch_model.bin.index.json",
            "pytorch_model.bin",
        ];
        for first in 0..all.len() {
            assert_eq!(choice(&all[first..], None), (all[first].to_owned(), String::new()));
        }
    }

    #[test]
    fn a_variant_is_read_in_all_spellings() {
        for name in [
            "diffusion_pytorch_model.safetensors.index.fp16.json",
            "diffusion_pytorch_model.safetensors.fp16.index.json",
            "diffusion_pytorch_model.fp16.safetensors.index.json",
            "diffusion_pytorch_model.fp16.safetensors",
            "model.fp16.safetensors",
            "model.safetensors.index.fp16.json",
            "pytorch_model.fp16.bin",
        ] {
            let shard = "diffusion_pytorch_model.fp16-00001-of-00002.safetensors";
            assert_eq!(choice(&[name, shard], Some("fp16")), (name.to_owned(), String::new()));
            let note = "{} holds the variant fp16 alone, which is read";
            assert_eq!(choice(&[name, shard], None), (name.to_owned(), note.to_owned()));
        }
    }

    #[test]
    fn what_is_absent_is_told() {
        assert_eq!(
            choice(&["model.safetensors"], Some("fp16")),
            (
                "model.safetensors".to_owned(),
                "{} has no variant fp16: model.safetensors is read".to_owned()
            )
        );
        assert_eq!(
            choice(&["model.fp16.safetensors"], Some("ema")).1,
            "{} has no variant ema: fp16, the only one there, is read"
        );
        assert_eq!(
            choice(&["model.fp16.safetensors", "model.ema.safetensors"], None).1,
            "{} holds the weights of the variants ema, fp16, and it was not said which to read"
        );
        assert_eq!(
            choice(&["model.txt", "model-00001-of-00002.safetensors"], None).1,
            "{} holds no weights called diffusion_pytorch_model, model or pytorch_model; it holds model-00001-of-00002.safetensors, model.txt"
        );
    }
}
