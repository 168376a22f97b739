//! Files of words that a text encoder has learnt (textual inversion, Gal et al. 2023): one or more vectors for a token.
//!
//! ```text
//! <cat-toy>  [768] or [k, 768]          diffusers: the key is the token
//! emb_params [k, 768]                   A1111: the token is the file's name
//! clip_l [k, 768], clip_g [k, 1280]     for two text encoders: the token is the file's name
//! ```

use std::path::{Path, PathBuf};

use crate::{Error, Result, Weights};

/// A learnt word.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// The file.
    pub path: PathBuf,
    /// What the word is called in prompts where nobody says otherwise.
    pub token: String,
    /// Its vectors, for one text encoder or for two.
    pub tables: Vec<LearnedTable>,
}

/// The vectors of a learnt word for one text encoder.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnedTable {
    /// Which text encoder, 1 or 2, where the file says so.
    pub encoder: Option<u8>,
    /// Numbers in a vector.
    pub width: usize,
    /// The vectors, one behind the other.
    pub values: Vec<f32>,
}

/// Keys that name a text encoder.
const ENCODERS: [(&str, u8); 2] = [("clip_l", 1), ("clip_g", 2)];

/// The key of A1111.
const NAMELESS: &str = "emb_params";

impl Learned {
    /// Reads a file.
    ///
    /// # Errors
    /// Those of [`Weights`]; [`Error::NotLearned`] for a file with other tensors than these.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let weights = Weights::open(path)?;
        let keys: Vec<&str> = weights.names().collect();
        let refused = |detail: String| Error::NotLearned { path: path.to_owned(), detail };
        let encoder = |key: &str| ENCODERS.iter().find(|(name, _)| *name == key).map(|(_, n)| *n);
        let stem = || path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let token = match keys.as_slice() {
            [] => return Err(refused("it has no tensor".to_owned())),
            [NAMELESS] => stem(),
            [key] if encoder(key).is_none() => (*key).to_owned(),
            // Vectors for a T5 encoder may stand beside those for CLIP.
            keys if keys.iter().any(|key| encoder(key).is_some()) => stem(),
            [first, ..] => {
                let count = keys.len();
                return Err(refused(format!("it has {count} tensors, the first is `{first}`")));
            }
        };
        let mut tables = Vec::new();
        for key in keys.iter().filter(|key| keys.len() == 1 || encoder(key).is_some()) {
            let width = match weights.shape(key)? {
                [width] | [_, width] if *width > 0 => *width,
                shape => return Err(refused(format!("`{key}` has the shape {shape:?}"))),
            };
            let values = weights.f32(key)?;
            if values.is_empty() {
                return Err(refused(format!("`{key}` holds no vector")));
            }
            if values.iter().any(|x| !x.is_finite()) {
                return Err(refused(format!("`{key}` holds a number that is not finite")));
            }
            tables.push(LearnedTable { encoder: encoder(key), width, values });
        }
        Ok(Self { path: path.to_owned(), token, tables })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn open(tensors: &[(&str, &[usize])]) -> Result<Learned> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cat-toy.safetensors");
        let tensors: Vec<_> = tensors
            .iter()
            .map(|(name, shape)| {
                let count = shape.iter().product();
                ((*name).to_owned(), shape.to_vec(), vec![0.5; count])
            })
            .collect();
        crate::write(&path, &tensors, &BTreeMap::new()).expect("a file");
        Learned::open(path)
    }

    #[test]
    fn the_three_forms() {
        let one = open(&[("<toy>", &[8])]).expect("diffusers");
        assert_eq!((one.token.as_str(), one.tables[0].width), ("<toy>", 8));
        let one = open(&[("emb_params", &[3, 8])]).expect("A1111");
        assert_eq!((one.token.as_str(), one.tables[0].values.len()), ("cat-toy", 24));
        let two = open(&[("clip_g", &[2, 8]), ("clip_l", &[2, 4])]).expect("two encoders");
        let found: Vec<_> = two.tables.iter().map(|table| (table.encoder, table.width)).collect();
        assert_eq!((two.token.as_str(), found), ("cat-toy", vec![(Some(2), 8), (Some(1), 4)]));
    }

    #[test]
    fn other_files_are_refused() {
        for tensors in [
            [("a", [2, 2].as_slice()), ("b", &[2])].as_slice(),
            &[("a", &[1, 2, 2])],
            &[("a", &[])],
            &[("a", &[0, 4])],
            &[],
        ] {
            let text = open(tensors).expect_err("a refusal").to_string();
            assert!(text.contains("cat-toy"), "{text}");
        }
    }
}
