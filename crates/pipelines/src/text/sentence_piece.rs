//! SentencePiece's model file (Kudo and Richardson 2018), a protocol buffer, as far as T5 needs it.
//!
//! ```text
//! ModelProto      1: SentencePiece …   2: TrainerSpec   3: NormalizerSpec
//! SentencePiece   1: piece   2: score
//! TrainerSpec     3: model_type (1 is unigram)
//! NormalizerSpec  2: precompiled_charsmap
//! ```

/// What the file says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct SentencePiece {
    /// Pieces of words and their log probabilities, by index.
    pub(super) pieces: Vec<(String, f64)>,
    /// 1 is unigram, the only kind that T5 has.
    pub(super) kind: u64,
    /// How characters are replaced before anything else; see [`super::charsmap`].
    pub(super) charsmap: Vec<u8>,
}

/// A value of a field.
enum Value<'a> {
    Number(u64),
    Bits32(u32),
    Bytes(&'a [u8]),
    /// Of a kind that nothing here reads.
    Other,
}

impl SentencePiece {
    /// Reads a file's bytes.
    ///
    /// # Errors
    /// A sentence on what is wrong with them.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut model = Self { kind: 1, ..Self::default() };
        fields(bytes, &mut |field, value| {
            match (field, value) {
                (1, Value::Bytes(piece)) => model.pieces.push(read_piece(piece)?),
                (2, Value::Bytes(trainer)) => fields(trainer, &mut |field, value| {
                    if let (3, Value::Number(kind)) = (field, value) {
                        model.kind = kind;
                    }
                    Ok(())
                })?,
                (3, Value::Bytes(normalizer)) => fields(normalizer, &mut |field, value| {
                    if let (2, Value::Bytes(map)) = (field, value) {
                        model.charsmap = map.to_vec();
                    }
                    Ok(())
                })?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(model)
    }
}

fn read_piece(bytes: &[u8]) -> Result<(String, f64), String> {
    let (mut text, mut score) = (String::new(), 0.0);
    fields(bytes, &mut |field, value| {
        match (field, value) {
            (1, Value::Bytes(piece)) => {
                let piece = std::str::from_utf8(piece).map_err(|_| "a piece is no text")?;
                text = piece.to_owned();
            }
            (2, Value::Bits32(bits)) => score = f64::from(f32::from_bits(bits)),
            _ => {}
        }
        Ok(())
    })?;
    if text.is_empty() || !score.is_finite() {
        return Err(format!("the piece \"{text}\" of score {score} is none"));
    }
    Ok((text, score))
}

/// Tells `take` of each field of a message.
fn fields(
    mut bytes: &[u8],
    take: &mut dyn FnMut(u64, Value<'_>) -> Result<(), String>,
) -> Result<(), String> {
    while !bytes.is_empty() {
        let tag = number(&mut bytes)?;
        let value = match tag & 7 {
            0 => Value::Number(number(&mut bytes)?),
            1 => {
                part(&mut bytes, 8)?;
                Value::Other
            }
            2 => {
                let length = number(&mut bytes)?;
                Value::Bytes(part(&mut bytes, length)?)
            }
            5 => {
                let bits = part(&mut bytes, 4)?;
                Value::Bits32(u32::from_le_bytes([bits[0], bits[1], bits[2], bits[3]]))
            }
            kind => return Err(format!("a field is of the unknown kind {kind}")),
        };
        take(tag >> 3, value)?;
    }
    Ok(())
}

/// The next `length` bytes.
fn part<'a>(bytes: &mut &'a [u8], length: u64) -> Result<&'a [u8], String> {
    let present = bytes.len();
    let cut = || format!("it is cut short: {length} bytes are due, but {present} are left");
    let length = usize::try_from(length).map_err(|_| cut())?;
    let (part, rest) = bytes.split_at_checked(length).ok_or_else(cut)?;
    *bytes = rest;
    Ok(part)
}

/// The next number, seven bits to a byte, the lowest first.
fn number(bytes: &mut &[u8]) -> Result<u64, String> {
    let mut number = 0_u64;
    for place in 0..10 {
        let (&byte, rest) = bytes.split_first().ok_or("it is cut short within a number")?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err("a number is longer than ten bytes".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Two pieces, unigram, a map of three bytes.
    const SOUND: &[u8] = &[
        0x0a, 0x08, 0x0a, 0x01, b'a', 0x15, 0, 0, 0x80, 0xbf, // "a", −1
        0x0a, 0x03, 0x0a, 0x01, b'b', // "b", 0
        0x12, 0x02, 0x18, 0x01, // unigram
        0x1a, 0x05, 0x12, 0x03, 7, 8, 9,
    ];

    #[test]
    fn fields_are_read() {
        let model = SentencePiece::read(SOUND).expect("a model");
        assert_eq!(model.pieces, [("a".to_owned(), -1.0), ("b".to_owned(), 0.0)]);
        assert_eq!((model.kind, model.charsmap), (1, vec![7, 8, 9]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = SentencePiece::read(&bytes);
        }

        #[test]
        fn damaged_files_are_read_or_refused(at in 0..SOUND.len(), byte in any::<u8>(), end in 0..SOUND.len()) {
            let mut bytes = SOUND.to_vec();
            bytes[at] = byte;
            let _ = SentencePiece::read(&bytes);
            bytes.truncate(end);
            let _ = SentencePiece::read(&bytes);
        }
    }
}
