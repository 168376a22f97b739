//! Sums and maxima over slices in lanes.

use super::Simd;
use super::map::{Lanes, MOST, load, load_tail};

/// `Σᵢ f([inputs[0][i], …])` for the first `n` elements, component by component: two vectors of partial sums each, then
/// their lanes. The order depends on `n` alone. Write `#[inline(always)]` before the closure.
///
/// # Panics
/// When an input has fewer than `n` values.
#[inline(always)]
pub(crate) fn sums<S: Simd, const N: usize, const M: usize>(
    s: S,
    inputs: [Lanes<'_>; N],
    n: usize,
    f: impl Fn([S::V; N]) -> [S::V; M],
) -> [f32; M] {
    let inputs = inputs.map(|x| &x.values()[..n]);
    let (mut even, mut odd) = ([s.splat(0.0); M], [s.splat(0.0); M]);
    let whole = n - n % S::LANES;
    let mut i = 0;
    while i < whole {
        // SAFETY: i + LANES ≤ whole ≤ n, the length of every input.
        add(s, f(unsafe { load(s, &inputs, i) }), &mut even);
        i += S::LANES;
        if i < whole {
            // SAFETY: as above.
            add(s, f(unsafe { load(s, &inputs, i) }), &mut odd);
            i += S::LANES;
        }
    }
    let mut total = [0.0; M];
    for (total, (even, odd)) in total.iter_mut().zip(even.into_iter().zip(odd)) {
        *total = s.sum(s.add(even, odd));
    }
    if whole < n {
        for (total, v) in total.iter_mut().zip(f(load_tail(s, &inputs, whole))) {
            let mut lanes = [0.0_f32; MOST];
            // SAFETY: LANES ≤ MOST, the length of the array.
            unsafe { s.store(lanes.as_mut_ptr(), v) };
            *total += lanes[..n - whole].iter().sum::<f32>();
        }
    }
    total
}

/// `sums += v`.
#[inline(always)]
fn add<S: Simd, const M: usize>(s: S, v: [S::V; M], sums: &mut [S::V; M]) {
    for (sum, v) in sums.iter_mut().zip(v) {
        *sum = s.add(*sum, v);
    }
}

/// The largest element, negative infinity if there is none. Whether a NaN among the elements shows is left open.
#[inline(always)]
pub(crate) fn largest<S: Simd>(s: S, x: &[f32]) -> f32 {
    let mut most = s.splat(f32::NEG_INFINITY);
    let whole = x.len() - x.len() % S::LANES;
    let mut i = 0;
    while i < whole {
        // SAFETY: i + LANES ≤ whole ≤ the length.
        most = s.max(most, unsafe { s.load(x.as_ptr().add(i)) });
        i += S::LANES;
    }
    let mut lanes = [f32::NEG_INFINITY; MOST];
    // SAFETY: LANES ≤ MOST, the length of the array.
    unsafe { s.store(lanes.as_mut_ptr(), most) };
    lanes.iter().chain(&x[whole..]).copied().fold(f32::NEG_INFINITY, f32::max)
}
