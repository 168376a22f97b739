//! What can go wrong with weights, configurations and folders: one sentence per case.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use safetensors::Dtype;

/// The result of reading or writing weights, configurations and folders.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of this crate, told in one sentence that names the file and what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the sentence above each variant says what its fields are")]
pub enum Error {
    // Files and folders.
    /// A file or folder to be read is not there.
    #[error("{path} does not exist")]
    Missing { path: PathBuf },
    /// An operation of the file system failed for a reason that no other variant names.
    #[error("cannot {action} {path}: {reason}")]
    Io { action: &'static str, path: PathBuf, reason: io::Error },
    /// The disk, or the user's share of it, is full.
    #[error("no space left while writing {path}; nothing was lost, the previous file is untouched")]
    NoSpace { path: PathBuf },
    /// The folder that should hold a new file refuses it.
    #[error(
        "cannot write into the folder {folder}: {reason}; choose a folder that can be written to"
    )]
    NotWritable { folder: PathBuf, reason: io::Error },
    /// A folder stands where a file is to be written or read.
    #[error("{path} is a folder, but a file was expected")]
    IsFolder { path: PathBuf },
    /// A file stands where a folder is to be written or read.
    #[error("{path} is a file, but a folder was expected")]
    IsFile { path: PathBuf },
    /// A path to write to has no last component, like `/` or `..`.
    #[error("{path} names no file or folder that could be written")]
    NoName { path: PathBuf },

    // Safetensors files.
    /// The file holds nothing.
    #[error("{path} is empty; a safetensors file starts with the length of its header")]
    EmptyFile { path: PathBuf },
    /// The file ends within the length field.
    #[error(
        "{path} is cut short: it has {length} bytes, and the length of a safetensors header alone takes 8"
    )]
    NoHeaderLength { path: PathBuf, length: u64 },
    /// The header would be longer than any real one.
    #[error(
        "{path} is no safetensors file: its header would be {header} bytes long, and {limit} is the most allowed"
    )]
    HeaderTooLong { path: PathBuf, header: u64, limit: u64 },
    /// The header would end beyond the file.
    #[error(
        "{path} is cut short or no safetensors file: its header would be {header} bytes long, but {present} bytes follow"
    )]
    HeaderCut { path: PathBuf, header: u64, present: u64 },
    /// The header is not the JSON that safetensors prescribes.
    #[error("the header of {path} is malformed: {detail}")]
    Header { path: PathBuf, detail: String },
    /// The entry of one tensor in the header is malformed.
    #[error("the header of {path} describes tensor `{tensor}` wrongly: {detail}")]
    Entry { path: PathBuf, tensor: String, detail: String },
    /// A tensor is described twice.
    #[error("the header of {path} describes tensor `{tensor}` twice")]
    DuplicateTensor { path: PathBuf, tensor: String },
    /// The number of elements or bytes overflows.
    #[error("tensor `{tensor}` of {path} has the absurd shape {shape:?}: its size overflows")]
    ShapeOverflow { path: PathBuf, tensor: String, shape: Vec<usize> },
    /// A tensor's range of bytes disagrees with its shape and element type.
    #[error(
        "tensor `{tensor}` of {path} spans {found} bytes, but its shape {shape:?} of {dtype} takes {expected}"
    )]
    SizeMismatch {
        path: PathBuf,
        tensor: String,
        shape: Vec<usize>,
        dtype: Dtype,
        expected: u64,
        found: u64,
    },
    /// A tensor's range of bytes ends before it starts.
    #[error(
        "tensor `{tensor}` of {path} starts at byte {start} of the data and ends before that, at byte {end}"
    )]
    BackwardRange { path: PathBuf, tensor: String, start: u64, end: u64 },
    /// Two tensors share bytes.
    #[error(
        "tensor `{tensor}` of {path} overlaps tensor `{other}`: it starts at byte {start} of the data, which `{other}` uses up to byte {end}"
    )]
    Overlap { path: PathBuf, tensor: String, other: String, start: u64, end: u64 },
    /// Bytes before a tensor belong to no tensor.
    #[error(
        "tensor `{tensor}` of {path} starts at byte {start} of the data, but the tensors before it end at byte {end}"
    )]
    Gap { path: PathBuf, tensor: String, start: u64, end: u64 },
    /// The data ends before a tensor does.
    #[error(
        "{path} is cut short: tensor `{tensor}` ends at byte {end} of the data, but the file holds only {present} bytes of data"
    )]
    DataCut { path: PathBuf, tensor: String, end: u64, present: u64 },
    /// The file goes on after its last tensor.
    #[error(
        "{path} goes on after its last tensor: the tensors take {expected} bytes of data, but the file holds {present}"
    )]
    TrailingData { path: PathBuf, expected: u64, present: u64 },
    /// The file could not be read where it was sound when it was opened.
    #[error(
        "cannot read tensor `{tensor}` of {path}, which was whole when it was opened: {reason}"
    )]
    Changed { path: PathBuf, tensor: String, reason: io::Error },
    /// A tensor does not fit into memory.
    #[error(
        "tensor `{tensor}` of {path} needs {bytes} bytes of memory, which the system does not give"
    )]
    NoMemory { path: PathBuf, tensor: String, bytes: u64 },
    /// There is no tensor of that name.
    #[error("{path} has no tensor `{tensor}`{hint}")]
    NoTensor { path: PathBuf, tensor: String, hint: Hint },
    /// The tensor's elements are of a type that this reading does not convert.
    #[error(
        "tensor `{tensor}` of {path} has elements of type {dtype}, which cannot be read as {wanted}"
    )]
    WrongDtype { path: PathBuf, tensor: String, dtype: Dtype, wanted: &'static str },
    /// An integer element does not fit.
    #[error(
        "tensor `{tensor}` of {path} holds {value}, which does not fit into a signed 64-bit integer"
    )]
    OutOfRange { path: PathBuf, tensor: String, value: u64 },

    // PyTorch's files.
    /// The file is malformed, or asks for more than tensors need.
    #[error("{path} is no PyTorch file that can be read: {detail}")]
    Torch { path: PathBuf, detail: String },
    /// The file names a function or class that is not needed to describe tensors.
    #[error(
        "{path} is not read: it names {name}, which could run code when it is opened, and nothing but tensors and plain values is read from such files"
    )]
    TorchName { path: PathBuf, name: String },

    // Writing tensors.
    /// Two tensors of one name were to be written.
    #[error("cannot write {path}: two tensors are named `{tensor}`")]
    DuplicateName { path: PathBuf, tensor: String },
    /// A tensor carries the name of the metadata.
    #[error(
        "cannot write {path}: `{tensor}` is reserved for the metadata and cannot name a tensor"
    )]
    ReservedName { path: PathBuf, tensor: String },
    /// A tensor's values do not fill its shape.
    #[error("cannot write {path}: tensor `{tensor}` of shape {shape:?} was given {found} values")]
    ValueCount { path: PathBuf, tensor: String, shape: Vec<usize>, found: usize },

    // Sets of files.
    /// An index names a file that is not there.
    #[error("the index {index} lists {shard}, which does not exist beside it")]
    MissingShard { index: PathBuf, shard: String },
    /// An index names a file outside its folder.
    #[error("the index {index} lists `{shard}`, which is not the plain name of a file beside it")]
    ShardName { index: PathBuf, shard: String },
    /// An index assigns a tensor to a file that lacks it.
    #[error("the index {index} says that {shard} holds tensor `{tensor}`, but it does not")]
    ShardLacks { index: PathBuf, shard: String, tensor: String },
    /// A folder holds no weights of the wanted name.
    #[error("{folder} holds no {wanted}; {found}")]
    NoWeights { folder: PathBuf, wanted: String, found: String },

    /// A tensor cannot be taken apart as it is stored in files of several networks.
    #[error("tensor `{tensor}` of {path} has shape {shape:?}, but {expected} was expected")]
    View { path: PathBuf, tensor: String, shape: Vec<usize>, expected: &'static str },
    /// A folder holds the weights of several variants and none beside them.
    #[error(
        "{folder} holds the weights of the variants {found}, and it was not said which to read"
    )]
    SeveralVariants { folder: PathBuf, found: String },

    // Files of several networks.
    /// The file is no checkpoint that is known.
    #[error("{path} is no checkpoint that can be read: {detail}")]
    Checkpoint { path: PathBuf, detail: String },
    /// The folder cannot be written as one file.
    #[error("{folder} cannot be one file in the layout of Stable Diffusion's authors: {detail}")]
    NoLayout { folder: PathBuf, detail: String },
    /// There is no tokenizer for a checkpoint.
    #[error("{path} holds no tokenizer, and neither is there a folder `{tokenizer}` beside it")]
    NoTokenizer { path: PathBuf, tokenizer: String },

    // Converting.
    /// Whoever listened wanted the work to stop.
    #[error("the work was stopped before its end; nothing was written")]
    Stopped,

    // Configurations.
    /// The file is too long to be a configuration.
    #[error("{path} is {length} bytes long, and a configuration may have at most {limit}")]
    TooLong { path: PathBuf, length: u64, limit: u64 },
    /// The text is not JSON.
    #[error("{path} is no valid JSON: {detail}")]
    Json { path: PathBuf, detail: String },
    /// The JSON nests too deeply.
    #[error("{path} nests more than {limit} levels deep")]
    TooDeep { path: PathBuf, limit: usize },
    /// A key occurs twice in one object.
    #[error("{path} has the key `{key}` twice")]
    DuplicateKey { path: PathBuf, key: String },
    /// The file holds something other than an object.
    #[error("{path} holds {found}, but an object with keys and values was expected")]
    NotAnObject { path: PathBuf, found: String },
    /// A key is not known.
    #[error("{path} has the unknown key `{key}`{hint}")]
    UnknownKey { path: PathBuf, key: String, hint: Hint },
    /// A key is missing that has no default.
    #[error("{path} lacks the key `{key}`: expected {expected}")]
    MissingKey { path: PathBuf, key: String, expected: String },
    /// A value is of the wrong kind.
    #[error("key `{key}` of {path}: expected {expected}, found {found}")]
    WrongValue { path: PathBuf, key: String, expected: String, found: String },

    // Model folders.
    /// The folder is neither a pipeline nor a component.
    #[error("{folder} is no model folder: it has neither model_index.json nor config.json")]
    NoModel { folder: PathBuf },
    /// The pipeline has no component of that name.
    #[error("{folder} has no component `{component}`{hint}")]
    NoComponent { folder: PathBuf, component: String, hint: Hint },
    /// The pipeline lists the component as absent.
    #[error("{folder} lists the component `{component}` as absent")]
    AbsentComponent { folder: PathBuf, component: String },
    /// A component's name would leave the folder.
    #[error("{path} names a component `{component}`, which is not the plain name of a folder")]
    ComponentName { path: PathBuf, component: String },
}

/// The end of a sentence that offers the nearest name, if there is one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hint(Option<String>);

impl Hint {
    /// Offers the candidate nearest to `name` ([`nearest`](crate::nearest)).
    pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        Self(crate::nearest(name, candidates).map(str::to_owned))
    }

    /// The offered name.
    pub fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl std::fmt::Display for Hint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Some(name) => write!(f, "; did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

impl Error {
    /// Reading `path` failed: the sentence depends on the kind of `reason`.
    pub(crate) fn reading(path: &Path, reason: io::Error) -> Self {
        let path = path.to_owned();
        match reason.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Self::Missing { path },
            ErrorKind::IsADirectory => Self::IsFolder { path },
            _ => Self::Io { action: "read", path, reason },
        }
    }

    /// Writing `path` failed: the sentence depends on the kind of `reason`.
    pub(crate) fn writing(path: &Path, reason: io::Error) -> Self {
        let path = crate::atomic::intended(path);
        let folder = || match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        match reason.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::NoSpace { path },
            ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::NotADirectory
            | ErrorKind::NotFound => Self::NotWritable { folder: folder(), reason },
            ErrorKind::IsADirectory => Self::IsFolder { path },
            _ => Self::Io { action: "write", path, reason },
        }
    }
}
