//! Normalisation of rows and its gradients on slices, parallel over images and pieces of their rows.
//!
//! With `f = weight · (1 + scale)` and `g = dy · f`, `dx = rstd · (g − mean(g) − x̂ · mean(g·x̂))` over the row, without the
//! first mean where nothing was centred. All gradients of parameters follow from `Σdy` and `Σdy·x̂` over the rows of each
//! image: pieces of rows first, whose size depends on the width alone, then the pieces in order.

use rayon::prelude::*;

use crate::fresh::{Fresh, in_order, in_parallel};
use crate::scratch;
use crate::simd::{Isa, Kernel, Lanes, Simd, dispatch, sums, update, write};

/// Values of the rows of one task.
const PIECE: usize = 64 * 1024;

/// What is subtracted from a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Centre {
    /// Its mean.
    Mean,
    /// Nothing.
    Zero,
}

/// Sizes and what to compute.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) images: usize,
    /// Of each image.
    pub(super) rows: usize,
    pub(super) width: usize,
    pub(super) centre: Centre,
    pub(super) eps: f64,
}

impl Shape {
    /// Rows of one task.
    fn piece(&self) -> usize {
        (PIECE / self.width.max(1)).clamp(1, 256)
    }
}

/// The optional inputs: weight and bias `[width]`, scale and shift `[images, width]`.
#[derive(Clone, Copy)]
pub(super) struct Parameters<'a> {
    pub(super) weight: Option<&'a [f32]>,
    pub(super) bias: Option<&'a [f32]>,
    pub(super) scale_shift: Option<(&'a [f32], &'a [f32])>,
}

impl Parameters<'_> {
    /// `(weight, bias)` of a column.
    pub(super) fn affine(&self, column: usize) -> (f32, f32) {
        (self.weight.map_or(1.0, |w| w[column]), self.bias.map_or(0.0, |b| b[column]))
    }

    /// Writes `factor` and `offset` with `y = x̂ · factor + offset` for the rows of one image.
    fn combine(&self, image: usize, factor: &mut [f32], offset: &mut [f32]) {
        let width = factor.len();
        for (column, (factor, offset)) in factor.iter_mut().zip(offset).enumerate() {
            let (w, b) = self.affine(column);
            (*factor, *offset) = match self.scale_shift {
                None => (w, b),
                Some((scale, shift)) => {
                    let i = image * width + column;
                    let m = 1.0 + scale[i];
                    (w * m, b * m + shift[i])
                }
            };
        }
    }
}

/// Writes `y`, and each row's centre and reciprocal deviation from it into `stats [images, rows, 2]`.
pub(super) fn forward<'a>(
    isa: Isa,
    shape: Shape,
    x: &[f32],
    parameters: Parameters<'_>,
    y: &'a mut Fresh,
    stats: &mut [f32],
) -> &'a mut [f32] {
    let Shape { rows, width, .. } = shape;
    let (image, piece) = (rows * width, shape.piece());
    let images = x.par_chunks(image.max(1)).zip(stats.par_chunks_mut((2 * rows).max(1)));
    in_parallel(y, image, images.enumerate(), |(i, (x, stats)), y| {
        scratch::split([width, width], |[factor, offset]| {
            parameters.combine(i, factor, offset);
            let (factor, offset) = (&*factor, &*offset);
            let pieces = x.par_chunks(piece * width).zip(stats.par_chunks_mut(2 * piece));
            in_parallel(y, piece * width, pieces, |(x, stats), y| {
                dispatch(isa, Forward { shape, x, factor, offset, y, stats })
            })
        })
    })
}

struct Forward<'a, 'o> {
    shape: Shape,
    x: &'a [f32],
    factor: &'a [f32],
    offset: &'a [f32],
    y: &'o mut Fresh,
    stats: &'a mut [f32],
}

impl<'o> Kernel for Forward<'_, 'o> {
    type Output = &'o mut [f32];

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> &'o mut [f32] {
        let Self { shape: Shape { width, centre, eps, .. }, x, factor, offset, y, stats } = self;
        let count = width as f64;
        in_order(
            y,
            width,
            x.chunks_exact(width).zip(stats.chunks_exact_mut(2)),
            #[inline(always)]
            |(x, stats), y| {
                let mean = match centre {
                    Centre::Zero => 0.0,
                    Centre::Mean => {
                        let [sum] = sums(
                            s,
                            [Lanes::of(x)],
                            width,
                            #[inline(always)]
                            |x| x,
                        );
                        (f64::from(sum) / count) as f32
                    }
                };
                let m = s.splat(mean);
                let [squares] = sums(
                    s,
                    [Lanes::of(x)],
                    width,
                    #[inline(always)]
                    |[x]| {
                        let d = s.sub(x, m);
                        [s.mul(d, d)]
                    },
                );
                let rstd = (1.0 / (f64::from(squares) / count + eps).sqrt()) as f32;
                stats.copy_from_slice(&[mean, rstd]);
                let r = s.splat(rstd);
                write(
                    s,
                    [Lanes::of(x), Lanes::of(factor), Lanes::of(offset)],
                    y,
                    #[inline(always)]
                    |[x, f, o]| s.fma(s.mul(s.sub(x, m), r), f, o),
                )
            },
        )
    }
}

/// `Σdy` and `Σdy·x̂` over the rows of each image, `[images, 2, width]`; empty where nobody wants them.
pub(super) struct Sums {
    width: usize,
    values: Vec<f32>,
}

impl Sums {
    /// Room for the sums, if `wanted`.
    pub(super) fn new(shape: Shape, wanted: bool) -> Self {
        let len = if wanted { shape.images * 2 * shape.width } else { 0 };
        Self { width: shape.width, values: vec![0.0; len] }
    }

    /// `[Σdy, Σdy·x̂]` of element `i` of `[images, width]`.
    pub(super) fn at(&self, i: usize) -> [f32; 2] {
        let start = i / self.width * 2 * self.width + i % self.width;
        [self.values[start], self.values[start + self.width]]
    }
}

/// Writes `dx` and, where there is room, the sums.
#[allow(clippy::too_many_arguments, reason = "four inputs and two results")]
pub(super) fn backward<'a>(
    isa: Isa,
    shape: Shape,
    x: &[f32],
    parameters: Parameters<'_>,
    stats: &[f32],
    dy: &[f32],
    dx: &'a mut Fresh,
    sums: &mut Sums,
) -> &'a mut [f32] {
    let Shape { images, rows, width, .. } = shape;
    let (image, piece) = (rows * width, shape.piece());
    // The room of an image that wants no sums is empty.
    let room = sums.values.len().checked_div(images).unwrap_or(0);
    let mut each: Vec<&mut [f32]> = match room {
        0 => (0..images).map(|_| Default::default()).collect(),
        room => sums.values.chunks_mut(room).collect(),
    };
    let inputs = x.par_chunks(image.max(1)).zip(dy.par_chunks(image.max(1)));
    let inputs = inputs.zip(stats.par_chunks((2 * rows).max(1))).zip(each.par_iter_mut());
    in_parallel(dx, image, inputs.enumerate(), |(i, (((x, dy), stats), sums)), dx| {
        scratch::split([width, width], |[factor, offset]| {
            parameters.combine(i, factor, offset);
            let factor = &*factor;
            let pieces = rows.div_ceil(piece);
            let mut parts = vec![0.0; room * pieces];
            let mut each: Vec<&mut [f32]> = match room {
                0 => (0..pieces).map(|_| Default::default()).collect(),
                room => parts.chunks_mut(room).collect(),
            };
            let run = piece * width;
            let inputs = x.par_chunks(run).zip(dy.par_chunks(run)).zip(stats.par_chunks(2 * piece));
            let dx = in_parallel(
                dx,
                run,
                inputs.zip(each.par_iter_mut()),
                |(((x, dy), stats), sums), dx| {
                    dispatch(isa, Backward { shape, x, factor, stats, dy, dx, sums })
                },
            );
            for part in parts.chunks(room.max(1)) {
                sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
            }
            dx
        })
    })
}

struct Backward<'a, 'o> {
    shape: Shape,
    x: &'a [f32],
    factor: &'a [f32],
    stats: &'a [f32],
    dy: &'a [f32],
    dx: &'o mut Fresh,
    sums: &'a mut [f32],
}

impl<'o> Kernel for Backward<'_, 'o> {
    type Output = &'o mut [f32];

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> &'o mut [f32] {
        let Self { shape: Shape { width, centre, .. }, x, factor, stats, dy, dx, sums: of_columns } =
            self;
        let (sum_dy, sum_hat) = of_columns.split_at_mut(of_columns.len() / 2);
        let rows = x.chunks_exact(width).zip(dy.chunks_exact(width)).zip(stats.chunks_exact(2));
        in_order(
            dx,
            width,
            rows,
            #[inline(always)]
            |((x, dy), stats), dx| {
                let (m, r) = (s.splat(stats[0]), s.splat(stats[1]));
                let inputs = [Lanes::of(x), Lanes::of(dy), Lanes::of(factor)];
                let [mean, mean_hat] = sums(
                    s,
                    inputs,
                    width,
                    #[inline(always)]
                    |[x, dy, f]| {
                        let g = s.mul(dy, f);
                        [g, s.mul(g, s.mul(s.sub(x, m), r))]
                    },
                );
                let mean = match centre {
                    Centre::Mean => mean / width as f32,
                    Centre::Zero => 0.0,
                };
                let (mean, mean_hat) = (s.splat(mean), s.splat(mean_hat / width as f32));
                update(
                    s,
                    sum_dy,
                    [Lanes::of(dy)],
                    #[inline(always)]
                    |sum, [dy]| s.add(sum, dy),
                );
                update(
                    s,
                    sum_hat,
                    [Lanes::of(x), Lanes::of(dy)],
                    #[inline(always)]
                    |sum, [x, dy]| s.fma(dy, s.mul(s.sub(x, m), r), sum),
                );
                write(
                    s,
                    inputs,
                    dx,
                    #[inline(always)]
                    |[x, dy, f]| {
                        let hat = s.mul(s.sub(x, m), r);
                        s.mul(r, s.nfma(hat, mean_hat, s.sub(s.mul(dy, f), mean)))
                    },
                )
            },
        )
    }
}
