//! Planes to channels-last and back.

use std::ops::Range;

use super::plan::Planes;
use crate::simd::Simd;

/// Copies `rows` of an image `[channel][pixel]` to `[pixel][channel]`, channels filled up to `padded` with zeros, and adds
/// a pixel of zeros.
#[inline(always)]
pub(super) fn gather<S: Simd>(
    s: S,
    planes: &Planes,
    rows: &Range<usize>,
    padded: usize,
    x: &[f32],
    to: &mut [f32],
) {
    let (start, pixels) = (rows.start * planes.width, rows.len() * planes.width);
    let distance = planes.pixels();
    assert!(
        to.len() >= (pixels + 1) * padded && x.len() >= planes.len() && padded >= planes.channels
    );
    to[pixels * padded..(pixels + 1) * padded].fill(0.0);
    let (whole_channels, whole_pixels) =
        (planes.channels - planes.channels % S::LANES, pixels - pixels % S::LANES);
    for channel in (0..whole_channels).step_by(S::LANES) {
        for pixel in (0..whole_pixels).step_by(S::LANES) {
            // SAFETY: LANES channels and pixels from here on exist on both sides, as asserted.
            unsafe {
                let from = x.as_ptr().add(channel * distance + start + pixel);
                s.transpose(from, distance, to.as_mut_ptr().add(pixel * padded + channel), padded);
            }
        }
        for pixel in whole_pixels..pixels {
            for c in channel..channel + S::LANES {
                to[pixel * padded + c] = x[c * distance + start + pixel];
            }
        }
    }
    if whole_channels < padded {
        for pixel in 0..pixels {
            for c in whole_channels..padded {
                to[pixel * padded + c] =
                    if c < planes.channels { x[c * distance + start + pixel] } else { 0.0 };
            }
        }
    }
}

/// Copies `[pixel][channel]` to `rows` of an image `[channel][pixel]`, adding the same rows of `residual`.
///
/// # Safety
/// `y` is writable for the whole image, and nothing else accesses these rows of it.
#[inline(always)]
pub(super) unsafe fn scatter<S: Simd>(
    s: S,
    planes: &Planes,
    rows: &Range<usize>,
    padded: usize,
    from: &[f32],
    residual: Option<&[f32]>,
    y: *mut f32,
) {
    let (start, pixels) = (rows.start * planes.width, rows.len() * planes.width);
    let distance = planes.pixels();
    assert!(
        from.len() >= pixels * padded && padded >= planes.channels && rows.end <= planes.height
    );
    assert!(residual.is_none_or(|r| r.len() >= planes.len()));
    let (whole_channels, whole_pixels) =
        (planes.channels - planes.channels % S::LANES, pixels - pixels % S::LANES);
    for channel in (0..whole_channels).step_by(S::LANES) {
        for pixel in (0..whole_pixels).step_by(S::LANES) {
            // SAFETY: LANES channels and pixels from here on exist on both sides.
            unsafe {
                let from = from.as_ptr().add(pixel * padded + channel);
                s.transpose(from, padded, y.add(channel * distance + start + pixel), distance);
            }
        }
    }
    for channel in 0..planes.channels {
        let first = if channel < whole_channels { whole_pixels } else { 0 };
        // SAFETY: these pixels of the channel lie inside the image.
        unsafe {
            let y = y.add(channel * distance + start);
            for pixel in first..pixels {
                *y.add(pixel) = from[pixel * padded + channel];
            }
            if let Some(residual) = residual {
                for (pixel, r) in
                    residual[channel * distance + start..][..pixels].iter().enumerate()
                {
                    *y.add(pixel) += r;
                }
            }
        }
    }
}
