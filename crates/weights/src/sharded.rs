//! The weights of one network, whether they lie in one file or in several with an index.
//!
//! The index (`NAME.safetensors.index.json`) has a `weight_map` from each tensor to the file beside
//! it that holds it. The index decides, not the folder's listing: folders with several overlapping
//! sets of shards exist.
//!
//! A variant such as `fp16` has its own files:
//! `NAME.fp16.safetensors`, or the index `NAME.safetensors.index.fp16.json`, in an older spelling
//! `NAME.safetensors.fp16.index.json`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use crate::error::Hint;
use crate::from_json::describe;
use crate::{Dtype, Error, Result, TensorFile, config, json};

/// The longest index read, in bytes. Those of the largest models have some 10 MB.
const LONGEST_INDEX: u64 = 1 << 25;

/// The tensors of one network, from one safetensors file or from all that an index lists.
#[derive(Debug)]
pub struct Weights {
    /// The file or index that was opened.
    path: PathBuf,
    files: Vec<TensorFile>,
    /// Which of `files` holds a tensor.
    owner: BTreeMap<String, usize>,
}

impl Weights {
    /// Opens a safetensors file, or the index of several (a name that ends in `.json`).
    ///
    /// # Errors
    /// Those of [`TensorFile::open`]; [`Error::MissingShard`] for a listed file that is absent,
    /// [`Error::ShardLacks`] for one without its tensor, [`Error::ShardName`] for one outside the
    /// folder, and those of [`Config`](crate::Config) for a malformed index.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        if path.extension().is_some_and(|extension| extension == "json") {
            return Self::open_index(path);
        }
        let file = TensorFile::open(path)?;
        let owner = file.names().map(|name| (name.to_owned(), 0)).collect();
        Ok(Self { path: path.to_owned(), files: vec![file], owner })
    }

    /// Opens the weights called `stem` in `folder`, an index before a single file, as diffusers does.
    ///
    /// `stem` is `diffusion_pytorch_model` for the networks of diffusers and `model` for those of
    /// transformers; `variant` is for example `fp16`.
    ///
    /// # Errors
    /// [`Error::NoWeights`], with what there is instead, and those of [`open`](Self::open).
    pub fn find(folder: impl AsRef<Path>, stem: &str, variant: Option<&str>) -> Result<Self> {
        let folder = folder.as_ref();
        let candidates = match variant {
            None => vec![format!("{stem}.safetensors.index.json"), format!("{stem}.safetensors")],
            Some(variant) => vec![
                format!("{stem}.safetensors.index.{variant}.json"),
                format!("{stem}.safetensors.{variant}.index.json"),
                format!("{stem}.{variant}.safetensors"),
            ],
        };
        match candidates.iter().map(|name| folder.join(name)).find(|path| path.exists()) {
            Some(path) => Self::open(path),
            None => Err(no_weights(folder, stem, candidates.last().map_or(stem, String::as_str))),
        }
    }

    fn open_index(index: &Path) -> Result<Self> {
        let root = json::parse(index, &config::read_limited(index, LONGEST_INDEX)?, LONGEST_INDEX)?;
        let wrong = |key: &str, value: &Value| Error::WrongValue {
            path: index.to_owned(),
            key: key.to_owned(),
            expected: "the name of the file that holds the tensor".to_owned(),
            found: describe(value),
        };
        let Some(map) = root.get("weight_map").and_then(Value::as_object) else {
            return Err(Error::MissingKey {
                path: index.to_owned(),
                key: "weight_map".to_owned(),
                expected: "an object from tensors to files".to_owned(),
            });
        };
        let mut files = Vec::new();
        let mut opened: BTreeMap<&str, usize> = BTreeMap::new();
        let mut owner = BTreeMap::new();
        for (tensor, shard) in map {
            let shard = shard.as_str().ok_or_else(|| wrong(tensor, shard))?;
            let number = match opened.get(shard) {
                Some(number) => *number,
                None => {
                    files.push(open_shard(index, shard)?);
                    opened.insert(shard, files.len() - 1);
                    files.len() - 1
                }
            };
            if !files[number].contains(tensor) {
                let (index, shard, tensor) = (index.to_owned(), shard.to_owned(), tensor.clone());
                return Err(Error::ShardLacks { index, shard, tensor });
            }
            owner.insert(tensor.clone(), number);
        }
        Ok(Self { path: index.to_owned(), files, owner })
    }

    /// The file or index that was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The files, in the order in which the index first names them.
    pub fn files(&self) -> &[TensorFile] {
        &self.files
    }

    /// The names of all tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.owner.keys().map(String::as_str)
    }

    /// Whether there is a tensor of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.owner.contains_key(name)
    }

    /// As [`TensorFile::shape`].
    ///
    /// # Errors
    /// Those of [`TensorFile::shape`].
    pub fn shape(&self, name: &str) -> Result<&[usize]> {
        self.file(name)?.shape(name)
    }

    /// As [`TensorFile::dtype`].
    ///
    /// # Errors
    /// Those of [`TensorFile::dtype`].
    pub fn dtype(&self, name: &str) -> Result<Dtype> {
        self.file(name)?.dtype(name)
    }

    /// As [`TensorFile::f32`].
    ///
    /// # Errors
    /// Those of [`TensorFile::f32`].
    pub fn f32(&self, name: &str) -> Result<Vec<f32>> {
        self.file(name)?.f32(name)
    }

    /// As [`TensorFile::f64`].
    ///
    /// # Errors
    /// Those of [`TensorFile::f64`].
    pub fn f64(&self, name: &str) -> Result<Vec<f64>> {
        self.file(name)?.f64(name)
    }

    /// As [`TensorFile::i64`].
    ///
    /// # Errors
    /// Those of [`TensorFile::i64`].
    pub fn i64(&self, name: &str) -> Result<Vec<i64>> {
        self.file(name)?.i64(name)
    }

    fn file(&self, name: &str) -> Result<&TensorFile> {
        match self.owner.get(name) {
            Some(number) => Ok(&self.files[*number]),
            None => Err(Error::NoTensor {
                path: self.path.clone(),
                tensor: name.to_owned(),
                hint: Hint::nearest(name, self.names()),
            }),
        }
    }
}

/// Opens a file that `index` names beside itself.
fn open_shard(index: &Path, shard: &str) -> Result<TensorFile> {
    if !is_plain_name(shard) {
        return Err(Error::ShardName { index: index.to_owned(), shard: shard.to_owned() });
    }
    TensorFile::open(index.with_file_name(shard)).map_err(|error| match error {
        Error::Missing { .. } => {
            Error::MissingShard { index: index.to_owned(), shard: shard.to_owned() }
        }
        other => other,
    })
}

/// Whether a name from a file can only mean an entry of one folder, on any system.
pub(crate) fn is_plain_name(name: &str) -> bool {
    let mut components = Path::new(name).components();
    matches!((components.next(), components.next()), (Some(Component::Normal(_)), None))
        && !name.contains(['/', '\\', ':', '\0'])
}

/// The error for absent weights, which tells what of that stem there is.
fn no_weights(folder: &Path, stem: &str, wanted: &str) -> Error {
    const MOST: usize = 4;
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(reason) => return Error::reading(folder, reason),
    };
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(stem))
        .collect();
    names.sort();
    let mut found = match names.len() {
        0 => format!("it holds nothing whose name starts with {stem}"),
        1..=MOST => format!("it holds {}", names.join(", ")),
        more => format!("it holds {} and {} more", names[..MOST].join(", "), more - MOST),
    };
    if names.iter().any(|name| name.ends_with(".bin")) {
        found.push_str("; .bin files run code when they are opened and are not read: convert them to safetensors");
    }
    Error::NoWeights { folder: folder.to_owned(), wanted: wanted.to_owned(), found }
}
