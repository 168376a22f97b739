//! Data sets by name: the embedded digits, IDX files by their usual names, and what is none of these.

use std::fs;
use std::path::Path;

use langevin_data::{Classes, DataSource, Dataset, Error, Notes, Options, Split, digits, open};

const DIGITS: [(&str, &[u8]); 4] = [
    ("train-images-idx3-ubyte.gz", include_bytes!("../src/digits/train-images-idx3-ubyte.gz")),
    ("train-labels-idx1-ubyte.gz", include_bytes!("../src/digits/train-labels-idx1-ubyte.gz")),
    ("t10k-images-idx3-ubyte.gz", include_bytes!("../src/digits/t10k-images-idx3-ubyte.gz")),
    ("t10k-labels-idx1-ubyte.gz", include_bytes!("../src/digits/t10k-labels-idx1-ubyte.gz")),
];

fn read(path: &Path, options: &Options) -> Result<(Dataset, Notes), Error> {
    open(&DataSource::Path(path.to_owned()), options)
}

#[test]
fn names_are_parsed_and_shown() {
    let parse = |text: &str| text.parse::<DataSource>();
    assert_eq!(parse("digits").unwrap(), DataSource::Digits(Split::Train));
    assert_eq!(parse("digits:test").unwrap(), DataSource::Digits(Split::Test));
    assert_eq!(parse("./digits").unwrap(), DataSource::Path("./digits".into()));
    for text in ["digits", "digits:test", "some/folder"] {
        assert_eq!(parse(text).unwrap().to_string(), text);
    }
    assert_eq!(
        parse("digits:tset").unwrap_err().to_string(),
        "the digits have no split named `tset`: expected `digits`, `digits:train` or `digits:test`"
    );
    assert!(
        parse("")
            .unwrap_err()
            .to_string()
            .starts_with("the data source is empty: expected `digits`")
    );
}

#[test]
fn idx_files_are_found_by_folder_beginning_and_name() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in DIGITS {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let options = Options::default();
    let train = (digits::train(), Notes::default());
    let test = (digits::test(), Notes::default());
    assert_eq!(read(folder.path(), &options).unwrap(), train);
    assert_eq!(read(&folder.path().join("train"), &options).unwrap(), train);
    assert_eq!(read(&folder.path().join("t10k"), &options).unwrap(), test);
    assert_eq!(read(&folder.path().join("t10k-images-idx3-ubyte.gz"), &options).unwrap(), test);
    let off = Options { classes: Classes::Off, ..Options::default() };
    assert_eq!(read(&folder.path().join("t10k"), &off).unwrap().0.labels(), None);

    fs::remove_file(folder.path().join("t10k-labels-idx1-ubyte.gz")).unwrap();
    let (data, notes) = read(&folder.path().join("t10k"), &options).unwrap();
    assert_eq!(data.labels(), None);
    assert!(notes.to_string().starts_with("no labels of the usual name stand beside "));

    fs::write(folder.path().join("t10k-labels-idx1-ubyte.gz"), DIGITS[1].1).unwrap();
    let said = read(&folder.path().join("t10k"), &options).unwrap_err().to_string();
    assert!(said.contains("holds 9000 labels for the 1000 images of "), "{said}");
}

#[test]
fn cut_idx_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("train-images-idx3-ubyte.gz");
    fs::write(&path, &DIGITS[0].1[..1000]).unwrap();
    let said = read(&path, &Options::default()).unwrap_err().to_string();
    assert!(
        said.starts_with(&format!("{}: cannot be read to its end: ", path.display())),
        "{said}"
    );
    let plain = folder.path().join("x-images-idx3-ubyte");
    fs::write(&plain, [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2][..], &[0; 7]].concat())
        .unwrap();
    assert_eq!(
        read(&plain, &Options::default()).unwrap_err().to_string(),
        format!("{}: is cut short: its header announces 8 values and 7 follow", plain.display())
    );
}

#[test]
fn the_digits_take_size_and_channels_too() {
    let options = Options { size: Some([32, 32]), channels: Some(3), ..Options::default() };
    let (data, _) = open(&DataSource::Digits(Split::Test), &options).unwrap();
    assert_eq!((data.channels(), data.height(), data.width(), data.len()), (3, 32, 32, 1_000));
    assert_eq!(data.labels(), digits::test().labels());
    let small = Options { memory_limit: 1000, ..Options::default() };
    assert_eq!(
        open(&DataSource::Digits(Split::Test), &small).unwrap_err().to_string(),
        "digits:test takes more memory than the limit of 1000 bytes: use smaller images, fewer of them or a higher limit"
    );
}

#[test]
fn what_is_no_data_set_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    fs::write(&path, "notes").unwrap();
    assert_eq!(
        read(&path, &Options::default()).unwrap_err().to_string(),
        format!(
            "{} is not a data set: expected a folder of images, a `.tar` or `.tar.gz` of images, or an IDX file",
            path.display()
        )
    );
}

#[test]
fn options_are_read_from_configurations() {
    let options: Options =
        serde_json::from_str(r#"{"size": [32, 32], "fit": "stretch", "classes": {"field": "label"}, "strictness": "strict"}"#)
            .unwrap();
    assert_eq!(options.classes, Classes::Field("label".to_owned()));
    assert_eq!(options.memory_limit, Options::default().memory_limit);
    assert!(serde_json::from_str::<Options>(r#"{"sizes": [32, 32]}"#).is_err());
}
