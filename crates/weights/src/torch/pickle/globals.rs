//! The names that a pickle may use, and what using one describes.

use super::value::{Id, Tensor, Value, Values, unexpected};
use super::{Refusal, Storage};
use crate::Dtype;

/// The most extents of a tensor, as in PyTorch.
const MOST_DIMENSIONS: usize = 64;

/// The most characters of an unknown name that are told.
const LONGEST_NAME: usize = 120;

/// What a name describes: a new value, or one of its arguments.
pub(super) enum Described {
    New(Value),
    Same(Id),
}

/// A known name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::torch) enum Global {
    /// A dictionary that keeps its order.
    OrderedDict,
    /// A tensor's shape.
    Size,
    /// (storage, offset, shape, strides, …).
    Tensor,
    /// The same, the type of the numbers after two more.
    TypedTensor,
    /// (tensor, …).
    Parameter,
    /// A storage of numbers of this type.
    Storage(Dtype),
    /// A type of numbers.
    Dtype(Dtype),
    /// What describes nothing that a tensor depends on, whatever it is given.
    Inert,
}

/// The classes of storages and the types that their numbers have.
const NUMBERS: &[(&str, &str, Dtype)] = &[
    ("FloatStorage", "float32", Dtype::F32),
    ("HalfStorage", "float16", Dtype::F16),
    ("BFloat16Storage", "bfloat16", Dtype::BF16),
    ("DoubleStorage", "float64", Dtype::F64),
    ("LongStorage", "int64", Dtype::I64),
    ("IntStorage", "int32", Dtype::I32),
    ("ShortStorage", "int16", Dtype::I16),
    ("CharStorage", "int8", Dtype::I8),
    ("ByteStorage", "uint8", Dtype::U8),
    ("BoolStorage", "bool", Dtype::BOOL),
    ("Float8_e4m3fnStorage", "float8_e4m3fn", Dtype::F8_E4M3),
    ("Float8_e5m2Storage", "float8_e5m2", Dtype::F8_E5M2),
    ("", "uint16", Dtype::U16),
    ("", "uint32", Dtype::U32),
    ("", "uint64", Dtype::U64),
];

impl Global {
    /// The name of a module's member, if it is known.
    pub(super) fn find(module: &str, name: &str) -> Result<Self, Refusal> {
        let known = match (module, name) {
            ("collections", "OrderedDict") => Some(Self::OrderedDict),
            ("torch", "Size") => Some(Self::Size),
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Some(Self::Tensor),
            ("torch._utils", "_rebuild_tensor_v3") => Some(Self::TypedTensor),
            ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => {
                Some(Self::Parameter)
            }
            ("torch.storage", "UntypedStorage") | ("torch", "UntypedStorage") => {
                Some(Self::Storage(Dtype::U8))
            }
            ("torch", _) => NUMBERS.iter().find_map(|&(storage, number, dtype)| match name {
                _ if name == storage => Some(Self::Storage(dtype)),
                _ if name == number => Some(Self::Dtype(dtype)),
                _ => None,
            }),
            // What training frameworks and NumPy leave in checkpoints beside the tensors.
            ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar")
            | ("numpy", "dtype")
            | ("_codecs", "encode")
            | (
                "pytorch_lightning.callbacks.model_checkpoint"
                | "lightning.pytorch.callbacks.model_checkpoint",
                "ModelCheckpoint",
            ) => Some(Self::Inert),
            _ => None,
        };
        known.ok_or_else(|| {
            // A name may be as long as the file; a sentence may not.
            Refusal::Global(format!("{module}.{name}").chars().take(LONGEST_NAME).collect())
        })
    }

    /// What the name describes with these arguments.
    pub(super) fn describe(self, id: Id, values: &mut Values) -> Result<Described, Refusal> {
        let arguments = values.items(id, "the arguments of a name")?;
        let (dtype, tensor) = match (self, arguments) {
            (Self::OrderedDict, []) => return Ok(Described::New(Value::Dict(Vec::new()))),
            (Self::OrderedDict, &[pairs]) => return dict(values, pairs),
            (Self::Inert, _) => return Ok(Described::New(Value::Inert)),
            (Self::Size, &[sizes]) => return Ok(Described::Same(sizes)),
            (Self::Parameter, &[tensor, ..]) => return Ok(Described::Same(tensor)),
            (Self::Tensor, &[storage, offset, shape, strides, ..]) => {
                (None, [storage, offset, shape, strides])
            }
            (Self::TypedTensor, &[storage, offset, shape, strides, _, _, dtype, ..]) => {
                let Value::Global(Self::Dtype(dtype)) = values.get(dtype) else {
                    let found = values.get(dtype);
                    return Err(unexpected("a tensor's type", "a type of numbers", found));
                };
                (Some(*dtype), [storage, offset, shape, strides])
            }
            _ => {
                return Err(Refusal::Detail(format!(
                    "{} arguments are given where they describe nothing",
                    arguments.len()
                )));
            }
        };
        self::tensor(values, dtype, tensor).map(Described::New)
    }
}

/// A dictionary from a list of pairs, as Python 2 wrote them.
fn dict(values: &mut Values, id: Id) -> Result<Described, Refusal> {
    const CONTENT: &str = "the content of a dictionary";
    values.copy(values.items(id, CONTENT)?.len())?;
    let pair = |pair: &Id| match values.items(*pair, "an entry of a dictionary")? {
        [key, value] => Ok((*key, *value)),
        _ => Err(Refusal::detail("an entry of a dictionary is no pair")),
    };
    let pairs = values.items(id, CONTENT)?.iter().map(pair).collect::<Result<_, _>>()?;
    Ok(Described::New(Value::Dict(pairs)))
}

fn tensor(
    values: &mut Values,
    dtype: Option<Dtype>,
    [storage, offset, shape, strides]: [Id; 4],
) -> Result<Value, Refusal> {
    let Value::Storage(found) = values.get(storage) else {
        return Err(unexpected("the storage of a tensor", "a storage", values.get(storage)));
    };
    let dtype = dtype.unwrap_or(found.dtype);
    let offset = values.count(offset, "the offset of a tensor")?;
    let shape = values.counts(shape, "the shape of a tensor", MOST_DIMENSIONS)?;
    let strides = values.counts(strides, "the strides of a tensor", MOST_DIMENSIONS)?;
    values.copy(shape.len())?;
    if shape.len() != strides.len() {
        return Err(Refusal::Detail(format!(
            "a tensor has {} extents and {} strides",
            shape.len(),
            strides.len()
        )));
    }
    Ok(Value::Tensor(Tensor { storage, dtype, offset, shape, strides }))
}

/// The storage that a persistent identifier names:
/// `("storage", class, key, place, numbers)`, in old files with a part of it: `(key, first, count)`.
pub(super) fn storage(values: &Values, id: Id) -> Result<Value, Refusal> {
    let items = values.items(id, "the name of a storage")?;
    let &[kind, class, key, _, numbers, ref more @ ..] = items else {
        return Err(Refusal::Detail(format!(
            "the name of a storage has {} parts instead of 5",
            items.len()
        )));
    };
    let kind = values.text(kind, "the name of a storage")?;
    if kind != "storage" {
        return Err(Refusal::detail("it refers to something that is no storage"));
    }
    let Value::Global(Global::Storage(dtype)) = values.get(class) else {
        return Err(unexpected("the class of a storage", "one of PyTorch's", values.get(class)));
    };
    let view = match more {
        [] => None,
        [view] if matches!(values.get(*view), Value::None) => None,
        [view] => match values.items(*view, "the part of a storage")? {
            [_, first, count] => Some((
                values.count(*first, "the start of a part of a storage")?,
                values.count(*count, "the length of a part of a storage")?,
            )),
            _ => return Err(Refusal::detail("the part of a storage is not given by three values")),
        },
        _ => return Err(Refusal::detail("the name of a storage has too many parts")),
    };
    values.text(key, "the key of a storage")?;
    Ok(Value::Storage(Storage {
        key,
        dtype: *dtype,
        numbers: values.count(numbers, "the length of a storage")?,
        view,
    }))
}
