//! What a pickle can describe, and the list in which all of it lies.

use super::Refusal;
use super::globals::Global;
use crate::Dtype;

/// The most values of one pickle. Real ones have some thirty for each tensor.
const MOST: usize = 1 << 21;

/// The number of a value in its list.
pub(in crate::torch) type Id = u32;

/// One value.
#[derive(Debug, Clone)]
pub(in crate::torch) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Text(String),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Storage(Storage),
    Tensor(Tensor),
    /// A known name, until it is used.
    Global(Global),
    /// Something that no tensor depends on: a real number, bytes, a number or object of another library.
    Inert,
}

impl Value {
    /// What an error calls it.
    pub(in crate::torch) fn kind(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool(_) => "a truth value",
            Self::Int(_) => "a whole number",
            Self::Text(_) => "a string",
            Self::Tuple(_) => "a tuple",
            Self::List(_) => "a list",
            Self::Dict(_) => "a dictionary",
            Self::Storage(_) => "a storage",
            Self::Tensor(_) => "a tensor",
            Self::Global(_) => "a name",
            Self::Inert => "another value",
        }
    }
}

/// Numbers of one type, kept elsewhere in the file under a key.
#[derive(Debug, Clone)]
pub(in crate::torch) struct Storage {
    /// Its name in the file, a string.
    pub(in crate::torch) key: Id,
    /// The type of its numbers; bytes where the tensor has the type.
    pub(in crate::torch) dtype: Dtype,
    /// How many there are.
    pub(in crate::torch) numbers: u64,
    /// The part of it that is meant: the first number and how many.
    pub(in crate::torch) view: Option<(u64, u64)>,
}

/// A tensor: a storage, and which of its numbers in which order.
#[derive(Debug, Clone)]
pub(in crate::torch) struct Tensor {
    /// The storage's value.
    pub(in crate::torch) storage: Id,
    /// The type of its numbers.
    pub(in crate::torch) dtype: Dtype,
    /// The first number.
    pub(in crate::torch) offset: u64,
    /// Extents, outermost first.
    pub(in crate::torch) shape: Vec<usize>,
    /// Numbers from one index to the next, for each extent.
    pub(in crate::torch) strides: Vec<usize>,
}

/// All values of one pickle.
#[derive(Debug, Default)]
pub(in crate::torch) struct Values {
    list: Vec<Value>,
    /// Items that instructions have copied, which a short pickle could otherwise repeat without end.
    copied: usize,
}

impl Values {
    /// Adds a value.
    pub(super) fn add(&mut self, value: Value) -> Result<Id, Refusal> {
        if self.list.len() >= MOST {
            return Err(Refusal::Detail(format!("it describes more than {MOST} values")));
        }
        self.list.push(value);
        Ok((self.list.len() - 1) as Id)
    }

    /// Notes that `count` items are about to be copied.
    pub(super) fn copy(&mut self, count: usize) -> Result<(), Refusal> {
        self.copied = self.copied.saturating_add(count);
        if self.copied > MOST {
            return Err(Refusal::Detail(format!("it repeats more than {MOST} values")));
        }
        Ok(())
    }

    /// The value of a number that [`add`](Self::add) gave.
    pub(in crate::torch) fn get(&self, id: Id) -> &Value {
        &self.list[id as usize]
    }

    /// All values, in the order in which they were described.
    pub(in crate::torch) fn iter(&self) -> impl Iterator<Item = &Value> {
        self.list.iter()
    }

    /// The same, to be changed.
    pub(super) fn get_mut(&mut self, id: Id) -> &mut Value {
        &mut self.list[id as usize]
    }

    /// A string.
    pub(in crate::torch) fn text(&self, id: Id, what: &str) -> Result<&str, Refusal> {
        match self.get(id) {
            Value::Text(text) => Ok(text),
            other => Err(unexpected(what, "a string", other)),
        }
    }

    /// A whole number that is not negative.
    pub(in crate::torch) fn count(&self, id: Id, what: &str) -> Result<u64, Refusal> {
        match self.get(id) {
            Value::Int(number) => u64::try_from(*number)
                .map_err(|_| Refusal::Detail(format!("{what} is {number}, which is negative"))),
            other => Err(unexpected(what, "a whole number", other)),
        }
    }

    /// Whole numbers that are not negative, `most` at most.
    pub(super) fn counts(&self, id: Id, what: &str, most: usize) -> Result<Vec<usize>, Refusal> {
        let count = |id: &Id| {
            let count = self.count(*id, what)?;
            usize::try_from(count)
                .map_err(|_| Refusal::Detail(format!("{what} holds {count}, which is too large")))
        };
        let items = self.items(id, what)?;
        if items.len() > most {
            return Err(Refusal::Detail(format!("{what} holds more than {most} numbers")));
        }
        items.iter().map(count).collect()
    }

    /// The items of a tuple or list.
    pub(in crate::torch) fn items(&self, id: Id, what: &str) -> Result<&[Id], Refusal> {
        match self.get(id) {
            Value::Tuple(items) | Value::List(items) => Ok(items),
            other => Err(unexpected(what, "a tuple", other)),
        }
    }
}

/// The refusal of a value of the wrong kind.
pub(super) fn unexpected(what: &str, expected: &str, found: &Value) -> Refusal {
    Refusal::Detail(format!("{what} is {}, but {expected} was expected", found.kind()))
}
