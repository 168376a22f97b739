//! Hostile files are answered by one sentence each: never a panic, never a wrong tensor.

mod corpus;
mod pickles;

use std::fs;
use std::path::PathBuf;

use langevin_weights::{Error, TensorFile};

pub(crate) fn with_file<T>(bytes: &[u8], use_it: impl FnOnce(PathBuf) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.safetensors");
    fs::write(&path, bytes).unwrap();
    use_it(path)
}

#[test]
fn each_hostile_file_is_answered_by_its_sentence() {
    let mut wrong = Vec::new();
    for hostile in corpus::corpus() {
        let (error, path) = with_file(&hostile.bytes, |path| (TensorFile::open(&path), path));
        let error = error.expect_err(hostile.name);
        let sentence = error.to_string().replace(&path.display().to_string(), "{}");
        let right = (hostile.is)(&error) && sentence.starts_with(hostile.sentence);
        if !right || sentence.contains('\n') || sentence.len() > 400 {
            wrong.push(format!(
                "{}\nexpected {}\nfound    {sentence}\n",
                hostile.name, hostile.sentence
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_sound_file_is_read() {
    with_file(&corpus::sound(), |path| {
        let file = TensorFile::open(path).unwrap();
        assert_eq!(file.names().collect::<Vec<_>>(), ["b", "n", "w"]);
        assert_eq!(file.shape("w").unwrap(), [2, 3]);
        assert_eq!(file.i64("n").unwrap(), [0x0707_0707_0707_0707]);
    });
}

#[test]
fn every_way_to_cut_a_file_short_is_noticed() {
    let sound = corpus::sound();
    for length in 0..sound.len() {
        with_file(&sound[..length], |path| {
            let error = TensorFile::open(path).expect_err("a file cut short was accepted");
            let short = matches!(
                error,
                Error::EmptyFile { .. }
                    | Error::NoHeaderLength { .. }
                    | Error::HeaderCut { .. }
                    | Error::DataCut { .. }
            );
            assert!(short, "{length}: {error}");
        });
    }
}

#[test]
fn empty_and_unaligned_files_that_are_sound_are_read() {
    let empty = corpus::file("{}", 0);
    assert_eq!(with_file(&empty, |path| TensorFile::open(path).unwrap().names().count()), 0);
    // Padding of the header, an odd start of the data, tensors of no bytes between others.
    let odd = corpus::file(
        r#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"e":{"dtype":"F64","shape":[0,9],"data_offsets":[1,1]},"b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}   "#,
        5,
    );
    with_file(&odd, |path| {
        let file = TensorFile::open(path).unwrap();
        assert_eq!(file.f32("b").unwrap(), [f32::from_le_bytes([7; 4])]);
        assert!(file.f32("e").unwrap().is_empty());
    });
}

#[test]
fn wrong_names_and_paths_are_answered_by_a_sentence() {
    with_file(&corpus::sound(), |path| {
        let file = TensorFile::open(&path).unwrap();
        let shown = path.display();
        assert_eq!(
            file.f32("ww").unwrap_err().to_string(),
            format!("{shown} has no tensor `ww`; did you mean `w`?")
        );
        assert_eq!(
            file.f32("conv_in.weight").unwrap_err().to_string(),
            format!("{shown} has no tensor `conv_in.weight`")
        );
        let absent = path.with_file_name("absent.safetensors");
        assert_eq!(
            TensorFile::open(&absent).unwrap_err().to_string(),
            format!("{} does not exist", absent.display())
        );
        let folder = path.parent().unwrap();
        assert_eq!(
            TensorFile::open(folder).unwrap_err().to_string(),
            format!("{} is a folder, but a file was expected", folder.display())
        );
    });
}

#[test]
fn a_file_that_shrinks_after_it_was_opened_gives_an_error() {
    with_file(&corpus::sound(), |path| {
        let file = TensorFile::open(&path).unwrap();
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(210).unwrap();
        let error = file.f32("w").unwrap_err();
        assert!(matches!(&error, Error::Changed { tensor, .. } if tensor == "w"), "{error}");
    });
}

#[test]
fn a_sparse_file_that_claims_more_than_memory_gives_an_error() {
    const CLAIMED: u64 = 1 << 43;
    with_file(b"", |path| {
        let header =
            format!(r#"{{"w":{{"dtype":"U8","shape":[{CLAIMED}],"data_offsets":[0,{CLAIMED}]}}}}"#);
        fs::write(&path, corpus::file(&header, 0)).unwrap();
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        // A hole takes no room on the disk; file systems that do not go that far have no such files.
        if file.set_len(8 + header.len() as u64 + CLAIMED).is_err() {
            return;
        }
        let error = TensorFile::open(&path).unwrap().f64("w").unwrap_err();
        assert!(matches!(error, Error::NoMemory { .. }), "{error}");
    });
}
