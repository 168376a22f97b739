//! Files that say they are PyTorch's and are not, or that would run code in Python.

use super::with_file;
use langevin_weights::TensorFile;

/// The start of every file of the format before 1.6: the marking number, the version, no facts.
const START: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}q\x01.";

/// A file whose third pickle, the one that describes the tensors, is `pickle`.
fn legacy(pickle: &[u8]) -> Vec<u8> {
    [START, b"\x80\x02", pickle, b"\x80\x02].", b""].concat()
}

/// An archive of stored entries; each may lie about its method.
fn zip(entries: &[(&str, &[u8], u16)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content, method) in entries {
        let at = bytes.len() as u32;
        let mut fields = vec![0, 0, 0, 0];
        fields.extend(method.to_le_bytes());
        fields.extend([0; 8]);
        for _ in 0..2 {
            fields.extend((content.len() as u32).to_le_bytes());
        }
        fields.extend((name.len() as u16).to_le_bytes());
        fields.extend([0; 2]);
        bytes.extend([b"PK\x03\x04", &fields[..]].concat());
        bytes.extend([name.as_bytes(), content].concat());
        directory.extend([b"PK\x01\x02\0\0", &fields[..], &[0; 10]].concat());
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let start = bytes.len() as u32;
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0\0\0\0\0");
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0; 2]);
    bytes
}

/// `{"w": tensor}` of two floats, of which shape, strides and offset may lie.
fn tensor(offset: u8, shape: u8, stride: u8) -> Vec<u8> {
    let storage =
        b"(X\x07\0\0\0storageq\x05ctorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x02tQ";
    [
        b"\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n(" as &[u8],
        storage,
        &[b'K', offset, b'K', shape, 0x85, b'K', stride, 0x85, 0x89, b'}', b't', b'R', b's', b'.'],
    ]
    .concat()
}

fn refusal(bytes: &[u8]) -> String {
    with_file(bytes, |path| {
        let error = TensorFile::open(&path).expect_err("a hostile file was read");
        let sentence = error.to_string().replace(&path.display().to_string(), "{}");
        assert!(sentence.len() < 400 && !sentence.contains('\n'), "{sentence}");
        sentence.replace("{} is no PyTorch file that can be read: ", "")
    })
}

#[test]
fn a_sound_archive_is_read() {
    let floats = [1.5f32.to_le_bytes(), 2.5f32.to_le_bytes()].concat();
    let bytes = zip(&[("a/data.pkl", &tensor(0, 2, 1), 0), ("a/data/0", &floats, 0)]);
    with_file(&bytes, |path| {
        assert_eq!(TensorFile::open(path).unwrap().f32("w").unwrap(), [1.5, 2.5]);
    });
}

#[test]
fn names_that_could_run_code_are_refused_by_name() {
    let cases: [(&[u8], &str); 5] = [
        (b"cposix\nsystem\nX\x02\0\0\0ls\x85R.", "posix.system"),
        (b"cbuiltins\neval\n.", "builtins.eval"),
        (b"X\x02\0\0\0osX\x06\0\0\0system\x93.", "os.system"),
        (b"ctorch.jit\nload\n.", "torch.jit.load"),
        (b"ctorch\nload\n.", "torch.load"),
    ];
    for (pickle, name) in cases {
        for bytes in [legacy(pickle), zip(&[("a/data.pkl", pickle, 0)])] {
            assert_eq!(
                refusal(&bytes),
                format!(
                    "{{}} is not read: it names {name}, which could run code when it is opened, and nothing but tensors and plain values is read from such files"
                )
            );
        }
    }
}

#[test]
fn malformed_pickles_are_answered_by_a_sentence() {
    let cases: [(&[u8], &str); 14] = [
        (b"", "its pickle takes more values than it has made"),
        (b"}q", "it is cut short in the description of its tensors"),
        (
            b"X\xff\xff\xff\x7fabc",
            "the description of its tensors is longer than the 67108864 bytes allowed",
        ),
        (b"X\xff\xff\xff\0abc", "it is cut short in the description of its tensors"),
        (b"0.", "its pickle takes more values than it has made"),
        (b"(0.", "its pickle takes more values than it has made"),
        (b"t.", "its pickle closes what it has not opened"),
        (b"h\x07.", "its pickle recalls value 7, which it has not kept"),
        (b"}K\x01a.", "what items are added to is a dictionary, but a list was expected"),
        (b"(K\x01d.", "a dictionary in it has a key without a value"),
        (b"i.", "its pickle has the instruction 0x69, which state dictionaries do not need"),
        (b"\x80\x09.", "its pickle is of the unknown protocol 9"),
        (b"K\x01Q.", "the name of a storage is a whole number, but a tuple was expected"),
        (b"K\x01.", "it holds a whole number where a dictionary of tensors should be"),
    ];
    for (pickle, sentence) in cases {
        let found = refusal(&zip(&[("a/data.pkl", pickle, 0)]));
        // An empty pickle ends before its first instruction.
        let sentence = if pickle.is_empty() {
            "it is cut short in the description of its tensors"
        } else {
            sentence
        };
        assert_eq!(found, sentence);
    }
    // A dictionary in itself, and one in two places.
    assert_eq!(
        refusal(&zip(&[("a/data.pkl", b"}q\x01X\x01\0\0\0ah\x01s.", 0)])),
        "a dictionary occurs in two places of it, or in itself"
    );
}

#[test]
fn tensors_beyond_their_storage_are_refused() {
    let archive = |pickle: &[u8]| zip(&[("a/data.pkl", pickle, 0), ("a/data/0", &[0; 8], 0)]);
    for (offset, shape, stride) in [(1, 2, 1), (0, 3, 1), (0, 2, 2), (255, 1, 1)] {
        assert_eq!(
            refusal(&archive(&tensor(offset, shape, stride))),
            format!("its tensor `w` of shape [{shape}] lies beyond its storage")
        );
    }
    assert_eq!(
        refusal(&archive(&tensor(0, 200, 0))),
        "its tensor `w` of shape [200] repeats numbers, and such are not read"
    );
    let short = zip(&[("a/data.pkl", &tensor(0, 2, 1), 0), ("a/data/0", &[0; 7], 0)]);
    assert_eq!(refusal(&short), "its entry a/data/0 is cut short");
    let none = zip(&[("a/data.pkl", &tensor(0, 2, 1), 0)]);
    assert_eq!(refusal(&none), "it lacks the entry a/data/0");
}

#[test]
fn archives_that_lie_are_refused() {
    let pickle = b"}.";
    assert_eq!(
        refusal(&zip(&[("a/data.pkl", pickle, 8)])),
        "its entry a/data.pkl is compressed, and such are not read"
    );
    assert_eq!(
        refusal(&zip(&[("a/data.pkl", pickle, 0), ("a/data.pkl", pickle, 0)])),
        "it has the entry a/data.pkl twice"
    );
    assert_eq!(
        refusal(&zip(&[("a/readme", pickle, 0)])),
        "it is a zip archive without an entry data.pkl"
    );
    assert_eq!(
        refusal(&zip(&[("a/data.pkl", pickle, 0), ("a/byteorder", b"big", 0)])),
        "its numbers are big-endian, and such are not read"
    );
    let sound = zip(&[("a/data.pkl", &tensor(0, 2, 1), 0), ("a/data/0", &[0; 8], 0)]);
    for length in 8..sound.len() {
        refusal(&sound[..length]);
    }
}

#[test]
fn short_pickles_cannot_describe_much() {
    // One list of a thousand pairs, made into a dictionary again and again.
    let mut pickle = b"]q\x01(".to_vec();
    for _ in 0..1000 {
        pickle.extend(b"K\x01K\x02\x86");
    }
    pickle.extend(b"e0ccollections\nOrderedDict\nq\x020");
    for _ in 0..10_000 {
        pickle.extend(b"h\x02h\x01\x85R0");
    }
    pickle.extend(b"}.");
    assert_eq!(refusal(&zip(&[("a/data.pkl", &pickle, 0)])), "it repeats more than 2097152 values");
}
