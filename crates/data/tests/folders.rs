//! Folders and tars of images as strangers bring them: layouts, metadata, and everything that can be wrong with them.

use std::fs;
use std::path::{Path, PathBuf};

use langevin_data::{
    Classes, DataSource, Dataset, Error, Notes, Options, Picture, Strictness, open,
};

/// A folder that goes away with the test.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// A picture whose every value is `value`.
    fn image(&self, name: &str, [channels, height, width]: [usize; 3], value: u8) -> PathBuf {
        self.file(name, flat([channels, height, width], value))
    }

    fn read(&self, options: &Options) -> Result<(Dataset, Notes), Error> {
        open(&DataSource::Path(self.path().to_owned()), options)
    }

    fn say(&self, options: &Options) -> String {
        self.read(options).unwrap_err().to_string()
    }
}

fn flat(shape: [usize; 3], value: u8) -> Vec<u8> {
    let [channels, height, width] = shape;
    let picture =
        Picture::new(channels, height, width, vec![value; channels * height * width]).unwrap();
    langevin_data::picture::encode_png(&picture, &[]).unwrap()
}

fn strict() -> Options {
    Options { strictness: Strictness::Strict, ..Options::default() }
}

fn sized(side: usize) -> Options {
    Options { size: Some([side, side]), ..Options::default() }
}

#[test]
fn images_come_in_the_order_of_their_names() {
    let folder = Folder::new();
    for (name, value) in
        [("b/1.png", 4), ("a.png", 1), ("a/2.png", 3), ("a/1.png", 2), (".c.png", 9)]
    {
        folder.image(name, [1, 2, 3], value);
    }
    let (data, notes) = folder.read(&strict()).unwrap();
    assert_eq!((data.channels(), data.height(), data.width(), data.len()), (1, 2, 3, 4));
    assert_eq!((0..4).map(|i| data.image(i)[0]).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!((data.labels(), data.captions(), data.records()), (None, None, None));
    assert_eq!(notes, Notes::default());
}

#[test]
fn a_missing_folder_is_named() {
    let folder = Folder::new();
    let absent = folder.path().join("absent");
    let said =
        open(&DataSource::Path(absent.clone()), &Options::default()).unwrap_err().to_string();
    assert_eq!(
        said,
        format!(
            "{} does not exist: expected a folder of images, a tar of images or IDX files",
            absent.display()
        )
    );
}

#[test]
fn an_empty_folder_says_what_was_looked_for() {
    let folder = Folder::new();
    folder.file("notes.txt", "");
    folder.file("sub/film.gif", "");
    assert_eq!(
        folder.say(&Options::default()),
        format!(
            "no images in {}: looked for files ending in .png, .jpg, .jpeg, .webp or .bmp, in subfolders too, and found none among 2 other files",
            folder.path().display()
        )
    );
}

/// A folder with one good image among broken ones.
fn broken() -> Folder {
    let folder = Folder::new();
    folder.image("good.png", [3, 4, 4], 7);
    folder.file("empty.png", "");
    folder.file("page.jpg", "<html>");
    let whole = flat([3, 64, 64], 200);
    folder.file("short.png", &whole[..whole.len() / 2]);
    folder.file("zero.bmp", bmp(0, 7));
    folder.file("vast.bmp", bmp(1_000_000, 1_000_000));
    folder
}

/// The header of a BMP of 24-bit pixels, with nothing behind it.
fn bmp(width: i32, height: i32) -> Vec<u8> {
    let mut bytes = b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
    bytes.extend(width.to_le_bytes());
    bytes.extend(height.to_le_bytes());
    bytes.extend(b"\x01\0\x18\0");
    bytes.resize(54, 0);
    bytes
}

#[test]
fn images_that_cannot_be_used_are_counted_and_named() {
    let (data, notes) = broken().read(&Options::default()).unwrap();
    assert_eq!((data.len(), data.image(0)[0]), (1, 7));
    let lines: Vec<String> =
        notes.skipped.iter().map(|s| format!("{} {}", s.name, s.fault)).collect();
    assert_eq!(
        lines[..4],
        [
            "empty.png is empty (0 bytes)",
            "page.jpg is not an image: expected PNG, JPEG, WebP or BMP",
            "short.png is cut short",
            "vast.bmp is 1000000×1000000 pixels: at most 16384 a side and 67108864 in all are read",
        ]
    );
    assert_eq!(lines[4..], ["zero.bmp is 0×7 pixels: expected at least 1×1"]);
    assert!(
        notes.to_string().starts_with("5 images skipped: empty.png is empty (0 bytes), page.jpg ")
    );
}

#[test]
fn strict_reading_refuses_the_first_of_them() {
    assert_eq!(broken().say(&strict()), "empty.png is empty (0 bytes)");
}

#[test]
fn a_folder_of_nothing_but_broken_images_is_refused() {
    let folder = Folder::new();
    folder.file("b.png", "x");
    folder.file("a.png", "");
    assert_eq!(
        folder.say(&Options::default()),
        format!(
            "none of the 2 images in {} can be read; the first, a.png, is empty (0 bytes)",
            folder.path().display()
        )
    );
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_are_named() {
    let folder = Folder::new();
    folder.image("a.png", [1, 1, 1], 0);
    std::os::unix::fs::symlink("nowhere.png", folder.path().join("lost.png")).unwrap();
    let (_, notes) = folder.read(&Options::default()).unwrap();
    assert_eq!(notes.to_string(), "1 image skipped: lost.png does not exist");
}

#[test]
fn mixed_channels_become_the_most_of_them_or_are_refused() {
    let folder = Folder::new();
    folder.image("a.png", [1, 2, 2], 9);
    folder.image("b.png", [3, 2, 2], 8);
    // Opaque everywhere: this is RGB.
    folder.image("c.png", [4, 2, 2], 255);
    let (data, notes) = folder.read(&Options::default()).unwrap();
    assert_eq!((data.channels(), data.image(0)), (3, &[9; 12][..]));
    assert_eq!(notes.to_string(), "1 image is converted to RGB, as others are: a.png");
    assert_eq!(
        folder.say(&strict()),
        "images differ in channels (a.png has 1, b.png has 3): give the number that all are to be converted to, as reading is strict"
    );

    folder.image("d.png", [4, 2, 2], 100);
    let (data, notes) = folder.read(&Options::default()).unwrap();
    assert_eq!(
        (data.channels(), data.image(0)),
        (4, &[[9; 4], [9; 4], [9; 4], [255; 4]].concat()[..])
    );
    assert_eq!(
        notes.to_string(),
        "3 images are converted to RGBA, as others are: a.png, b.png, c.png"
    );

    let asked = Options { channels: Some(1), ..strict() };
    let (data, notes) = folder.read(&asked).unwrap();
    // 100 at an opacity of 100/255 on white.
    assert_eq!((data.channels(), data.image(3)), (1, &[194; 4][..]));
    assert_eq!(notes, Notes::default());
    assert_eq!(
        folder.say(&Options { channels: Some(2), ..strict() }),
        "2 channels per image: expected 1 (grey), 3 (RGB) or 4 (RGBA)"
    );
}

#[test]
fn mixed_sizes_need_a_size() {
    let folder = Folder::new();
    folder.image("a.png", [1, 4, 6], 9);
    folder.image("b.png", [1, 3, 3], 8);
    assert_eq!(
        folder.say(&Options::default()),
        "images differ in size (a.png is 6×4 pixels, b.png is 3×3): give the size that all are to be resized to"
    );
    let (data, _) = folder.read(&sized(5)).unwrap();
    assert_eq!(
        (data.height(), data.width(), data.pixels()),
        (5, 5, [[9; 25], [8; 25]].as_flattened())
    );
    let absurd = Options { size: Some([1 << 40, 0]), ..Options::default() };
    assert_eq!(
        folder.say(&absurd),
        "images of 0×1099511627776 pixels: expected at least 1×1 and at most 16384 a side"
    );
}

#[test]
fn the_memory_limit_holds() {
    let folder = Folder::new();
    for i in 0..8 {
        folder.image(&format!("{i}.png"), [3, 32, 32], i);
    }
    let limited = |memory_limit| Options { memory_limit, ..Options::default() };
    assert_eq!(
        folder.say(&limited(8 * 3 * 32 * 32 - 1)),
        format!(
            "{} takes more memory than the limit of 24.0 KiB: use smaller images, fewer of them or a higher limit",
            folder.path().display()
        )
    );
    assert_eq!(folder.read(&limited(8 * 3 * 32 * 32)).unwrap().0.len(), 8);
    // Converting one image up makes all of them larger.
    folder.image("8.png", [4, 32, 32], 9);
    assert!(folder.read(&limited(9 * 4 * 32 * 32 - 1)).is_err());
}

#[test]
fn subfolders_are_classes_and_broken_images_change_no_class() {
    let folder = Folder::new();
    folder.image("cat/1.png", [1, 1, 1], 1);
    folder.image("ant/deep/2.png", [1, 1, 1], 2);
    folder.image("dog/3.png", [1, 1, 1], 3);
    folder.file("bee/4.png", "broken");
    let (data, notes) = folder.read(&Options::default()).unwrap();
    assert_eq!(data.class_names(), ["ant", "bee", "cat", "dog"]);
    assert_eq!((data.labels().unwrap(), data.pixels()), (&[0, 2, 3][..], &[2, 1, 3][..]));
    assert_eq!(notes.skipped.len(), 1);
    let off = Options { classes: Classes::Off, ..Options::default() };
    assert_eq!(folder.read(&off).unwrap().0.labels(), None);
    folder.image("top.png", [1, 1, 1], 4);
    assert_eq!(folder.read(&Options::default()).unwrap().0.labels(), None);
    let asked = Options { classes: Classes::Subfolders, ..Options::default() };
    assert!(folder.say(&asked).starts_with("top.png lies in no subfolder"));
}

#[test]
fn metadata_give_captions_records_and_classes() {
    let folder = Folder::new();
    for (name, value) in [("a.png", 1), ("x/b.png", 2), ("x/c.png", 3)] {
        folder.image(name, [1, 1, 1], value);
    }
    folder.file(
        "metadata.jsonl",
        "{\"file_name\": \"a.png\", \"text\": \"one\", \"kind\": \"odd\", \"stars\": 5}\n",
    );
    folder.file(
        "x/metadata.jsonl",
        "{\"file_name\": \"c.png\", \"text\": \"drei\", \"kind\": \"odd\"}\n{\"file_name\": \"b.png\", \"kind\": \"even\", \"text\": null}\n",
    );
    let (data, notes) = folder.read(&strict()).unwrap();
    assert_eq!(data.captions().unwrap(), ["one", "", "drei"]);
    assert_eq!(data.records().unwrap()[0]["stars"], 5);
    assert_eq!((data.labels(), notes), (None, Notes::default()));

    let by_kind = Options { classes: Classes::Field("kind".to_owned()), ..strict() };
    let (data, _) = folder.read(&by_kind).unwrap();
    assert_eq!(
        (data.class_names().join(" ").as_str(), data.labels().unwrap()),
        ("even odd", &[1, 0, 1][..])
    );
    let by_stars = Options { classes: Classes::Field("stars".to_owned()), ..Options::default() };
    assert!(folder.say(&by_stars).starts_with("x/b.png has no text or whole number as `stars`"));
}

#[test]
fn metadata_that_do_not_match_are_remarked_or_refused() {
    let folder = Folder::new();
    folder.image("a.png", [1, 1, 1], 1);
    folder.image("b.png", [1, 1, 1], 2);
    folder.file(
        "metadata.jsonl",
        "{\"file_name\": \"a.png\", \"text\": \"one\"}\n{\"file_name\": \"../c.png\"}\n",
    );
    let (data, notes) = folder.read(&Options::default()).unwrap();
    assert_eq!(data.captions().unwrap(), ["one", ""]);
    assert_eq!(
        notes.remarks,
        [
            "1 of 2 images have no line in metadata.jsonl: b.png",
            "1 of 2 lines in metadata.jsonl name no image: ../c.png"
        ]
    );
    assert_eq!(
        folder.say(&strict()),
        "1 of 2 images have no line in metadata.jsonl: b.png (refused, as reading is strict)"
    );
    let metadata = folder.file("metadata.jsonl", "{\"file_name\": \"a.png\"}\n{\"file_name\": 7}");
    assert_eq!(
        folder.say(&Options::default()),
        format!("{}, line 2: `file_name` is a number: expected text", metadata.display())
    );
}

/// A tar of the files of a folder, gzipped or not.
fn tar_of(files: &[(&str, Vec<u8>)], zip: bool) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, &bytes[..]).unwrap();
    }
    let plain = builder.into_inner().unwrap();
    if !zip {
        return plain;
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, &plain).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_tar_is_read_as_the_folder_it_holds() {
    let files = [
        ("set/b/2.png", flat([3, 2, 2], 2)),
        ("set/a/1.png", flat([3, 2, 2], 1)),
        ("set/a/bad.png", b"bad".to_vec()),
        ("set/metadata.jsonl", b"{\"file_name\": \"a/1.png\", \"text\": \"one\"}".to_vec()),
    ];
    let folder = Folder::new();
    for (name, bytes) in &files {
        folder.file(name, bytes);
    }
    let expected = folder.read(&Options::default()).unwrap();
    assert_eq!(expected.0.class_names(), ["a", "b"]);
    let other = Folder::new();
    for (name, zip) in [("t.tar", false), ("t.tar.gz", true), ("no ending", true)] {
        let path = other.file(name, tar_of(&files, zip));
        assert_eq!(open(&DataSource::Path(path), &Options::default()).unwrap(), expected, "{name}");
    }
    let cut = other.file("cut.tar.gz", &tar_of(&files, true)[..100]);
    let said = open(&DataSource::Path(cut.clone()), &Options::default()).unwrap_err().to_string();
    assert!(said.starts_with(&format!("cannot read {}: ", cut.display())), "{said}");
}

/// The captioned emoji, where they are at hand.
#[test]
fn emoji() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/emoji32.tar.gz");
    if !path.is_file() {
        return;
    }
    let options = Options { classes: Classes::Field("style".to_owned()), ..strict() };
    let (emoji, notes) = open(&DataSource::Path(path), &options).unwrap();
    assert_eq!((emoji.len(), emoji.channels(), emoji.height(), emoji.width()), (3_632, 3, 32, 32));
    assert_eq!(
        (emoji.class_names().join(" ").as_str(), notes),
        ("google twitter", Notes::default())
    );
    assert_eq!(
        (emoji.captions().unwrap()[0].as_str(), emoji.labels().unwrap()[0]),
        ("hash key", 0)
    );
    assert_eq!(emoji.records().unwrap()[0]["category"], "Symbols");
}
