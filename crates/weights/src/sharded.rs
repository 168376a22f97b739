//! The weights of one network, whether they lie in one file or in several with an index.
//!
//! The index (`NAME.safetensors.index.json`) has a `weight_map` from each tensor to the file beside
//! it that holds it. The index decides, not the folder's listing: folders with several overlapping
//! sets of shards exist.
//!
//! A network's tensors may also be a part of a file that holds several networks under other names: a
//! [`View`] of it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use crate::error::Hint;
use crate::from_json::describe;
use crate::non_finite::{NonFinite, are_finite, bits16_are_finite, bytes_are_finite};
use crate::view::{Edit, View};
use crate::{Dtype, Error, Result, TensorFile, config, json};

/// The longest index read, in bytes. Those of the largest models have some 10 MB.
const LONGEST_INDEX: u64 = 1 << 25;

/// The tensors of one network, from one file or from all that an index lists.
#[derive(Debug)]
pub struct Weights {
    /// The file or index that was opened.
    path: PathBuf,
    files: Vec<TensorFile>,
    /// Which of `files` holds a tensor, and how it is to be had from there.
    places: BTreeMap<String, Place>,
    /// Where tensors that are not finite are noted when they are read.
    non_finite: NonFinite,
}

/// Where a tensor lies.
#[derive(Debug)]
struct Place {
    file: usize,
    /// What the tensor is made of, where it is not simply there under its own name.
    view: Option<View>,
}

impl Weights {
    /// Opens a file of safetensors or PyTorch, or the index of several (a name that ends in `.json`).
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
        let places =
            file.names().map(|name| (name.to_owned(), Place { file: 0, view: None })).collect();
        Ok(Self {
            path: path.to_owned(),
            files: vec![file],
            places,
            non_finite: NonFinite::default(),
        })
    }

    /// The tensors that `views` make of a file's, by their new names.
    ///
    /// # Errors
    /// [`Error::NoTensor`] for a view of a tensor that the file lacks, [`Error::View`] for one that its shape refuses.
    pub fn of_views(file: TensorFile, views: Vec<(String, String, Edit)>) -> Result<Self> {
        let view = |(name, tensor, edit): (String, String, Edit)| {
            let view = View::new(&file, tensor, edit)?;
            Ok((name, Place { file: 0, view: Some(view) }))
        };
        let places = views.into_iter().map(view).collect::<Result<_>>()?;
        Ok(Self {
            path: file.path().to_owned(),
            files: vec![file],
            places,
            non_finite: NonFinite::default(),
        })
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
        let mut places = BTreeMap::new();
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
            places.insert(tensor.clone(), Place { file: number, view: None });
        }
        Ok(Self { path: index.to_owned(), files, places, non_finite: NonFinite::default() })
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
        self.places.keys().map(String::as_str)
    }

    /// Whether there is a tensor of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// As [`TensorFile::shape`].
    ///
    /// # Errors
    /// Those of [`TensorFile::shape`].
    pub fn shape(&self, name: &str) -> Result<&[usize]> {
        match self.place(name)? {
            Place { view: Some(view), .. } => Ok(view.shape()),
            Place { file, .. } => self.files[*file].shape(name),
        }
    }

    /// As [`TensorFile::dtype`].
    ///
    /// # Errors
    /// Those of [`TensorFile::dtype`].
    pub fn dtype(&self, name: &str) -> Result<Dtype> {
        let Place { file, view } = self.place(name)?;
        self.files[*file].dtype(view.as_ref().map_or(name, View::tensor))
    }

    /// As [`TensorFile::f32`]; that a number is not finite is noted.
    ///
    /// # Errors
    /// Those of [`TensorFile::f32`].
    pub fn f32(&self, name: &str) -> Result<Vec<f32>> {
        let values = self.read(name, TensorFile::f32)?;
        if !are_finite(&values) {
            self.non_finite.add(&self.path, name);
        }
        Ok(values)
    }

    /// As [`TensorFile::bits16`]; that a number is not finite is noted.
    ///
    /// # Errors
    /// Those of [`TensorFile::bits16`].
    pub fn bits16(&self, name: &str) -> Result<Vec<u16>> {
        let bits = self.read(name, TensorFile::bits16)?;
        if !bits16_are_finite(self.dtype(name)?, &bits) {
            self.non_finite.add(&self.path, name);
        }
        Ok(bits)
    }

    /// As [`TensorFile::f64`].
    ///
    /// # Errors
    /// Those of [`TensorFile::f64`].
    pub fn f64(&self, name: &str) -> Result<Vec<f64>> {
        self.read(name, TensorFile::f64)
    }

    /// As [`TensorFile::i64`].
    ///
    /// # Errors
    /// Those of [`TensorFile::i64`].
    pub fn i64(&self, name: &str) -> Result<Vec<i64>> {
        self.read(name, TensorFile::i64)
    }

    /// As [`TensorFile::bytes`]; that a number is not finite is noted.
    ///
    /// # Errors
    /// Those of [`TensorFile::bytes`].
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>> {
        let dtype = self.dtype(name)?;
        let Place { file, view } = self.place(name)?;
        let file = &self.files[*file];
        let bytes = match view {
            Some(view) => view.edit(file.bytes(view.tensor())?, dtype.bitsize() / 8),
            None => file.bytes(name)?,
        };
        self.look_over(name, &bytes)?;
        Ok(bytes)
    }

    /// The number in [`files`](Self::files) of the one that holds a tensor, and where in it the tensor's bytes lie, if
    /// row by row.
    ///
    /// # Errors
    /// Those of [`TensorFile::extent`].
    pub fn extent(&self, name: &str) -> Result<Option<(usize, Range<u64>)>> {
        let Place { file, view } = self.place(name)?;
        let stored = self.files[*file].extent(view.as_ref().map_or(name, View::tensor))?;
        let extent = match view {
            Some(view) => stored.and_then(|stored| view.within(&stored)),
            None => stored,
        };
        Ok(extent.map(|extent| (*file, extent)))
    }

    /// Notes a tensor whose `bytes`, had from a mapped file, hold a number that is not finite.
    ///
    /// # Errors
    /// Those of [`TensorFile::dtype`].
    pub fn look_over(&self, name: &str, bytes: &[u8]) -> Result<()> {
        if !bytes_are_finite(self.dtype(name)?, bytes) {
            self.non_finite.add(&self.path, name);
        }
        Ok(())
    }

    /// What is worth saying about the tensors read so far: which are not finite.
    pub fn notes(&self) -> Vec<String> {
        self.non_finite.sentences()
    }

    /// The same, noting what is not finite in a list that others share.
    pub(crate) fn noting(self, non_finite: NonFinite) -> Self {
        Self { non_finite, ..self }
    }

    fn read<T: Copy>(
        &self,
        name: &str,
        read: impl Fn(&TensorFile, &str) -> Result<Vec<T>>,
    ) -> Result<Vec<T>> {
        let Place { file, view } = self.place(name)?;
        let file = &self.files[*file];
        match view {
            Some(view) => Ok(view.edit(read(file, view.tensor())?, 1)),
            None => read(file, name),
        }
    }

    fn place(&self, name: &str) -> Result<&Place> {
        self.places.get(name).ok_or_else(|| Error::NoTensor {
            path: self.path.clone(),
            tensor: name.to_owned(),
            hint: Hint::nearest(name, self.names()),
        })
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
