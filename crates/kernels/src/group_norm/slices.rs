//! Group normalisation and its gradients on slices, parallel over (image, group), which is one contiguous run of memory.
//!
//! With `h = x̂·w·m + (b·m + shift)`, `m = 1 + scale`, and `δ = dy · silu′(h)` (or `dy`), each channel of each image needs
//! `Σδ` and `Σδx̂` over its pixels; all gradients of parameters follow from these two, and
//! `dx = rstd · (δ·w·m − mean(δ·w·m) − x̂ · mean(δ·w·m·x̂))`, the means over the group.
//! Sums: vector lanes within a channel, then double precision over the group's channels in order.

use rayon::prelude::*;

use crate::silu::{derivative, silu_lanes as silu};
use crate::simd::{Isa, Kernel, Lanes, Simd, dispatch, map};

/// Sizes and what to apply.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) images: usize,
    pub(super) channels: usize,
    pub(super) pixels: usize,
    pub(super) groups: usize,
    pub(super) eps: f64,
    pub(super) silu: bool,
}

impl Shape {
    fn group_channels(&self) -> usize {
        self.channels / self.groups
    }

    /// Values of one group of one image, at least 1 so that slices can be cut by it.
    fn run(&self) -> usize {
        (self.group_channels() * self.pixels).max(1)
    }
}

/// The factors applied after normalising; `scale` and `shift` are `[images, channels]` or absent.
#[derive(Clone, Copy)]
pub(super) struct Affine<'a> {
    pub(super) weight: &'a [f32],
    pub(super) bias: &'a [f32],
    pub(super) scale_shift: Option<(&'a [f32], &'a [f32])>,
}

impl Affine<'_> {
    /// `(factor, offset)` with `h = x̂ · factor + offset` for one channel of one image.
    fn at(&self, image: usize, channel: usize) -> (f32, f32) {
        let (w, b) = (self.weight[channel], self.bias[channel]);
        match self.scale_shift {
            None => (w, b),
            Some((scale, shift)) => {
                let i = image * self.weight.len() + channel;
                let m = 1.0 + scale[i];
                (w * m, b * m + shift[i])
            }
        }
    }
}

/// Writes `y`, and each group's mean and reciprocal standard deviation into `stats [images, groups, 2]`.
pub(super) fn forward(
    isa: Isa,
    shape: Shape,
    x: &[f32],
    affine: Affine<'_>,
    y: &mut [f32],
    stats: &mut [f32],
) {
    let runs =
        y.par_chunks_mut(shape.run()).zip(x.par_chunks(shape.run())).zip(stats.par_chunks_mut(2));
    runs.enumerate().for_each(|(index, ((y, x), stats))| {
        dispatch(isa, Forward { shape, index, x, affine, y, stats });
    });
}

struct Forward<'a> {
    shape: Shape,
    index: usize,
    x: &'a [f32],
    affine: Affine<'a>,
    y: &'a mut [f32],
    stats: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (image, group) = (self.index / self.shape.groups, self.index % self.shape.groups);
        let pixels = self.shape.pixels.max(1);
        let count = self.x.len() as f64;
        let mut total = 0.0_f64;
        for plane in self.x.chunks_exact(pixels) {
            total += f64::from(
                sums(
                    s,
                    [Lanes::of(plane)],
                    pixels,
                    #[inline(always)]
                    |[x]| [x],
                )[0],
            );
        }
        let mean = (total / count) as f32;
        let mut squares = 0.0_f64;
        for plane in self.x.chunks_exact(pixels) {
            let [sum] = sums(
                s,
                [Lanes::of(plane)],
                pixels,
                #[inline(always)]
                |[x]| {
                    let d = s.sub(x, s.splat(mean));
                    [s.mul(d, d)]
                },
            );
            squares += f64::from(sum);
        }
        let rstd = (1.0 / (squares / count + self.shape.eps).sqrt()) as f32;
        self.stats.copy_from_slice(&[mean, rstd]);
        let first = group * self.shape.group_channels();
        for (c, (x, y)) in
            self.x.chunks_exact(pixels).zip(self.y.chunks_exact_mut(pixels)).enumerate()
        {
            let (factor, offset) = self.affine.at(image, first + c);
            let (a, b, m) = (s.splat(factor * rstd), s.splat(offset), s.splat(mean));
            if self.shape.silu {
                map(
                    s,
                    [Lanes::of(x)],
                    y,
                    #[inline(always)]
                    |[x]| silu(s, s.fma(s.sub(x, m), a, b)),
                );
            } else {
                map(
                    s,
                    [Lanes::of(x)],
                    y,
                    #[inline(always)]
                    |[x]| s.fma(s.sub(x, m), a, b),
                );
            }
        }
    }
}

/// Writes `dx`, and for each channel of each image `[Σδ, Σδx̂]`.
#[allow(clippy::too_many_arguments, reason = "four inputs and two results")]
pub(super) fn backward(
    isa: Isa,
    shape: Shape,
    x: &[f32],
    affine: Affine<'_>,
    stats: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    sums: &mut [[f32; 2]],
) {
    let run = shape.run();
    let inputs = x.par_chunks(run).zip(dy.par_chunks(run)).zip(stats.par_chunks(2));
    let outputs = dx.par_chunks_mut(run).zip(sums.par_chunks_mut(shape.group_channels()));
    inputs.zip(outputs).enumerate().for_each(|(index, (((x, dy), stats), (dx, sums)))| {
        dispatch(isa, Backward { shape, index, x, affine, stats, dy, dx, sums });
    });
}

struct Backward<'a> {
    shape: Shape,
    index: usize,
    x: &'a [f32],
    affine: Affine<'a>,
    stats: &'a [f32],
    dy: &'a [f32],
    dx: &'a mut [f32],
    sums: &'a mut [[f32; 2]],
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (image, group) = (self.index / self.shape.groups, self.index % self.shape.groups);
        let pixels = self.shape.pixels.max(1);
        let (mean, rstd) = (self.stats[0], self.stats[1]);
        let (m, r) = (s.splat(mean), s.splat(rstd));
        let first = group * self.shape.group_channels();
        let (mut all, mut all_hat) = (0.0_f64, 0.0_f64);
        let planes = self.x.chunks_exact(pixels).zip(self.dy.chunks_exact(pixels));
        for (c, ((x, dy), dx)) in planes.zip(self.dx.chunks_exact_mut(pixels)).enumerate() {
            let (factor, offset) = self.affine.at(image, first + c);
            // δ waits in dx for the second pass.
            if self.shape.silu {
                let (a, b) = (s.splat(factor * rstd), s.splat(offset));
                map(
                    s,
                    [Lanes::of(x), Lanes::of(dy)],
                    dx,
                    #[inline(always)]
                    |[x, dy]| s.mul(dy, derivative(s, s.fma(s.sub(x, m), a, b))),
                );
            } else {
                dx.copy_from_slice(dy);
            }
            let [sum, sum_hat] = sums(
                s,
                [Lanes::of(x), Lanes::of(dx)],
                pixels,
                #[inline(always)]
                |[x, d]| [d, s.mul(d, s.sub(x, m))],
            );
            let sum_hat = sum_hat * rstd;
            self.sums[c] = [sum, sum_hat];
            all += f64::from(factor) * f64::from(sum);
            all_hat += f64::from(factor) * f64::from(sum_hat);
        }
        let count = self.x.len() as f64;
        let (mean_delta, mean_hat) =
            (s.splat((all / count) as f32), s.splat((all_hat / count) as f32));
        for (c, (x, dx)) in
            self.x.chunks_exact(pixels).zip(self.dx.chunks_exact_mut(pixels)).enumerate()
        {
            let factor = s.splat(self.affine.at(image, first + c).0);
            update(
                s,
                x,
                dx,
                #[inline(always)]
                |x, d| {
                    let hat = s.mul(s.sub(x, m), r);
                    s.mul(r, s.nfma(hat, mean_hat, s.sub(s.mul(d, factor), mean_delta)))
                },
            );
        }
    }
}

/// `y[i] = f(x[i], y[i])`.
#[inline(always)]
fn update<S: Simd>(s: S, x: &[f32], y: &mut [f32], f: impl Fn(S::V, S::V) -> S::V) {
    let n = y.len();
    assert_eq!(x.len(), n);
    let whole = n - n % S::LANES;
    for i in (0..whole).step_by(S::LANES) {
        // SAFETY: i + LANES ≤ n, the length of both slices.
        unsafe {
            let to = y.as_mut_ptr().add(i);
            s.store(to, f(s.load(x.as_ptr().add(i)), s.load(to)));
        }
    }
    if whole < n {
        let (mut a, mut b) = ([0.0_f32; 16], [0.0_f32; 16]);
        a[..n - whole].copy_from_slice(&x[whole..]);
        b[..n - whole].copy_from_slice(&y[whole..]);
        // SAFETY: both arrays have 16 ≥ LANES values.
        unsafe { s.store(b.as_mut_ptr(), f(s.load(a.as_ptr()), s.load(b.as_ptr()))) };
        y[whole..].copy_from_slice(&b[..n - whole]);
    }
}

/// Sums of the components of `f` over `n` elements: two vectors of partial sums each, then their lanes.
/// `f` of zeros must be finite; elements beyond `n` do not count.
#[inline(always)]
fn sums<S: Simd, const N: usize, const M: usize>(
    s: S,
    inputs: [Lanes<'_>; N],
    n: usize,
    f: impl Fn([S::V; N]) -> [S::V; M],
) -> [f32; M] {
    let inputs = inputs.map(|x| x.values());
    assert!(inputs.iter().all(|x| x.len() >= n));
    let (mut even, mut odd) = ([s.splat(0.0); M], [s.splat(0.0); M]);
    let whole = n - n % S::LANES;
    let mut i = 0;
    while i < whole {
        // SAFETY: i + LANES ≤ whole ≤ n ≤ the length of every input.
        unsafe { add(s, &inputs, i, &f, &mut even) };
        i += S::LANES;
        if i < whole {
            // SAFETY: as above.
            unsafe { add(s, &inputs, i, &f, &mut odd) };
            i += S::LANES;
        }
    }
    let mut total = [0.0; M];
    for (j, total) in total.iter_mut().enumerate() {
        *total = s.sum(s.add(even[j], odd[j]));
    }
    if whole < n {
        let tails = inputs.map(|x| {
            let mut t = [0.0_f32; 16];
            t[..n - whole].copy_from_slice(&x[whole..n]);
            t
        });
        let mut v = [s.splat(0.0); N];
        for (v, t) in v.iter_mut().zip(&tails) {
            // SAFETY: every array has 16 ≥ LANES values.
            *v = unsafe { s.load(t.as_ptr()) };
        }
        let v = f(v);
        for (total, v) in total.iter_mut().zip(v) {
            let mut lanes = [0.0_f32; 16];
            // SAFETY: as above.
            unsafe { s.store(lanes.as_mut_ptr(), v) };
            *total += lanes[..n - whole].iter().sum::<f32>();
        }
    }
    total
}

/// `sums += f(inputs[i ..])` for one vector.
///
/// # Safety
/// Every input has `LANES` values from `i` on.
#[inline(always)]
unsafe fn add<S: Simd, const N: usize, const M: usize>(
    s: S,
    inputs: &[&[f32]; N],
    i: usize,
    f: &impl Fn([S::V; N]) -> [S::V; M],
    sums: &mut [S::V; M],
) {
    let mut v = [s.splat(0.0); N];
    for (v, x) in v.iter_mut().zip(inputs) {
        // SAFETY: the caller vouches for it.
        *v = unsafe { s.load(x.as_ptr().add(i)) };
    }
    for (sum, v) in sums.iter_mut().zip(f(v)) {
        *sum = s.add(*sum, v);
    }
}
