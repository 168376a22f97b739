//! Malicious and broken safetensors files, each with the sentence that must answer it.

use langevin_weights::Error;

/// A file, and whether an error is the right answer to it.
pub(crate) struct Hostile {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    /// The error, without the file's path, which is written `{}`.
    pub(crate) sentence: &'static str,
    pub(crate) is: fn(&Error) -> bool,
}

/// A file of a header and `data` bytes of data.
pub(crate) fn file(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.resize(bytes.len() + data, 7);
    bytes
}

/// A well-formed file of three tensors, to be damaged.
pub(crate) fn sound() -> Vec<u8> {
    file(
        r#"{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"F16","shape":[2],"data_offsets":[24,28]},"n":{"dtype":"I64","shape":[],"data_offsets":[28,36]}}"#,
        36,
    )
}

fn length_field(length: u64, rest: &[u8]) -> Vec<u8> {
    [&length.to_le_bytes()[..], rest].concat()
}

macro_rules! hostile {
    ($name:literal, $bytes:expr, $variant:ident, $sentence:literal) => {
        Hostile {
            name: $name,
            bytes: $bytes,
            sentence: $sentence,
            is: |error| matches!(error, Error::$variant { .. }),
        }
    };
}

pub(crate) fn corpus() -> Vec<Hostile> {
    let one = |entry: &str, data| file(&format!("{{\"w\":{entry}}}"), data);
    let two = |a: &str, b: &str, data| file(&format!("{{\"a\":{a},\"b\":{b}}}"), data);
    let four = |start: u64, end: u64| {
        format!(r#"{{"dtype":"F32","shape":[4],"data_offsets":[{start},{end}]}}"#)
    };
    vec![
        hostile!(
            "empty",
            vec![],
            EmptyFile,
            "{} is empty; a safetensors file starts with the length of its header"
        ),
        hostile!(
            "shorter than the length field",
            vec![3; 5],
            NoHeaderLength,
            "{} is cut short: it has 5 bytes, and the length of a safetensors header alone takes 8"
        ),
        hostile!(
            "header beyond the file",
            length_field(1000, b"{}"),
            HeaderCut,
            "{} is cut short or no safetensors file: its header would be 1000 bytes long, but 2 bytes follow"
        ),
        hostile!(
            "header longer than allowed",
            length_field(1 << 40, b"{}"),
            HeaderTooLong,
            "{} is no safetensors file: its header would be 1099511627776 bytes long, and 100000000 is the most allowed"
        ),
        hostile!(
            "header of all ones",
            length_field(u64::MAX, b"{}"),
            HeaderTooLong,
            "{} is no safetensors file: its header would be 18446744073709551615 bytes long, and 100000000 is the most allowed"
        ),
        hostile!(
            "the start of an archive",
            b"PK\x03\x04\x00\x00\x08\x08archive/data.pkl".to_vec(),
            Torch,
            "{} is no PyTorch file that can be read: it is cut short: the directory at its end is missing"
        ),
        hostile!(
            "a pickle of another program",
            b"\x80\x02cposix\nsystem\nX\x02\x00\x00\x00ls\x85R.".to_vec(),
            Torch,
            "{} is no PyTorch file that can be read: it is a pickle that torch.save has not written"
        ),
        hostile!(
            "header of no bytes",
            length_field(0, b""),
            Header,
            "the header of {} is malformed: EOF while parsing a value at line 1 column 0"
        ),
        hostile!(
            "header is a list",
            file("[1,2]", 0),
            Header,
            "the header of {} is malformed: invalid type: sequence, expected an object that describes tensors at line 1 column 0"
        ),
        hostile!(
            "header is not JSON",
            file("hello", 0),
            Header,
            "the header of {} is malformed: expected value at line 1 column 1"
        ),
        hostile!(
            "text after the header's object",
            file("{} {}", 0),
            Header,
            "the header of {} is malformed: trailing characters at line 1 column 4"
        ),
        hostile!(
            "header is not UTF-8",
            length_field(5, b"{\"\xff\":"),
            Header,
            "the header of {} is malformed: invalid unicode code point at line 1 column 3"
        ),
        hostile!(
            "header ends within a name",
            file("{\"w", 0),
            Header,
            "the header of {} is malformed: EOF while parsing a string at line 1 column 3"
        ),
        hostile!(
            "header ends within a tensor",
            file("{\"w\":{\"dtype\":\"F3", 0),
            Entry,
            "the header of {} describes tensor `w` wrongly: EOF while parsing a string at line 1 column 17"
        ),
        hostile!(
            "metadata that are no strings",
            file(r#"{"__metadata__":{"a":1}}"#, 0),
            Header,
            "the header of {} is malformed: invalid type: integer `1`, expected a string at line 1 column 22"
        ),
        hostile!(
            "metadata twice",
            file(r#"{"__metadata__":{},"__metadata__":{}}"#, 0),
            Header,
            "the header of {} is malformed: `__metadata__` occurs twice at line 1 column "
        ),
        hostile!(
            "a name twice, same range",
            file(&format!("{{\"w\":{0},\"w\":{0}}}", four(0, 16)), 16),
            DuplicateTensor,
            "the header of {} describes tensor `w` twice"
        ),
        hostile!(
            "a name twice, once escaped",
            file(&format!("{{\"w\":{0},\"\\u0077\":{0}}}", four(0, 16)), 16),
            DuplicateTensor,
            "the header of {} describes tensor `w` twice"
        ),
        hostile!(
            "a tensor that is a list",
            one("[]", 0),
            Entry,
            "the header of {} describes tensor `w` wrongly: invalid length 0, expected an object with dtype, shape and data_offsets at line 1 column 7"
        ),
        hostile!(
            "unknown element type",
            one(r#"{"dtype":"F7","shape":[0],"data_offsets":[0,0]}"#, 0),
            Entry,
            "the header of {} describes tensor `w` wrongly: unknown variant `F7`, "
        ),
        hostile!(
            "no shape",
            one(r#"{"dtype":"F32","data_offsets":[0,0]}"#, 0),
            Entry,
            "the header of {} describes tensor `w` wrongly: missing field `shape` at line 1 column 41"
        ),
        hostile!(
            "shape twice",
            one(r#"{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}"#, 4),
            Entry,
            "the header of {} describes tensor `w` wrongly: duplicate field `shape` at line 1 column 39"
        ),
        hostile!(
            "negative extent",
            one(r#"{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}"#, 0),
            Entry,
            "the header of {} describes tensor `w` wrongly: invalid value: integer `-1`, expected usize at line 1 column 31"
        ),
        hostile!(
            "fractional extent",
            one(r#"{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}"#, 4),
            Entry,
            "the header of {} describes tensor `w` wrongly: invalid type: floating point `1.5`, expected usize at line 1 column 32"
        ),
        hostile!(
            "extent beyond 64 bits",
            one(r#"{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,4]}"#, 4),
            Entry,
            "the header of {} describes tensor `w` wrongly: invalid type: floating point `1e+20`, expected usize at line 1 column 48"
        ),
        hostile!(
            "three offsets",
            one(r#"{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}"#, 8),
            Entry,
            "the header of {} describes tensor `w` wrongly: trailing characters at line 1 column 53"
        ),
        hostile!(
            "a million dimensions",
            one(
                &format!(
                    r#"{{"dtype":"U8","shape":[{}1],"data_offsets":[0,1]}}"#,
                    "1,".repeat(1_000_000)
                ),
                1
            ),
            Entry,
            "the header of {} describes tensor `w` wrongly: invalid length 65, expected a shape of at most 64 extents at line 1 column 158"
        ),
        hostile!(
            "nesting without end",
            one(&"[".repeat(50_000), 0),
            Entry,
            "the header of {} describes tensor `w` wrongly: "
        ),
        hostile!(
            "shape whose product overflows",
            one(r#"{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}"#, 0),
            ShapeOverflow,
            "tensor `w` of {} has the absurd shape [4294967296, 4294967296]: its size overflows"
        ),
        hostile!(
            "shape whose bytes overflow",
            one(r#"{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}"#, 0),
            ShapeOverflow,
            "tensor `w` of {} has the absurd shape [2305843009213693952]: its size overflows"
        ),
        hostile!(
            "range longer than the shape",
            one(r#"{"dtype":"F32","shape":[2],"data_offsets":[0,12]}"#, 12),
            SizeMismatch,
            "tensor `w` of {} spans 12 bytes, but its shape [2] of F32 takes 8"
        ),
        hostile!(
            "range shorter than the shape",
            one(r#"{"dtype":"F16","shape":[2,2],"data_offsets":[0,4]}"#, 4),
            SizeMismatch,
            "tensor `w` of {} spans 4 bytes, but its shape [2, 2] of F16 takes 8"
        ),
        hostile!(
            "half a byte",
            one(r#"{"dtype":"F4","shape":[3],"data_offsets":[0,2]}"#, 2),
            SizeMismatch,
            "tensor `w` of {} spans 2 bytes, but its shape [3] of F4 takes 2"
        ),
        hostile!(
            "range that ends before it starts",
            one(&four(16, 0), 16),
            BackwardRange,
            "tensor `w` of {} starts at byte 16 of the data and ends before that, at byte 0"
        ),
        hostile!(
            "gap before the first tensor",
            one(&four(4, 20), 20),
            Gap,
            "tensor `w` of {} starts at byte 4 of the data, but the tensors before it end at byte 0"
        ),
        hostile!(
            "gap between tensors",
            two(&four(0, 16), &four(24, 40), 40),
            Gap,
            "tensor `b` of {} starts at byte 24 of the data, but the tensors before it end at byte 16"
        ),
        hostile!(
            "overlapping tensors",
            two(&four(0, 16), &four(8, 24), 24),
            Overlap,
            "tensor `b` of {} overlaps tensor `a`: it starts at byte 8 of the data, which `a` uses up to byte 16"
        ),
        hostile!(
            "two tensors in one range",
            two(&four(0, 16), &four(0, 16), 16),
            Overlap,
            "tensor `b` of {} overlaps tensor `a`: it starts at byte 0 of the data, which `a` uses up to byte 16"
        ),
        hostile!(
            "data cut short",
            two(&four(0, 16), &four(16, 32), 20),
            DataCut,
            "{} is cut short: tensor `b` ends at byte 32 of the data, but the file holds only 20 bytes of data"
        ),
        hostile!(
            "no data",
            one(&four(0, 16), 0),
            DataCut,
            "{} is cut short: tensor `w` ends at byte 16 of the data, but the file holds only 0 bytes of data"
        ),
        hostile!(
            "a tensor larger than any disk",
            one(
                r#"{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}"#,
                8
            ),
            ShapeOverflow,
            "tensor `w` of {} has the absurd shape [9223372036854775807]: its size overflows"
        ),
        hostile!(
            "a tensor of a pebibyte",
            one(
                r#"{"dtype":"U8","shape":[1125899906842624],"data_offsets":[0,1125899906842624]}"#,
                8
            ),
            DataCut,
            "{} is cut short: tensor `w` ends at byte 1125899906842624 of the data, but the file holds only 8 bytes of data"
        ),
        hostile!(
            "data after the last tensor",
            one(&four(0, 16), 20),
            TrailingData,
            "{} goes on after its last tensor: the tensors take 16 bytes of data, but the file holds 20"
        ),
        hostile!(
            "data without tensors",
            file("{}", 4),
            TrailingData,
            "{} goes on after its last tensor: the tensors take 0 bytes of data, but the file holds 4"
        ),
        hostile!(
            "cut in the header",
            sound()[..100].to_vec(),
            HeaderCut,
            "{} is cut short or no safetensors file: its header would be 197 bytes long, but 92 bytes follow"
        ),
        hostile!(
            "cut in the last tensor",
            sound()[..sound().len() - 1].to_vec(),
            DataCut,
            "{} is cut short: tensor `n` ends at byte 36 of the data, but the file holds only 35 bytes of data"
        ),
    ]
}
