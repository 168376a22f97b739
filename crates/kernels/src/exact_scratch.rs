//! Working memory for memory checkers: takes the place of `scratch` under the feature `exact-scratch`.
//!
//! Each buffer is an allocation of its own that ends where its values end, so that a checker sees every access beyond
//! it, and starts full of NaN, so that a test sees the use of a value that was never written.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::NonNull;

/// Bytes of a cache line; buffers start at one.
const LINE: usize = 64;

/// Lends `work` a buffer of `len` values, aligned to a cache line, whose contents are arbitrary numbers: here NaN.
#[inline(always)]
pub(crate) fn with<R>(len: usize, work: impl FnOnce(&mut [f32]) -> R) -> R {
    work(Buffer::of_nan(len).values())
}

/// [`with`] several buffers of the given lengths.
#[inline(always)]
pub(crate) fn split<const N: usize, R>(
    lens: [usize; N],
    work: impl FnOnce([&mut [f32]; N]) -> R,
) -> R {
    let mut buffers = lens.map(Buffer::of_nan);
    work(buffers.each_mut().map(Buffer::values))
}

/// Values that start at a cache line and end with their allocation.
struct Buffer {
    start: NonNull<f32>,
    len: usize,
}

impl Buffer {
    fn of_nan(len: usize) -> Self {
        let layout = Self::layout(len);
        // SAFETY: the layout is never empty.
        let start = unsafe { alloc(layout) };
        let Some(start) = NonNull::new(start.cast::<f32>()) else { handle_alloc_error(layout) };
        for i in 0..len {
            // SAFETY: the allocation holds `len` values.
            unsafe { start.add(i).write(f32::NAN) };
        }
        Self { start, len }
    }

    fn values(&mut self) -> &mut [f32] {
        // SAFETY: the allocation holds `len` written values, and this borrow is the only way to them.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }

    fn layout(len: usize) -> Layout {
        Layout::from_size_align(len.max(1) * size_of::<f32>(), LINE).expect("no more than memory")
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: `of_nan` allocated it with this layout.
        unsafe { dealloc(self.start.as_ptr().cast(), Self::layout(self.len)) };
    }
}
