//! Pictures that another program wrote; `files/README.md` says how.

use std::path::Path;

use langevin_data::Picture;

fn read(name: &str) -> Picture {
    Picture::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)).unwrap()
}

/// The pixels of a picture, in interleaved order, from its columns and rows.
fn drawn<const C: usize>(
    height: usize,
    width: usize,
    pixel: impl Fn(usize, usize) -> [u8; C],
) -> Vec<u8> {
    (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .flat_map(|(x, y)| pixel(x, y))
        .collect()
}

#[test]
fn lossy_formats_are_close_to_what_was_drawn() {
    let gradient = drawn(16, 24, |x, y| [10 * x as u8, 15 * y as u8, 255 - 10 * x as u8]);
    // Pillow itself reads the first two back within 18 and 13; decoders may differ by a few levels in scaling up colours.
    for (name, tolerance) in [("lossy.webp", 24), ("progressive.jpg", 18), ("cmyk.jpg", 24)] {
        let picture = read(name);
        assert_eq!((picture.channels(), picture.height(), picture.width()), (3, 16, 24), "{name}");
        let worst =
            picture.to_interleaved().iter().zip(&gradient).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(tolerance), "{name}: {worst:?}");
    }
}

#[test]
fn palettes_are_resolved() {
    let colour = |x: usize, y: usize| [[255, 0, 0], [0, 255, 0], [0, 0, 255]][(x + y) % 3];
    let picture = read("palette.png");
    assert_eq!((picture.channels(), picture.to_interleaved()), (3, drawn(5, 6, colour)));
    let with_alpha = |x: usize, y: usize| {
        let [r, g, b] = colour(x, y);
        [r, g, b, if (x + y) % 3 == 1 { 0 } else { 255 }]
    };
    let picture = read("transparent.png");
    assert_eq!((picture.channels(), picture.to_interleaved()), (4, drawn(5, 6, with_alpha)));
}

#[test]
fn single_bits_are_black_and_white() {
    let picture = read("bits.png");
    assert_eq!(
        (picture.channels(), picture.pixels()),
        (1, &drawn(4, 9, |x, y| [255 * ((x + y) % 2) as u8])[..])
    );
    // A BMP of greys is a palette of colours.
    let picture = read("grey.bmp");
    assert_eq!(picture.channels(), 3);
    assert_eq!(picture.with_channels(1).unwrap(), read("bits.png"));
}

#[test]
fn cut_files_are_noticed() {
    for name in ["lossy.webp", "progressive.jpg", "cmyk.jpg", "palette.png", "grey.bmp"] {
        let bytes =
            std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name))
                .unwrap();
        for length in 1..bytes.len() - if name.ends_with(".png") { 20 } else { 1 } {
            assert!(
                langevin_data::picture::decode(&bytes[..length]).is_err(),
                "{name} cut to {length}"
            );
        }
    }
}
