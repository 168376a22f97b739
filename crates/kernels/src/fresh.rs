//! Memory for results: fresh from the allocator and written before it is read, without the pass over it that zeroing
//! costs. Whoever writes a piece hands it back as plain numbers, which proves that all of it was written.

use std::mem::MaybeUninit;

use rayon::prelude::*;

/// Memory whose numbers are not written yet.
pub(crate) type Fresh = [MaybeUninit<f32>];

/// Pieces smaller than this many values share a task.
const GRAIN: usize = 8 * 1024;

/// `len` values that `write` writes.
pub(crate) fn values(
    len: usize,
    write: impl for<'a> FnOnce(&'a mut Fresh) -> &'a mut [f32],
) -> Vec<f32> {
    let mut values = Vec::with_capacity(len);
    let out = &mut values.spare_capacity_mut()[..len];
    let start = out.as_ptr();
    confirm(write(out), start, len);
    // SAFETY: the capacity suffices, and `write` gave back exactly these values as written.
    unsafe { values.set_len(len) };
    values
}

/// Writes `out` in parallel by pieces, the last one perhaps shorter; `write` is given each piece with its item of `with`.
///
/// # Panics
/// When `with` has fewer items than there are pieces.
pub(crate) fn in_parallel<'a, T: Send>(
    out: &'a mut Fresh,
    piece: usize,
    with: impl IndexedParallelIterator<Item = T>,
    write: impl for<'b> Fn(T, &'b mut Fresh) -> &'b mut [f32] + Sync,
) -> &'a mut [f32] {
    let piece = piece.max(1);
    let pieces = out.par_chunks_mut(piece);
    assert!(with.len() >= pieces.len(), "each piece needs its item");
    pieces.zip(with).with_min_len(GRAIN / piece).for_each(|(out, item)| {
        let (start, len) = (out.as_ptr(), out.len());
        confirm(write(item, out), start, len);
    });
    // SAFETY: every piece was given back as written.
    unsafe { out.assume_init_mut() }
}

/// [`in_parallel`] on the calling thread, piece after piece.
#[inline(always)]
pub(crate) fn in_order<'a, T>(
    out: &'a mut Fresh,
    piece: usize,
    with: impl IntoIterator<Item = T>,
    mut write: impl for<'b> FnMut(T, &'b mut Fresh) -> &'b mut [f32],
) -> &'a mut [f32] {
    let mut with = with.into_iter();
    for out in out.chunks_mut(piece.max(1)) {
        let (start, len) = (out.as_ptr(), out.len());
        let item = with.next().expect("each piece needs its item");
        confirm(write(item, out), start, len);
    }
    // SAFETY: every piece was given back as written.
    unsafe { out.assume_init_mut() }
}

/// Checks that `written` is the memory that was to be written.
#[inline(always)]
fn confirm(written: &[f32], start: *const MaybeUninit<f32>, len: usize) {
    let same = written.as_ptr() == start.cast() && written.len() == len;
    assert!(same, "a result was written elsewhere than where it belongs");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(i: usize, out: &mut Fresh) -> &mut [f32] {
        for value in &mut *out {
            value.write(i as f32);
        }
        // SAFETY: the loop wrote every value.
        unsafe { out.assume_init_mut() }
    }

    #[test]
    fn pieces_are_written_in_place_and_in_order() {
        for (len, piece) in [(0, 3), (10, 3), (9, 3), (100_000, 7), (5, 0)] {
            let want: Vec<f32> = (0..len).map(|i| (i / piece.max(1)) as f32).collect();
            let parallel =
                values(len, |out| in_parallel(out, piece, (0..len).into_par_iter(), number));
            assert_eq!(parallel, want);
            assert_eq!(values(len, |out| in_order(out, piece, 0..len, number)), want);
        }
    }

    #[test]
    #[should_panic(expected = "elsewhere")]
    fn a_part_is_not_the_whole() {
        values(4, |out| out[..3].write_copy_of_slice(&[1.0, 2.0, 3.0]));
    }
}
