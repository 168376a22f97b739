//! Which keys a query may see.

use std::ops::Range;

use super::views::gather;
use crate::simd::Simd;

/// What is added to the scores.
#[derive(Clone, Copy)]
pub(super) enum Mask<'a> {
    /// Every query sees every key.
    None,
    /// Query `i` sees the keys `j ≤ i`.
    Causal,
    /// Added to the scores, with strides over batch, heads, queries and keys, zero where one value serves all.
    Additive {
        /// From the first value on.
        data: &'a [f32],
        /// Distances.
        strides: [usize; 4],
    },
}

/// How a mask changes the scores of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Not at all.
    None,
    /// By what [`Mask::fill`] writes.
    Some,
    /// No query sees any key.
    Hidden,
}

impl Mask<'_> {
    /// What happens to the scores of `queries` and `keys`.
    #[inline(always)]
    pub(super) fn effect(&self, queries: &Range<usize>, keys: &Range<usize>) -> Effect {
        match self {
            Mask::None => Effect::None,
            Mask::Causal if keys.end <= queries.start + 1 => Effect::None,
            Mask::Causal if keys.start >= queries.end => Effect::Hidden,
            Mask::Causal | Mask::Additive { .. } => Effect::Some,
        }
    }

    /// Writes what is added to the scores, times `unit`, as `[key][lane]`, with zeros in the lanes after `queries`.
    #[inline(always)]
    pub(super) fn fill<S: Simd>(
        &self,
        s: S,
        [b, h]: [usize; 2],
        queries: &Range<usize>,
        keys: &Range<usize>,
        unit: f32,
        to: &mut [f32],
    ) {
        let width = S::VECTORS * S::LANES;
        let to = &mut to[..keys.len() * width];
        to.fill(0.0);
        match *self {
            Mask::None => {}
            Mask::Causal => {
                for (key, row) in keys.clone().zip(to.chunks_exact_mut(width)) {
                    let hidden = key.saturating_sub(queries.start).min(queries.len());
                    row[..hidden].fill(f32::NEG_INFINITY);
                }
            }
            Mask::Additive { data, strides } => {
                let start = b * strides[0]
                    + h * strides[1]
                    + queries.start * strides[2]
                    + keys.start * strides[3];
                let (steps, sizes) = ([strides[3], strides[2]], [keys.len(), queries.len()]);
                let data = &data[start.min(data.len())..];
                // SAFETY: `to` holds a row of `width ≥ queries.len()` values for every key.
                unsafe { gather(s, data, steps, sizes, to.as_mut_ptr(), width) };
                to.iter_mut().for_each(|x| *x *= unit);
            }
        }
    }
}
