//! Image files in memory to [`Picture`]s: PNG, JPEG, WebP and BMP, told apart by their first bytes.
//!
//! Sixteen-bit values are rounded to eight; grey with alpha becomes RGBA; palettes are resolved.
//! The orientation recorded in the file is applied; colour profiles are not.
//! Of an animation, the first picture is taken.

use std::io::Cursor;

use image::{ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::Picture;
use super::jpeg_end::ends_whole;
use crate::dataset::MAX_SIDE;

/// The longest image file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 512 << 20;

/// The most pixels of an image that is read.
pub const MAX_PIXELS: u64 = 64 << 20;

/// The most memory that decoding one image may take: eight bytes for each pixel, and as much again.
const MAX_DECODE_BYTES: u64 = 16 * MAX_PIXELS;

/// Why an image file cannot be used; reads as the rest of a sentence that begins with the file's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImageFault {
    /// The file is not there (for example, a link that leads nowhere).
    #[error("does not exist")]
    Missing,
    /// The path is a folder, a pipe or a device.
    #[error("is not a regular file")]
    NotAFile,
    /// The operating system refused to read the file.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// The file holds nothing.
    #[error("is empty (0 bytes)")]
    Empty,
    /// The file is longer than image files are read.
    #[error("is longer than {} MiB, the longest image file that is read", MAX_FILE_BYTES >> 20)]
    FileTooLong,
    /// The first bytes are those of no format that is read.
    #[error("is not an image: expected PNG, JPEG, WebP or BMP")]
    Unknown,
    /// The image has no pixels.
    #[error("is {width}×{height} pixels: expected at least 1×1")]
    ZeroSized {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// The image has more pixels than are read.
    #[error(
        "is {width}×{height} pixels: at most {MAX_SIDE} a side and {MAX_PIXELS} in all are read"
    )]
    TooLarge {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// The file ends before the image does.
    #[error("is cut short")]
    CutShort,
    /// The file breaks its format.
    #[error("is damaged: {0}")]
    Damaged(String),
}

/// The picture in the bytes of an image file.
///
/// # Errors
/// When the bytes are no whole image of a format and size that is read.
pub fn decode(bytes: &[u8]) -> Result<Picture, ImageFault> {
    if bytes.is_empty() {
        return Err(ImageFault::Empty);
    }
    let format = image::guess_format(bytes).map_err(|_| ImageFault::Unknown)?;
    if !matches!(
        format,
        ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP | ImageFormat::Bmp
    ) {
        return Err(ImageFault::Unknown);
    }
    // The decoder of JPEG fills what is missing with grey.
    if format == ImageFormat::Jpeg && !ends_whole(bytes) {
        return Err(ImageFault::CutShort);
    }
    if format == ImageFormat::WebP && !riff_is_whole(bytes) {
        return Err(ImageFault::CutShort);
    }
    if let Some((width, height)) = size_in_header(bytes, format) {
        check_size(width, height)?;
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODE_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(fault)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    let orientation = decoder.orientation().map_err(fault)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(fault)?;
    image.apply_orientation(orientation);
    Ok(to_picture(image))
}

/// Whether as many bytes follow as the header of a RIFF container says.
fn riff_is_whole(bytes: &[u8]) -> bool {
    let announced =
        bytes.get(4..8).and_then(|word| word.try_into().ok()).map_or(0, u32::from_le_bytes);
    bytes.len() as u64 >= u64::from(announced) + 8
}

/// Width and height as the header of a PNG or BMP has them.
///
/// Their decoders refuse some sizes themselves, in words that do not say which.
fn size_in_header(bytes: &[u8], format: ImageFormat) -> Option<(u32, u32)> {
    let word = |at: usize| bytes.get(at..at + 4)?.try_into().ok();
    match format {
        ImageFormat::Png => Some((u32::from_be_bytes(word(16)?), u32::from_be_bytes(word(20)?))),
        // A negative height means rows from the top. Headers of 12 bytes have short sizes, which cannot be absurd.
        ImageFormat::Bmp if u32::from_le_bytes(word(14)?) > 12 => Some((
            i32::from_le_bytes(word(18)?).unsigned_abs(),
            i32::from_le_bytes(word(22)?).unsigned_abs(),
        )),
        _ => None,
    }
}

fn check_size(width: u32, height: u32) -> Result<(), ImageFault> {
    if width == 0 || height == 0 {
        return Err(ImageFault::ZeroSized { width, height });
    }
    let longest = width.max(height) as usize;
    if longest > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(ImageFault::TooLarge { width, height });
    }
    Ok(())
}

fn to_picture(image: DynamicImage) -> Picture {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let (channels, pixels) = match image.color() {
        ColorType::L8 | ColorType::L16 => (1, image.into_luma8().into_raw()),
        color if color.has_alpha() => (4, image.into_rgba8().into_raw()),
        _ => (3, image.into_rgb8().into_raw()),
    };
    Picture::from_interleaved(channels, height, width, &pixels)
        .expect("a decoded image fills its checked size")
}

#[expect(clippy::needless_pass_by_value, reason = "used as an argument of map_err")]
fn fault(error: ImageError) -> ImageFault {
    let cut_short = |error: &std::io::Error| error.kind() == std::io::ErrorKind::UnexpectedEof;
    if let ImageError::IoError(error) = &error
        && cut_short(error)
    {
        return ImageFault::CutShort;
    }
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        if cause.downcast_ref::<std::io::Error>().is_some_and(cut_short) {
            return ImageFault::CutShort;
        }
        source = cause.source();
    }
    // One line, as it becomes the end of a sentence.
    ImageFault::Damaged(error.to_string().split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use image::{GrayAlphaImage, GrayImage, ImageBuffer, Luma, RgbImage, RgbaImage};
    use proptest::prelude::*;

    use super::*;

    const FORMATS: [ImageFormat; 4] =
        [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Bmp];

    fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// Noise, so that no tail of the file is without consequence.
    fn noise(i: u32) -> u8 {
        (i.wrapping_mul(2_654_435_761) >> 24) as u8
    }

    fn rgb(width: u32, height: u32) -> DynamicImage {
        RgbImage::from_fn(width, height, |x, y| {
            image::Rgb([0, 1, 2].map(|c| noise(3 * (y * width + x) + c)))
        })
        .into()
    }

    #[test]
    fn every_format_and_layout() {
        let image = rgb(7, 5);
        for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp] {
            let picture = decode(&encode(&image, format)).unwrap();
            assert_eq!(picture.shape(), [3, 5, 7]);
            assert_eq!(picture.to_interleaved(), image.as_bytes(), "{format:?}");
        }
        let picture = decode(&encode(&image, ImageFormat::Jpeg)).unwrap();
        assert_eq!(picture.shape(), [3, 5, 7]);

        let grey = GrayImage::from_fn(4, 3, |x, y| Luma([noise(y * 4 + x)]));
        let picture = decode(&encode(&grey.clone().into(), ImageFormat::Png)).unwrap();
        assert_eq!((picture.shape(), picture.pixels()), ([1, 3, 4], grey.as_raw().as_slice()));
        assert_eq!(decode(&encode(&grey.into(), ImageFormat::Jpeg)).unwrap().channels(), 1);

        let rgba = RgbaImage::from_pixel(2, 2, image::Rgba([1, 2, 3, 0]));
        for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp] {
            let picture = decode(&encode(&rgba.clone().into(), format)).unwrap();
            assert_eq!(
                picture.pixels(),
                [[1; 4], [2; 4], [3; 4], [0; 4]].as_flattened(),
                "{format:?}"
            );
        }
        let grey_alpha = GrayAlphaImage::from_pixel(1, 1, image::LumaA([9, 5]));
        assert_eq!(
            decode(&encode(&grey_alpha.into(), ImageFormat::Png)).unwrap().pixels(),
            [9, 9, 9, 5]
        );

        let deep: ImageBuffer<Luma<u16>, _> =
            ImageBuffer::from_fn(3, 1, |x, _| Luma([[0, 0x01ff, 0xffff][x as usize]]));
        let picture = decode(&encode(&DynamicImage::ImageLuma16(deep), ImageFormat::Png)).unwrap();
        assert_eq!(picture.pixels(), [0, 2, 0xff]);
    }

    #[test]
    fn every_cut_is_noticed() {
        for format in FORMATS {
            let whole = encode(&rgb(24, 24), format);
            // The last chunk of a PNG (12 bytes) and the checksums before it come after the last pixel.
            let spare = if format == ImageFormat::Png { 20 } else { 0 };
            for length in 1..whole.len() - spare {
                assert!(
                    decode(&whole[..length]).is_err(),
                    "{format:?} of {} cut to {length}",
                    whole.len()
                );
            }
            for length in [whole.len() / 2, whole.len() * 3 / 4] {
                assert_eq!(decode(&whole[..length]), Err(ImageFault::CutShort), "{format:?}");
            }
        }
    }

    #[test]
    fn orientation_is_applied() {
        // An Exif block, big-endian, with one entry: tag 0x0112 (orientation), a short, 1 of them, value 6 (turn clockwise).
        let exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let plain = encode(&rgb(16, 8), ImageFormat::Jpeg);
        let mut turned = plain[..2].to_vec();
        turned.extend([0xff, 0xe1, 0, exif.len() as u8 + 2]);
        turned.extend(exif);
        turned.extend(&plain[2..]);
        assert_eq!(decode(&turned).unwrap().shape(), [3, 16, 8]);
    }

    #[test]
    fn what_is_no_image_is_said() {
        assert_eq!(decode(b""), Err(ImageFault::Empty));
        assert_eq!(decode(b"<html>"), Err(ImageFault::Unknown));
        assert_eq!(decode(b"GIF89a\x01\0\x01\0\0\0\0"), Err(ImageFault::Unknown));
    }

    /// A BMP header for 24-bit pixels, with no pixels behind it.
    fn bmp(width: i32, height: i32) -> Vec<u8> {
        let mut bytes = b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
        bytes.extend(width.to_le_bytes());
        bytes.extend(height.to_le_bytes());
        bytes.extend(b"\x01\0\x18\0");
        bytes.resize(54, 0);
        bytes
    }

    #[test]
    fn zero_and_absurd_sizes_are_refused() {
        let say = |bytes: &[u8]| decode(bytes).unwrap_err().to_string();
        assert_eq!(say(&bmp(0, 5)), "is 0×5 pixels: expected at least 1×1");
        assert_eq!(
            say(&bmp(60_000, 60_000)),
            "is 60000×60000 pixels: at most 16384 a side and 67108864 in all are read"
        );
        assert_eq!(
            say(&bmp(16_000, 16_000)),
            "is 16000×16000 pixels: at most 16384 a side and 67108864 in all are read"
        );
        // The same lies in a PNG: the checksum of its header is made to fit.
        let mut png = encode(&rgb(1, 1), ImageFormat::Png);
        for (width, height, expected) in [
            (0, 1, "is 0×1 pixels: expected at least 1×1"),
            (0x7fff_ffff, 0x7fff_ffff, "is 2147483647×2147483647 pixels: at most"),
            (100_000, 10, "is 100000×10 pixels: at most"),
        ] {
            png[16..20].copy_from_slice(&u32::to_be_bytes(width));
            png[20..24].copy_from_slice(&u32::to_be_bytes(height));
            let mut crc = flate2::Crc::new();
            crc.update(&png[12..29]);
            png[29..33].copy_from_slice(&crc.sum().to_be_bytes());
            assert!(say(&png).starts_with(expected), "{}", say(&png));
        }
    }

    proptest! {
        #[test]
        fn damaged_files_never_panic(
            format in prop::sample::select(&FORMATS),
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
            cut in any::<prop::sample::Index>(),
            cuts: bool,
        ) {
            let mut bytes = encode(&rgb(12, 9), format);
            for (at, value) in edits {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            if cuts {
                bytes.truncate(cut.index(bytes.len()));
            }
            if let Ok(picture) = decode(&bytes) {
                prop_assert_eq!(picture.shape().iter().product::<usize>(), picture.pixels().len());
            }
        }

        #[test]
        fn damaged_headers_never_panic(
            format in prop::sample::select(&FORMATS),
            edits in prop::collection::vec((8usize..64, any::<u8>()), 1..4),
        ) {
            let mut bytes = encode(&rgb(12, 9), format);
            for (at, value) in edits {
                bytes[at] = value;
            }
            let _ = decode(&bytes);
        }
    }
}
