//! An allocator that keeps the pages of ordinary buffers for the next one, and gives those of huge ones back at once.
//!
//! A training step frees and asks for the same buffers of some megabytes again and again: an allocator that keeps their
//! pages saves a tenth of its time. Decoding a large picture asks for a few buffers of hundreds of megabytes, each of
//! another size, in which kept pages are of no use: for a picture of 512×512 they were a twelfth of the memory, and faulting
//! them in anew is a twentieth of the time.

use std::alloc::{GlobalAlloc, Layout, System};

/// Bytes from which a buffer is huge: 32 MiB.
///
/// The systems' own allocators map buffers of this size one by one, and unmap them when they are freed (the threshold of
/// glibc grows to 32 MiB and no further).
const HUGE: usize = 1 << 25;

/// The allocator `A`, and the system's own for buffers of 32 MiB and more.
///
/// A program that trains or samples wants it with one that keeps pages:
///
/// ```
/// use langevin_kernels::Allocator;
///
/// #[global_allocator]
/// static ALLOCATOR: Allocator<std::alloc::System> = Allocator::new(std::alloc::System);
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Allocator<A> {
    ordinary: A,
}

impl<A> Allocator<A> {
    /// Takes buffers below 32 MiB from `ordinary`.
    pub const fn new(ordinary: A) -> Self {
        Self { ordinary }
    }
}

/// Makes mimalloc keep the pages of freed buffers for so long before it gives them back, one second as it comes.
///
/// A step of a large network takes some seconds, and asks for the same buffers in the next one. To be called before other
/// threads are started.
#[cfg(feature = "mimalloc")]
pub fn keep_pages(milliseconds: u32) {
    /// Its number in mimalloc's list of options, which the bindings leave out.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // SAFETY: an option of this number exists in both versions of the library; no other thread sets one.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, milliseconds as _) };
}

const fn is_huge(bytes: usize) -> bool {
    bytes >= HUGE
}

// SAFETY: a block's size decides which allocator it is from, and whoever frees it or changes its size names that size.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Allocator<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_huge(layout.size()) {
            // SAFETY: the caller's promises are those that this needs.
            unsafe { System.alloc(layout) }
        } else {
            // SAFETY: as above.
            unsafe { self.ordinary.alloc(layout) }
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if is_huge(layout.size()) {
            // SAFETY: a block of this size is from here; the rest the caller promises.
            unsafe { System.dealloc(block, layout) }
        } else {
            // SAFETY: as above.
            unsafe { self.ordinary.dealloc(block, layout) }
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if is_huge(layout.size()) {
            // SAFETY: the caller's promises are those that this needs.
            unsafe { System.alloc_zeroed(layout) }
        } else {
            // SAFETY: as above.
            unsafe { self.ordinary.alloc_zeroed(layout) }
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        match (is_huge(layout.size()), is_huge(size)) {
            // SAFETY: a block of this size is from here; the rest the caller promises.
            (true, true) => unsafe { System.realloc(block, layout, size) },
            // SAFETY: as above.
            (false, false) => unsafe { self.ordinary.realloc(block, layout, size) },
            _ => {
                // SAFETY: the caller promises a size that is not zero and, rounded up to the alignment, not too large.
                let to = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
                // SAFETY: as above.
                let new = unsafe { self.alloc(to) };
                if !new.is_null() {
                    // SAFETY: both blocks are at least as long, and the new one is nobody else's; the old one is freed
                    // as it was asked for.
                    unsafe {
                        new.copy_from_nonoverlapping(block, layout.size().min(size));
                        self.dealloc(block, layout);
                    }
                }
                new
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicIsize, Ordering};

    use super::*;

    /// Counts the bytes it holds.
    struct Counting(AtomicIsize);

    // SAFETY: the system's allocator does the work.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            self.0.fetch_add(layout.size() as isize, Ordering::Relaxed);
            // SAFETY: passed on.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            self.0.fetch_sub(layout.size() as isize, Ordering::Relaxed);
            // SAFETY: passed on.
            unsafe { System.dealloc(block, layout) }
        }
    }

    #[test]
    fn blocks_keep_their_bytes_across_the_border_and_go_back_where_they_came_from() {
        let allocator = Allocator::new(Counting(AtomicIsize::new(0)));
        let held = || allocator.ordinary.0.load(Ordering::Relaxed);
        let sizes = [100, HUGE - 1, HUGE, HUGE + 4096, 4096, 64, HUGE];
        let mut layout = Layout::from_size_align(sizes[0], 64).unwrap();
        // SAFETY: each block is used within its size, and freed with its last layout.
        unsafe {
            let mut block = allocator.alloc_zeroed(layout);
            block.write(7);
            block.add(63).write(9);
            for size in sizes {
                block = allocator.realloc(block, layout, size);
                layout = Layout::from_size_align(size, 64).unwrap();
                assert!(!block.is_null() && block.align_offset(64) == 0);
                assert_eq!((block.read(), block.add(1).read(), block.add(63).read()), (7, 0, 9));
                block.add(size - 1).write(if size == 64 { 9 } else { 1 });
                assert_eq!(held(), if size < HUGE { size as isize } else { 0 });
            }
            allocator.dealloc(block, layout);
            let zeroed = allocator.alloc_zeroed(layout);
            assert_eq!((zeroed.read(), zeroed.add(HUGE - 1).read(), held()), (0, 0, 0));
            allocator.dealloc(zeroed, layout);
        }
    }
}
