//! Working memory that each thread keeps between calls, so that packing does not pay for fresh pages every time.

use std::cell::RefCell;

thread_local! {
    /// Buffers not in use on this thread.
    static FREE: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// Buffers a thread keeps at most.
const KEPT: usize = 8;
/// Values of the largest buffer kept: 64 MiB.
const LARGEST: usize = 1 << 24;
/// Values in a cache line; buffers start at one.
const LINE: usize = 16;

/// Lends `work` a buffer of `len` values, aligned to a cache line, whose contents are arbitrary numbers.
///
/// Inside a vector kernel write `#[inline(always)]` before the closure.
/// The buffer is taken out of the thread's store, so nested calls, and other tasks that the thread runs while it waits
/// for a parallel section inside `work`, get buffers of their own.
#[inline(always)]
pub(crate) fn with<R>(len: usize, work: impl FnOnce(&mut [f32]) -> R) -> R {
    let need = len + LINE;
    let mut buffer = FREE.with_borrow_mut(|free| {
        // The smallest one that is large enough, else the largest to grow.
        let fit = (0..free.len()).filter(|&i| free[i].len() >= need).min_by_key(|&i| free[i].len());
        let chosen = fit.or_else(|| (0..free.len()).max_by_key(|&i| free[i].len()));
        chosen.map(|i| free.swap_remove(i)).unwrap_or_default()
    });
    if buffer.len() < need {
        // The old contents are of no use: do not copy them.
        buffer = Vec::new();
        buffer.resize(need, 0.0);
    }
    let start = buffer.as_ptr().align_offset(4 * LINE).min(LINE);
    let result = work(&mut buffer[start..start + len]);
    if buffer.len() <= LARGEST {
        FREE.with_borrow_mut(|free| {
            if free.len() < KEPT {
                free.push(buffer);
            }
        });
    }
    result
}

/// [`with`] several buffers of the given lengths.
#[inline(always)]
pub(crate) fn split<const N: usize, R>(
    lens: [usize; N],
    work: impl FnOnce([&mut [f32]; N]) -> R,
) -> R {
    let whole = |len: usize| len.next_multiple_of(LINE);
    with(
        lens.iter().map(|&len| whole(len)).sum(),
        #[inline(always)]
        |mut rest| {
            let parts = lens.map(|len| {
                let (part, after) = std::mem::take(&mut rest).split_at_mut(whole(len));
                rest = after;
                &mut part[..len]
            });
            work(parts)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_buffers_are_distinct_aligned_and_reused() {
        let outer = with(100, |a| {
            a.fill(1.0);
            with(100, |b| b.fill(2.0));
            assert!(a.iter().all(|&x| x == 1.0));
            assert_eq!(a.as_ptr().align_offset(64), 0);
            a.as_ptr() as usize
        });
        // Both buffers are free again: asking for two gives the same two.
        with(100, |a| {
            with(100, |b| assert!(a.as_ptr() as usize == outer || b.as_ptr() as usize == outer))
        });
    }
}
