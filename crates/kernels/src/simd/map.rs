//! Elementwise maps over slices whose lengths need not be multiples of the lanes.

use super::Simd;

/// The most lanes any instruction set has.
const MOST: usize = 16;

/// One input of a [`map`].
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

/// Sets `out[i] = f([inputs[0][i], inputs[1][i], …])`. Write `#[inline(always)]` before the closure: a closure that is not
/// inlined is compiled without the instruction set.
///
/// # Panics
/// When an input is shorter than `out`.
#[inline(always)]
pub(crate) fn map<S: Simd, const N: usize>(
    s: S,
    inputs: [Lanes<'_>; N],
    out: &mut [f32],
    f: impl Fn([S::V; N]) -> S::V,
) {
    let n = out.len();
    let inputs = inputs.map(|Lanes(values)| &values[..n]);
    let whole = n - n % S::LANES;
    let mut i = 0;
    while i < whole {
        // SAFETY: i + LANES ≤ whole ≤ n, the length of every slice.
        unsafe {
            let mut v = [s.splat(0.0); N];
            for (v, x) in v.iter_mut().zip(&inputs) {
                *v = s.load(x.as_ptr().add(i));
            }
            s.store(out.as_mut_ptr().add(i), f(v));
        }
        i += S::LANES;
    }
    if i < n {
        let mut tail = [[0.0_f32; MOST]; N];
        for (t, x) in tail.iter_mut().zip(&inputs) {
            t[..n - i].copy_from_slice(&x[i..]);
        }
        let mut result = [0.0_f32; MOST];
        // SAFETY: LANES ≤ MOST, the length of every array.
        unsafe {
            let mut v = [s.splat(0.0); N];
            for (v, t) in v.iter_mut().zip(&tail) {
                *v = s.load(t.as_ptr());
            }
            s.store(result.as_mut_ptr(), f(v));
        }
        out[i..].copy_from_slice(&result[..n - i]);
    }
}
