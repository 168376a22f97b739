//! The machine: a stack, a memo, and the instructions that state dictionaries are written with.

use std::collections::HashMap;

use super::globals::{self, Described, Global};
use super::value::unexpected;
use super::{Id, Refusal, Source, Value, Values};

/// The newest protocol whose instructions are known.
const NEWEST: u8 = 5;

/// Runs one pickle to its end and gives its values and the number of its result.
pub(in crate::torch) fn run(source: &mut Source<'_>) -> Result<(Values, Id), Refusal> {
    let mut machine = Machine::default();
    loop {
        let instruction = source.byte()?;
        if instruction == b'.' {
            let result = machine.pop()?;
            return Ok((machine.values, result));
        }
        machine.obey(instruction, source)?;
    }
}

#[derive(Default)]
struct Machine {
    values: Values,
    stack: Vec<Id>,
    /// How high the stack was at each mark.
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
}

impl Machine {
    fn obey(&mut self, instruction: u8, source: &mut Source<'_>) -> Result<(), Refusal> {
        match instruction {
            // Protocol and frames.
            0x80 => match source.byte()? {
                0..=NEWEST => Ok(()),
                other => {
                    Err(Refusal::Detail(format!("its pickle is of the unknown protocol {other}")))
                }
            },
            0x95 => source.array::<8>().map(|_| ()),
            // Plain values.
            b'N' => self.push(Value::None),
            0x88 => self.push(Value::Bool(true)),
            0x89 => self.push(Value::Bool(false)),
            b'K' => self.integer(source, |[byte]: [u8; 1]| byte.into()),
            b'M' => self.integer(source, |bytes| u16::from_le_bytes(bytes).into()),
            b'J' => self.integer(source, |bytes| i32::from_le_bytes(bytes).into()),
            0x8a => {
                let length = source.byte()?;
                self.long(source, length.into())
            }
            0x8b => {
                let length = u32::from_le_bytes(source.array()?);
                self.long(source, length.into())
            }
            b'I' | b'L' => {
                let line = source.line()?;
                self.written(&line)
            }
            b'G' => source.array::<8>().and_then(|_| self.push(Value::Inert)),
            b'F' => source.line().and_then(|_| self.push(Value::Inert)),
            // Strings; those of old Pythons are bytes that hold text.
            b'X' | b'T' => self.text(source, |bytes| u32::from_le_bytes(bytes).into()),
            0x8c | b'U' => self.text(source, |[length]: [u8; 1]| length.into()),
            0x8d => self.text(source, u64::from_le_bytes),
            b'B' => self.bytes(source, |bytes| u32::from_le_bytes(bytes).into()),
            b'C' => self.bytes(source, |[length]: [u8; 1]| length.into()),
            0x8e => self.bytes(source, u64::from_le_bytes),
            // Containers.
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b')' => self.push(Value::Tuple(Vec::new())),
            b']' => self.push(Value::List(Vec::new())),
            b'}' => self.push(Value::Dict(Vec::new())),
            0x85 => self.tuple(1),
            0x86 => self.tuple(2),
            0x87 => self.tuple(3),
            b't' => {
                let items = self.since_mark()?;
                self.push(Value::Tuple(items))
            }
            b'l' => {
                let items = self.since_mark()?;
                self.push(Value::List(items))
            }
            b'd' => {
                let items = self.since_mark()?;
                self.push(Value::Dict(pairs(&items)?))
            }
            b'a' => {
                let item = self.pop()?;
                self.append(&[item])
            }
            b'e' => {
                let items = self.since_mark()?;
                self.append(&items)
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.insert(&[key, value])
            }
            b'u' => {
                let items = self.since_mark()?;
                self.insert(&items)
            }
            // The stack and the memo.
            b'0' => self.pop().map(|_| ()),
            b'1' => self.since_mark().map(|_| ()),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
                Ok(())
            }
            b'q' => self.keep(source, |[number]: [u8; 1]| number.into()),
            b'r' => self.keep(source, |bytes| u32::from_le_bytes(bytes).into()),
            0x94 => {
                let top = self.top()?;
                self.memo.insert(self.memo.len() as u64, top);
                Ok(())
            }
            b'h' => self.recall(source, |[number]: [u8; 1]| number.into()),
            b'j' => self.recall(source, |bytes| u32::from_le_bytes(bytes).into()),
            // Names and what is made with them.
            b'c' => {
                let (module, name) = (source.line()?, source.line()?);
                self.push(Value::Global(Global::find(&module, &name)?))
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let module = self.values.text(module, "the module of a name")?;
                let global = Global::find(module, self.values.text(name, "a name")?)?;
                self.push(Value::Global(global))
            }
            b'R' | 0x81 => self.describe(),
            b'b' => self.finish(),
            b'Q' => {
                let id = self.pop()?;
                self.push(globals::storage(&self.values, id)?)
            }
            other => Err(Refusal::Detail(format!(
                "its pickle has the instruction {other:#04x}, which state dictionaries do not need"
            ))),
        }
    }

    fn push(&mut self, value: Value) -> Result<(), Refusal> {
        let id = self.values.add(value)?;
        self.stack.push(id);
        Ok(())
    }

    /// Takes the top of the stack, which may not lie below a mark.
    fn pop(&mut self) -> Result<Id, Refusal> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn top(&self) -> Result<Id, Refusal> {
        let bottom = self.marks.last().copied().unwrap_or(0);
        match self.stack.get(bottom..) {
            Some([.., top]) => Ok(*top),
            _ => Err(Refusal::detail("its pickle takes more values than it has made")),
        }
    }

    fn since_mark(&mut self) -> Result<Vec<Id>, Refusal> {
        let mark = self.marks.pop().filter(|&mark| mark <= self.stack.len());
        let mark =
            mark.ok_or_else(|| Refusal::detail("its pickle closes what it has not opened"))?;
        Ok(self.stack.split_off(mark))
    }

    fn integer<const N: usize>(
        &mut self,
        source: &mut Source<'_>,
        read: impl FnOnce([u8; N]) -> i64,
    ) -> Result<(), Refusal> {
        let bytes = source.array()?;
        self.push(Value::Int(read(bytes)))
    }

    /// An integer of any length; what is longer than 64 bits takes part in no tensor.
    fn long(&mut self, source: &mut Source<'_>, length: u64) -> Result<(), Refusal> {
        let bytes = source.bytes(length)?;
        let sign = if bytes.last().is_some_and(|last| last & 0x80 != 0) { 0xff } else { 0 };
        let mut all = [sign; 8];
        if bytes.len() > all.len() {
            return self.push(Value::Inert);
        }
        all[..bytes.len()].copy_from_slice(&bytes);
        self.push(Value::Int(i64::from_le_bytes(all)))
    }

    /// A number written as text; `I00` and `I01` are truth values.
    fn written(&mut self, line: &str) -> Result<(), Refusal> {
        let value = match line {
            "00" => Value::Bool(false),
            "01" => Value::Bool(true),
            number => number.trim_end_matches('L').parse().map(Value::Int).map_err(|_| {
                Refusal::Detail(format!("its pickle has `{number}` where a whole number should be"))
            })?,
        };
        self.push(value)
    }

    fn text<const N: usize>(
        &mut self,
        source: &mut Source<'_>,
        length: impl FnOnce([u8; N]) -> u64,
    ) -> Result<(), Refusal> {
        let length = length(source.array()?);
        let text = source.text(length)?;
        self.push(Value::Text(text))
    }

    fn bytes<const N: usize>(
        &mut self,
        source: &mut Source<'_>,
        length: impl FnOnce([u8; N]) -> u64,
    ) -> Result<(), Refusal> {
        let length = length(source.array()?);
        source.bytes(length)?;
        self.push(Value::Inert)
    }

    fn tuple(&mut self, length: usize) -> Result<(), Refusal> {
        let mut items = vec![0; length];
        for item in items.iter_mut().rev() {
            *item = self.pop()?;
        }
        self.push(Value::Tuple(items))
    }

    fn append(&mut self, items: &[Id]) -> Result<(), Refusal> {
        let list = self.top()?;
        match self.values.get_mut(list) {
            Value::List(list) => list.extend_from_slice(items),
            Value::Inert => {}
            other => return Err(unexpected("what items are added to", "a list", other)),
        }
        Ok(())
    }

    fn insert(&mut self, items: &[Id]) -> Result<(), Refusal> {
        let pairs = pairs(items)?;
        let dict = self.top()?;
        match self.values.get_mut(dict) {
            Value::Dict(dict) => dict.extend(pairs),
            Value::Inert => {}
            other => return Err(unexpected("what entries are added to", "a dictionary", other)),
        }
        Ok(())
    }

    fn keep<const N: usize>(
        &mut self,
        source: &mut Source<'_>,
        number: impl FnOnce([u8; N]) -> u64,
    ) -> Result<(), Refusal> {
        let number = number(source.array()?);
        let top = self.top()?;
        self.memo.insert(number, top);
        Ok(())
    }

    fn recall<const N: usize>(
        &mut self,
        source: &mut Source<'_>,
        number: impl FnOnce([u8; N]) -> u64,
    ) -> Result<(), Refusal> {
        let number = number(source.array()?);
        let id = self.memo.get(&number).copied();
        self.stack.push(id.ok_or_else(|| {
            Refusal::Detail(format!("its pickle recalls value {number}, which it has not kept"))
        })?);
        Ok(())
    }

    /// A name with its arguments.
    fn describe(&mut self) -> Result<(), Refusal> {
        let (arguments, name) = (self.pop()?, self.pop()?);
        let Value::Global(global) = *self.values.get(name) else {
            return Err(unexpected("what is given arguments", "a name", self.values.get(name)));
        };
        match global.describe(arguments, &mut self.values)? {
            Described::New(value) => self.push(value),
            Described::Same(id) => {
                self.stack.push(id);
                Ok(())
            }
        }
    }

    /// The attributes of an object, of which a dictionary's or a tensor's change no number.
    fn finish(&mut self) -> Result<(), Refusal> {
        self.pop()?;
        let object = self.top()?;
        match self.values.get(object) {
            Value::Dict(_) | Value::Tensor(_) | Value::Inert => Ok(()),
            other => Err(unexpected("what attributes are given to", "a dictionary", other)),
        }
    }
}

/// Keys and values in turn, as pairs.
fn pairs(items: &[Id]) -> Result<Vec<(Id, Id)>, Refusal> {
    let (pairs, rest) = items.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Refusal::detail("a dictionary in it has a key without a value"));
    }
    Ok(pairs.iter().map(|&[key, value]| (key, value)).collect())
}
