//! Convolution and its gradients as implicit matrix products (Chetlur et al. 2014): the patches are gathered from the
//! zero-padded planes while panels are packed, for any stride, padding, dilation and grouping.
//! Memory: one padded copy of the planes (none without padding) and the panels of the matrix product.

use std::mem::MaybeUninit;

use rayon::prelude::*;

use super::{Border, Geometry};
use crate::gemm::{Bias, Offsets, Operand, Output, gemm};
use crate::simd::Isa;

/// Places of the taps (channel, row, column) of a patch in padded planes.
fn taps(g: &Geometry, border: &Border) -> Offsets {
    if g.taps() == 1 {
        return Offsets::stride(g.group_channels(), border.full());
    }
    let [down, across] = g.options.dilation;
    let mut places = Vec::with_capacity(g.group_channels() * g.taps());
    for channel in 0..g.group_channels() {
        for row in 0..g.rows {
            for column in 0..g.columns {
                places.push(channel * border.full() + border.place(row * down, column * across));
            }
        }
    }
    Offsets::Table(places)
}

/// Places of the first taps of all patches, by image and output pixel, in padded planes.
fn patches(g: &Geometry, border: &Border) -> Offsets {
    let image = g.channels * border.full();
    if g.out_width == border.phase_width() {
        return Offsets::runs(g.images, g.out_pixels(), image);
    }
    let mut pixels = Vec::with_capacity(g.out_pixels());
    for row in 0..g.out_height {
        let start = row * border.phase_width();
        pixels.extend(start..start + g.out_width);
    }
    Offsets::nest(g.images, image, &pixels)
}

/// The padded planes of the input, cut into as many phases as the strides.
fn border(g: &Geometry) -> Border {
    let ([top, left], [bottom, right]) = (g.options.padding_begin, g.options.padding_end);
    let (planes, phases) = (g.images * g.channels, g.options.stride);
    Border { phases, planes, height: g.height, width: g.width, top, left, bottom, right }
}

/// `y = conv(x, weight) + bias + residual`.
pub(super) fn forward(
    isa: Isa,
    g: &Geometry,
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    residual: Option<&[f32]>,
    y: &mut [MaybeUninit<f32>],
) {
    let border = border(g);
    let (filters, depth) = (g.group_filters(), g.group_channels() * g.taps());
    border.with(x, |x| {
        for group in 0..g.options.groups {
            let first = group * filters;
            let left = Operand::new(
                &weight[first * depth..],
                Offsets::stride(filters, depth),
                Offsets::stride(depth, 1),
            );
            let from = (group * g.group_channels() * border.full()).min(x.len());
            let right = Operand::new(&x[from..], patches(g, &border), taps(g, &border));
            let bias = bias.map_or(Bias::None, |b| Bias::Row(&b[first..first + filters]));
            let from = (first * g.out_pixels()).min(y.len());
            let columns = Offsets::runs(g.images, g.out_pixels(), g.filters * g.out_pixels());
            let output = Output::new(
                &mut y[from..],
                Offsets::stride(filters, g.out_pixels()),
                columns,
                bias,
            );
            let output = match residual {
                Some(residual) => output.plus(&residual[from..]),
                None => output,
            };
            gemm(isa, &left, &right, &output);
        }
    });
}

/// One axis of the data gradient: the taps that reach the inputs `phase, phase + stride, …`.
///
/// Input `i = phase + stride · i'` met tap `r` at output `(i + pad − r · dilation) / stride = i' + shift`, for those `r`
/// that make the division exact.
fn reaching(
    phase: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    pad: usize,
) -> Vec<(usize, isize)> {
    let exact = |r: usize| {
        let distance = (phase + pad) as isize - (r * dilation) as isize;
        (distance.rem_euclid(stride as isize) == 0)
            .then(|| (r, distance.div_euclid(stride as isize)))
    };
    (0..kernel).filter_map(exact).collect()
}

/// Zeros needed before and after the outputs so that every shifted output exists.
fn margin(
    size: usize,
    out: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    pad: usize,
) -> (usize, usize) {
    let (mut before, mut after) = (0, 0);
    for phase in 0..stride.min(size) {
        let last = ((size - 1 - phase) / stride) as isize;
        for (_, shift) in reaching(phase, kernel, stride, dilation, pad) {
            before = before.max(-shift);
            after = after.max(last + shift - (out as isize - 1));
        }
    }
    (before as usize, after.max(0) as usize)
}

/// `dx`: each phase of the strides is a convolution of `dy` with the taps that reach it.
pub(super) fn data_gradient(
    isa: Isa,
    g: &Geometry,
    dy: &[f32],
    weight: &[f32],
    dx: &mut [MaybeUninit<f32>],
) {
    let o = &g.options;
    let (top, bottom) =
        margin(g.height, g.out_height, g.rows, o.stride[0], o.dilation[0], o.padding_begin[0]);
    let (left, right) =
        margin(g.width, g.out_width, g.columns, o.stride[1], o.dilation[1], o.padding_begin[1]);
    let planes = g.images * g.filters;
    let (phases, height, width) = ([1, 1], g.out_height, g.out_width);
    let border = Border { phases, planes, height, width, top, left, bottom, right };
    border.with(dy, |dy| {
        for down in 0..o.stride[0].min(g.height) {
            for across in 0..o.stride[1].min(g.width) {
                phase(isa, g, &border, dy, weight, dx, [down, across]);
            }
        }
    });
}

fn phase(
    isa: Isa,
    g: &Geometry,
    border: &Border,
    dy: &[f32],
    weight: &[f32],
    dx: &mut [MaybeUninit<f32>],
    at: [usize; 2],
) {
    let o = &g.options;
    let rows = reaching(at[0], g.rows, o.stride[0], o.dilation[0], o.padding_begin[0]);
    let columns = reaching(at[1], g.columns, o.stride[1], o.dilation[1], o.padding_begin[1]);
    let (channels, filters) = (g.group_channels(), g.group_filters());
    let (mut in_weight, mut in_dy) = (Vec::new(), Vec::new());
    for filter in 0..filters {
        for &(row, down) in &rows {
            for &(column, across) in &columns {
                in_weight.push(filter * channels * g.taps() + row * g.columns + column);
                let place = (down + border.top as isize) as usize * border.phase_width()
                    + (across + border.left as isize) as usize;
                in_dy.push(filter * border.full() + place);
            }
        }
    }
    let (mut patches, mut pixels) = (Vec::new(), Vec::new());
    for (i, row) in (at[0]..g.height).step_by(o.stride[0]).enumerate() {
        for (j, column) in (at[1]..g.width).step_by(o.stride[1]).enumerate() {
            patches.push(i * border.phase_width() + j);
            pixels.push(row * g.width + column);
        }
    }
    let whole = o.stride == [1, 1];
    for group in 0..o.groups {
        let from = group * filters * channels * g.taps();
        let depths = Offsets::Table(in_weight.clone());
        let left = Operand::new(
            &weight[from.min(weight.len())..],
            Offsets::stride(channels, g.taps()),
            depths,
        );
        let lanes = Offsets::nest(g.images, g.filters * border.full(), &patches);
        let from = group * filters * border.full();
        let right = Operand::new(&dy[from.min(dy.len())..], lanes, Offsets::Table(in_dy.clone()));
        let image = g.channels * g.pixels();
        let places = if whole {
            Offsets::runs(g.images, g.pixels(), image)
        } else {
            Offsets::nest(g.images, image, &pixels)
        };
        let from = (group * channels * g.pixels()).min(dx.len());
        let output =
            Output::new(&mut dx[from..], Offsets::stride(channels, g.pixels()), places, Bias::None);
        gemm(isa, &left, &right, &output);
    }
}

/// `dweight`: products of output gradients and patches, summed over images and pixels.
pub(super) fn weight_gradient(
    isa: Isa,
    g: &Geometry,
    x: &[f32],
    dy: &[f32],
    dweight: &mut [MaybeUninit<f32>],
) {
    let border = border(g);
    let (filters, depth) = (g.group_filters(), g.group_channels() * g.taps());
    border.with(x, |x| {
        for group in 0..g.options.groups {
            let first = group * filters;
            let pixels = Offsets::runs(g.images, g.out_pixels(), g.filters * g.out_pixels());
            let from = (first * g.out_pixels()).min(dy.len());
            let left = Operand::new(&dy[from..], Offsets::stride(filters, g.out_pixels()), pixels);
            let from = (group * g.group_channels() * border.full()).min(x.len());
            let right = Operand::new(&x[from..], taps(g, &border), patches(g, &border));
            let out = &mut dweight[first * depth..];
            let output = Output::new(
                out,
                Offsets::stride(filters, depth),
                Offsets::stride(depth, 1),
                Bias::None,
            );
            gemm(isa, &left, &right, &output);
        }
    });
}

/// `dbias`: output gradients `dy [images, filters, height, width]` summed over images and pixels, image by image.
pub(super) fn bias_gradient(dy_shape: [usize; 4], dy: &[f32], dbias: &mut [f32]) {
    let [images, filters, height, width] = dy_shape;
    let pixels = height * width;
    dbias.par_iter_mut().enumerate().for_each(|(filter, sum)| {
        let plane =
            |image: usize| crate::reduce::sum(&dy[(image * filters + filter) * pixels..][..pixels]);
        *sum = (0..images).map(plane).sum();
    });
}
