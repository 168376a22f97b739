//! Elementwise maps over slices whose lengths need not be multiples of the lanes. Write `#[inline(always)]` before every
//! closure: one that is not inlined is compiled without the instruction set.

use super::Simd;
use crate::fresh::Fresh;

/// The most lanes any instruction set has.
pub(super) const MOST: usize = 16;

/// One input of [`write`].
#[derive(Clone, Copy)]
pub(crate) struct Lanes<'a>(&'a [f32]);

impl<'a> Lanes<'a> {
    /// The values.
    #[inline(always)]
    pub(crate) fn values(self) -> &'a [f32] {
        self.0
    }

    /// Reads `values` in order.
    pub(crate) fn of(values: &'a [f32]) -> Self {
        Self(values)
    }
}

/// Writes `out[i] = f([inputs[0][i], inputs[1][i], …])` and gives `out` back written.
///
/// # Panics
/// When an input is shorter than `out`.
#[inline(always)]
pub(crate) fn write<'a, S: Simd, const N: usize>(
    s: S,
    inputs: [Lanes<'_>; N],
    out: &'a mut Fresh,
    f: impl Fn([S::V; N]) -> S::V,
) -> &'a mut [f32] {
    let [out] = write_each(
        s,
        inputs,
        [out],
        #[inline(always)]
        |v| [f(v)],
    );
    out
}

/// [`write`] with several results, all of the same length.
#[inline(always)]
pub(crate) fn write_each<'a, S: Simd, const N: usize, const M: usize>(
    s: S,
    inputs: [Lanes<'_>; N],
    mut outs: [&'a mut Fresh; M],
    f: impl Fn([S::V; N]) -> [S::V; M],
) -> [&'a mut [f32]; M] {
    let n = outs[0].len();
    assert!(outs.iter().all(|out| out.len() == n));
    let inputs = inputs.map(|Lanes(values)| &values[..n]);
    let to = outs.each_mut().map(|out| out.as_mut_ptr().cast::<f32>());
    let whole = n - n % S::LANES;
    let mut i = 0;
    while i < whole {
        // SAFETY: i + LANES ≤ whole ≤ n, the length of every slice.
        unsafe {
            for (to, v) in to.iter().zip(f(load(s, &inputs, i))) {
                s.store(to.add(i), v);
            }
        }
        i += S::LANES;
    }
    if i < n {
        for (out, v) in outs.iter_mut().zip(f(load_tail(s, &inputs, i))) {
            store_tail(s, v, &mut out[i..]);
        }
    }
    // SAFETY: the loop wrote each up to `whole`, the tail from there on.
    outs.map(|out| unsafe { out.assume_init_mut() })
}

/// Sets `y[i] = f(y[i], [inputs[0][i], …])`.
///
/// # Panics
/// When an input is shorter than `y`.
#[inline(always)]
pub(crate) fn update<S: Simd, const N: usize>(
    s: S,
    y: &mut [f32],
    inputs: [Lanes<'_>; N],
    f: impl Fn(S::V, [S::V; N]) -> S::V,
) {
    let n = y.len();
    let inputs = inputs.map(|Lanes(values)| &values[..n]);
    let whole = n - n % S::LANES;
    let mut i = 0;
    while i < whole {
        // SAFETY: i + LANES ≤ whole ≤ n, the length of every slice.
        unsafe {
            let at = y.as_mut_ptr().add(i);
            s.store(at, f(s.load(at), load(s, &inputs, i)));
        }
        i += S::LANES;
    }
    if i < n {
        let [old] = load_tail(s, &[&*y], i);
        let v = f(old, load_tail(s, &inputs, i));
        let rest = &mut y[i..];
        // SAFETY: the layout is the same, and `store_tail` only writes numbers.
        store_tail(s, v, unsafe { &mut *(std::ptr::from_mut(rest) as *mut Fresh) });
    }
}

/// A vector of each input, from place `i` on.
///
/// # Safety
/// Every input has `LANES` values from `i` on.
#[inline(always)]
pub(super) unsafe fn load<S: Simd, const N: usize>(
    s: S,
    inputs: &[&[f32]; N],
    i: usize,
) -> [S::V; N] {
    let mut v = [s.splat(0.0); N];
    for (v, x) in v.iter_mut().zip(inputs) {
        // SAFETY: the caller vouches for it.
        *v = unsafe { s.load(x.as_ptr().add(i)) };
    }
    v
}

/// What is left of each input from place `i` on, fewer values than lanes, followed by zeros.
#[inline(always)]
pub(super) fn load_tail<S: Simd, const N: usize>(
    s: S,
    inputs: &[&[f32]; N],
    i: usize,
) -> [S::V; N] {
    let mut v = [s.splat(0.0); N];
    for (v, x) in v.iter_mut().zip(inputs) {
        let mut tail = [0.0_f32; MOST];
        tail[..x.len() - i].copy_from_slice(&x[i..]);
        // SAFETY: LANES ≤ MOST, the length of the array.
        *v = unsafe { s.load(tail.as_ptr()) };
    }
    v
}

/// Writes the first lanes of `v`, as many as `out` is long.
#[inline(always)]
fn store_tail<S: Simd>(s: S, v: S::V, out: &mut Fresh) {
    let mut lanes = [0.0_f32; MOST];
    // SAFETY: LANES ≤ MOST, the length of the array.
    unsafe { s.store(lanes.as_mut_ptr(), v) };
    out.write_copy_of_slice(&lanes[..out.len()]);
}
