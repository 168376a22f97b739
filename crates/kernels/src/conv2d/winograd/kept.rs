//! Transformed filters that are kept from one inference to the next.
//!
//! With few tiles, transforming the filters costs as much as their products or more: a small picture, or one at a time.
//! With many it is lost among them, and four times the filters' memory would buy nothing: those are not kept.
//!
//! An entry belongs to one storage of weights and holds a weak reference to it: the storage's address is then not given to
//! another, and whoever changes weights in place finds that they are shared and moves them to a new storage first. So an
//! entry never outlives or disagrees with its weights. Entries of weights that are gone are dropped at the next insertion.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use burn::tensor::Bytes;

use super::super::Geometry;
use super::plan::Plan;
use super::weights::{Filters, plane};
use super::{FILTERS, padded};
use crate::gemm::tile;
use crate::simd::{Isa, Kernel, Simd, dispatch};

/// Tiles of all images up to which keeping pays.
const FEW: usize = 64;
/// Values kept in all: 64 MiB. What does not fit any more is transformed anew each time.
const LIMIT: usize = 1 << 24;
/// Values in a cache line.
const LINE: usize = 16;

/// What stands for a convolution's filters in [`super::by_parts`] and [`super::by_filters`]: all panels one after the other,
/// from a cache line's start.
pub(crate) struct Kept {
    values: Vec<f32>,
    start: usize,
}

impl Kept {
    pub(crate) fn values(&self) -> &[f32] {
        &self.values[self.start..]
    }

    fn new(isa: Isa, plan: &Plan, filters: Filters<'_>) -> Self {
        let ((channels, outputs), width) = (padded(isa, plan), tile(isa).1);
        let each = 36 * plane(channels, width);
        let len = each * (outputs / width);
        let mut values = vec![0.0; len + LINE];
        let start = values.as_ptr().align_offset(4 * LINE).min(LINE);
        values.truncate(start + len);
        for (panel, out) in values[start..].chunks_exact_mut(each).enumerate() {
            dispatch(isa, Transform { filters, panel, channels, out });
        }
        Self { values, start }
    }
}

struct Transform<'a> {
    filters: Filters<'a>,
    panel: usize,
    channels: usize,
    out: &'a mut [f32],
}

impl Kernel for Transform<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        self.filters.transform(s, self.panel, 0..self.channels, self.out);
    }
}

struct Entry {
    storage: Weak<Bytes>,
    /// First value within the storage, input and output channels, and instruction set: how it was transformed.
    kind: (usize, [usize; 2], Isa),
    kept: Arc<Kept>,
}

static ENTRIES: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

/// The transformed filters of the convolution `g` with `weight`, whose values lie in `storage`: kept ones, or new ones that
/// are kept from now on; `None` where keeping does not pay or does not fit.
pub(crate) fn filters(
    isa: Isa,
    g: &Geometry,
    weight: &[f32],
    storage: &Arc<Bytes>,
) -> Option<Arc<Kept>> {
    let plan = Plan::forward(g);
    let [down, across] = plan.grid();
    let (channels, outputs) = padded(isa, &plan);
    let len = 36 * channels * outputs;
    if plan.images * down * across > FEW || len > FILTERS || weight.is_empty() {
        return None;
    }
    let kind = (weight.as_ptr() as usize, [g.channels, g.filters], isa);
    let mut entries = ENTRIES.lock().unwrap_or_else(PoisonError::into_inner);
    let same = |e: &&Entry| e.kind == kind && e.storage.as_ptr() == Arc::as_ptr(storage);
    if let Some(entry) = entries.iter().find(same) {
        return Some(Arc::clone(&entry.kept));
    }
    entries.retain(|entry| entry.storage.strong_count() > 0);
    let used: usize = entries.iter().map(|entry| entry.kept.values.len()).sum();
    if used + len > LIMIT {
        return None;
    }
    let kept = Arc::new(Kept::new(isa, &plan, Filters::forward(g, weight)));
    entries.push(Entry { storage: Arc::downgrade(storage), kind, kept: Arc::clone(&kept) });
    Some(kept)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor, TensorData};

    use crate::conv2d::{Conv2dOptions, conv2d};

    fn tensor<const D: usize>(shape: [usize; D], scale: f32) -> Tensor<D> {
        let numbers =
            (0..shape.iter().product()).map(|i: usize| scale * ((i * 37 % 101) as f32 - 50.0));
        Tensor::from_data(TensorData::new(numbers.collect(), shape), &Device::flex())
    }

    fn bits(x: Tensor<4>) -> Vec<u32> {
        let values = x.into_data().try_into_vec::<f32>().expect("single precision");
        values.into_iter().map(f32::to_bits).collect()
    }

    fn options() -> Conv2dOptions {
        Conv2dOptions { padding_begin: [1, 1], padding_end: [1, 1], ..Default::default() }
    }

    #[test]
    fn kept_filters_change_no_bit() {
        let weight = tensor([24, 17, 3, 3], 0.01);
        // Five images are more than are worth keeping: their first is computed with filters made anew.
        let many = tensor([5, 17, 16, 16], 0.02);
        let want = bits(conv2d(many.clone(), weight.clone(), None, options()));
        let one = many.narrow(0, 0, 1);
        for _ in 0..2 {
            let got = bits(conv2d(one.clone(), weight.clone(), None, options()));
            assert_eq!(got[..], want[..got.len()]);
        }
    }

    #[test]
    fn changed_weights_are_transformed_again() {
        let x = tensor([1, 16, 8, 8], 0.02);
        let mut weight = tensor([16, 16, 3, 3], 0.01);
        for round in 0..4 {
            let twice = bits(conv2d(x.clone() * 2.0, weight.clone(), None, options()));
            // In place, where the tensor is the only one of its storage.
            weight = weight * 2.0;
            let doubled = bits(conv2d(x.clone(), weight.clone(), None, options()));
            assert_eq!(doubled, twice, "round {round}");
        }
    }
}
