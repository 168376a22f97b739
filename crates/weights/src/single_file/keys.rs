//! The tensors of one network within a file of several: those under one prefix.

use crate::{Error, Result, TensorFile};

/// Tensors whose names start with a prefix, which is left out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys<'a> {
    file: &'a TensorFile,
    prefix: &'a str,
}

impl<'a> Keys<'a> {
    /// The tensors of `file` under `prefix`.
    pub(super) fn new(file: &'a TensorFile, prefix: &'a str) -> Self {
        Self { file, prefix }
    }

    /// The names, without the prefix.
    pub(super) fn names(self) -> impl Iterator<Item = &'a str> {
        self.file.names().filter_map(move |name| name.strip_prefix(self.prefix))
    }

    /// The name in the file.
    pub(super) fn stored(self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The shape of a tensor, if there is one of that name.
    pub(super) fn shape(self, name: &str) -> Option<&'a [usize]> {
        self.file.shape(&self.stored(name)).ok()
    }

    /// Whether there is a tensor of that name.
    pub(super) fn has(self, name: &str) -> bool {
        self.file.contains(&self.stored(name))
    }

    /// One extent of a tensor that must be there.
    pub(super) fn extent(self, name: &str, axis: usize) -> Result<usize> {
        let shape = self.file.shape(&self.stored(name))?;
        shape.get(axis).copied().ok_or_else(|| Error::View {
            path: self.file.path().to_owned(),
            tensor: self.stored(name),
            shape: shape.to_vec(),
            expected: "more extents",
        })
    }

    /// How many of `name(0)`, `name(1)`, … there are.
    pub(super) fn count(self, name: impl Fn(usize) -> String) -> usize {
        // A file has no more tensors than names.
        (0..).take_while(|index| self.has(&name(*index))).count()
    }

    /// An error about the file as a whole.
    pub(super) fn unknown(self, detail: impl Into<String>) -> Error {
        Error::Checkpoint { path: self.file.path().to_owned(), detail: detail.into() }
    }
}
