//! Group normalisation and its gradients on slices, parallel over (image, group), which is one contiguous run of memory.
//!
//! An offset `t` of a channel moves its mean: `x + t − mean = x − (mean − t)`. With `h = x̂·w·m + (b·m + shift)`,
//! `m = 1 + scale`, and `δ = dy · silu′(h)` (or `dy`), each channel of each image needs `Σδ` and `Σδx̂` over its pixels; all
//! gradients of parameters follow from these two, and `dx = rstd · (δ·w·m − mean(δ·w·m) − x̂ · mean(δ·w·m·x̂))`, the means
//! over the group. The offset's gradient is `Σdx`, for which `Σx̂` suffices.
//! Sums: vector lanes within a channel, then double precision over the group's channels in order. The variance is taken
//! in a second pass over the group, which a cache still holds.

use rayon::prelude::*;

use crate::activation::{Pointwise, Silu};
use crate::fresh::{Fresh, in_order, in_parallel};
use crate::simd::{Isa, Kernel, Lanes, Simd, dispatch, sums, update, write};

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

    /// Values of one group of one image.
    fn run(&self) -> usize {
        self.group_channels() * self.pixels
    }

    /// Image and first channel of a run.
    fn place(&self, index: usize) -> (usize, usize) {
        (index / self.groups, index % self.groups * self.group_channels())
    }
}

/// The optional inputs: weight and bias `[channels]`, all others `[images, channels]`.
#[derive(Clone, Copy)]
pub(super) struct Parameters<'a> {
    pub(super) weight: Option<&'a [f32]>,
    pub(super) bias: Option<&'a [f32]>,
    pub(super) offset: Option<&'a [f32]>,
    pub(super) scale_shift: Option<(&'a [f32], &'a [f32])>,
}

impl Parameters<'_> {
    /// `(weight, bias)` of a channel.
    pub(super) fn affine(&self, channel: usize) -> (f32, f32) {
        (self.weight.map_or(1.0, |w| w[channel]), self.bias.map_or(0.0, |b| b[channel]))
    }

    /// `(factor, offset)` with `h = x̂ · factor + offset` for one channel of one image.
    fn after(&self, shape: &Shape, image: usize, channel: usize) -> (f32, f32) {
        let (w, b) = self.affine(channel);
        match self.scale_shift {
            None => (w, b),
            Some((scale, shift)) => {
                let i = image * shape.channels + channel;
                let m = 1.0 + scale[i];
                (w * m, b * m + shift[i])
            }
        }
    }

    /// What is added to one channel of one image before normalising.
    fn before(&self, shape: &Shape, image: usize, channel: usize) -> f32 {
        self.offset.map_or(0.0, |t| t[image * shape.channels + channel])
    }
}

/// Writes `y`, and each group's mean and reciprocal standard deviation into `stats [images, groups, 2]`.
pub(super) fn forward<'a>(
    isa: Isa,
    shape: Shape,
    x: &[f32],
    parameters: Parameters<'_>,
    y: &'a mut Fresh,
    stats: &mut [f32],
) -> &'a mut [f32] {
    let run = shape.run();
    let with = x.par_chunks(run.max(1)).zip(stats.par_chunks_mut(2)).enumerate();
    in_parallel(y, run, with, |(index, (x, stats)), y| {
        dispatch(isa, Forward { shape, index, x, parameters, y, stats })
    })
}

struct Forward<'a, 'o> {
    shape: Shape,
    index: usize,
    x: &'a [f32],
    parameters: Parameters<'a>,
    y: &'o mut Fresh,
    stats: &'a mut [f32],
}

impl<'o> Kernel for Forward<'_, 'o> {
    type Output = &'o mut [f32];

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> &'o mut [f32] {
        let Self { shape, index, x, parameters, y, stats } = self;
        let [mean, rstd] = moments(s, shape, index, x, parameters);
        stats.copy_from_slice(&[mean, rstd]);
        in_order(
            y,
            shape.pixels,
            x.chunks_exact(shape.pixels).enumerate(),
            #[inline(always)]
            |(c, x), y| {
                let map = Map::new(s, (shape, index, c), parameters, [mean, rstd]);
                let x = [Lanes::of(x)];
                if shape.silu {
                    write(
                        s,
                        x,
                        y,
                        #[inline(always)]
                        |[x]| Silu::value(s, map.apply(s, x)),
                    )
                } else {
                    write(
                        s,
                        x,
                        y,
                        #[inline(always)]
                        |[x]| map.apply(s, x),
                    )
                }
            },
        )
    }
}

/// As [`forward`], with the results in the place of `x`: the same numbers in half the memory.
pub(super) fn forward_in_place(
    isa: Isa,
    shape: Shape,
    x: &mut [f32],
    parameters: Parameters<'_>,
    stats: &mut [f32],
) {
    let runs = x.par_chunks_mut(shape.run().max(1)).zip(stats.par_chunks_mut(2)).enumerate();
    runs.for_each(|(index, (x, stats))| {
        dispatch(isa, ForwardInPlace { shape, index, x, parameters, stats })
    });
}

struct ForwardInPlace<'a> {
    shape: Shape,
    index: usize,
    x: &'a mut [f32],
    parameters: Parameters<'a>,
    stats: &'a mut [f32],
}

impl Kernel for ForwardInPlace<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { shape, index, x, parameters, stats } = self;
        let [mean, rstd] = moments(s, shape, index, x, parameters);
        stats.copy_from_slice(&[mean, rstd]);
        for (c, x) in x.chunks_exact_mut(shape.pixels).enumerate() {
            let map = Map::new(s, (shape, index, c), parameters, [mean, rstd]);
            if shape.silu {
                update(
                    s,
                    x,
                    [],
                    #[inline(always)]
                    |x, []| Silu::value(s, map.apply(s, x)),
                );
            } else {
                update(
                    s,
                    x,
                    [],
                    #[inline(always)]
                    |x, []| map.apply(s, x),
                );
            }
        }
    }
}

/// Mean and reciprocal standard deviation of one group of one image.
#[inline(always)]
fn moments<S: Simd>(
    s: S,
    shape: Shape,
    index: usize,
    x: &[f32],
    parameters: Parameters<'_>,
) -> [f32; 2] {
    let (image, first) = shape.place(index);
    let (pixels, count) = (shape.pixels, x.len() as f64);
    let planes = || x.chunks_exact(pixels).enumerate();
    let before = |c: usize| parameters.before(&shape, image, first + c);
    let mut total = 0.0_f64;
    for (c, plane) in planes() {
        let [sum] = sums(
            s,
            [Lanes::of(plane)],
            pixels,
            #[inline(always)]
            |x| x,
        );
        total += f64::from(sum) + pixels as f64 * f64::from(before(c));
    }
    let mean = (total / count) as f32;
    let mut squares = 0.0_f64;
    for (c, plane) in planes() {
        let m = s.splat(mean - before(c));
        let [sum] = sums(
            s,
            [Lanes::of(plane)],
            pixels,
            #[inline(always)]
            |[x]| {
                let d = s.sub(x, m);
                [s.mul(d, d)]
            },
        );
        squares += f64::from(sum);
    }
    [mean, (1.0 / (squares / count + shape.eps).sqrt()) as f32]
}

/// What happens to each value of a channel: `(x − m) · a + b`.
struct Map<S: Simd> {
    m: S::V,
    a: S::V,
    b: S::V,
}

impl<S: Simd> Map<S> {
    /// Of channel `c` of a group, whose place is `index`.
    #[inline(always)]
    fn new(
        s: S,
        (shape, index, c): (Shape, usize, usize),
        parameters: Parameters<'_>,
        [mean, rstd]: [f32; 2],
    ) -> Self {
        let (image, first) = shape.place(index);
        let (factor, offset) = parameters.after(&shape, image, first + c);
        let m = s.splat(mean - parameters.before(&shape, image, first + c));
        Self { m, a: s.splat(factor * rstd), b: s.splat(offset) }
    }

    #[inline(always)]
    fn apply(&self, s: S, x: S::V) -> S::V {
        s.fma(s.sub(x, self.m), self.a, self.b)
    }
}

/// Writes `dx`, and for each channel of each image `[Σδ, Σδx̂, Σdx]`.
#[allow(clippy::too_many_arguments, reason = "four inputs and two results")]
pub(super) fn backward<'a>(
    isa: Isa,
    shape: Shape,
    x: &[f32],
    parameters: Parameters<'_>,
    stats: &[f32],
    dy: &[f32],
    dx: &'a mut Fresh,
    sums: &mut [[f32; 3]],
) -> &'a mut [f32] {
    let run = shape.run();
    let inputs = x.par_chunks(run.max(1)).zip(dy.par_chunks(run.max(1))).zip(stats.par_chunks(2));
    let with = inputs.zip(sums.par_chunks_mut(shape.group_channels().max(1))).enumerate();
    in_parallel(dx, run, with, |(index, (((x, dy), stats), sums)), dx| {
        dispatch(isa, Backward { shape, index, x, parameters, stats, dy, dx, sums })
    })
}

struct Backward<'a, 'o> {
    shape: Shape,
    index: usize,
    x: &'a [f32],
    parameters: Parameters<'a>,
    stats: &'a [f32],
    dy: &'a [f32],
    dx: &'o mut Fresh,
    sums: &'a mut [[f32; 3]],
}

impl<'o> Kernel for Backward<'_, 'o> {
    type Output = &'o mut [f32];

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> &'o mut [f32] {
        let Self { shape, index, x, parameters, stats, dy, dx, sums: channels } = self;
        let (image, first) = shape.place(index);
        let (pixels, count) = (shape.pixels, x.len() as f64);
        let (mean, rstd) = (stats[0], stats[1]);
        let middle = |c: usize| mean - parameters.before(&shape, image, first + c);
        let factor = |c: usize| parameters.after(&shape, image, first + c).0;
        let planes = || x.chunks_exact(pixels).enumerate();
        let (mut all, mut all_hat) = (0.0_f64, 0.0_f64);
        // δ waits in dx for the second pass.
        let dx = in_order(
            dx,
            pixels,
            planes().zip(dy.chunks_exact(pixels)),
            #[inline(always)]
            |((c, x), dy), dx| {
                let m = s.splat(middle(c));
                let (factor, offset) = parameters.after(&shape, image, first + c);
                let dx = if shape.silu {
                    let (a, b) = (s.splat(factor * rstd), s.splat(offset));
                    write(
                        s,
                        [Lanes::of(x), Lanes::of(dy)],
                        dx,
                        #[inline(always)]
                        |[x, dy]| s.mul(dy, Silu::derivative(s, s.fma(s.sub(x, m), a, b))),
                    )
                } else {
                    dx.write_copy_of_slice(dy)
                };
                let [sum, sum_hat, hat] = sums(
                    s,
                    [Lanes::of(x), Lanes::of(dx)],
                    pixels,
                    #[inline(always)]
                    |[x, d]| {
                        let centred = s.sub(x, m);
                        [d, s.mul(d, centred), centred]
                    },
                );
                channels[c] = [sum, sum_hat * rstd, hat * rstd];
                all += f64::from(factor) * f64::from(sum);
                all_hat += f64::from(factor) * f64::from(sum_hat * rstd);
                dx
            },
        );
        let (mean_delta, mean_hat) = ((all / count) as f32, (all_hat / count) as f32);
        for ((c, x), dx) in planes().zip(dx.chunks_exact_mut(pixels)) {
            let [sum, _, last] = &mut channels[c];
            *last = rstd * (factor(c) * *sum - pixels as f32 * mean_delta - mean_hat * *last);
            let (m, r, f) = (s.splat(middle(c)), s.splat(rstd), s.splat(factor(c)));
            let (mean_delta, mean_hat) = (s.splat(mean_delta), s.splat(mean_hat));
            update(
                s,
                dx,
                [Lanes::of(x)],
                #[inline(always)]
                |d, [x]| {
                    let hat = s.mul(s.sub(x, m), r);
                    s.mul(r, s.nfma(hat, mean_hat, s.sub(s.mul(d, f), mean_delta)))
                },
            );
        }
        dx
    }
}
