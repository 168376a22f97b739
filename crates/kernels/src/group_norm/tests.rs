//! Group normalisation against its definition and against the composed operation.

use proptest::prelude::*;

use super::slices::{Parameters, Shape, backward, forward, forward_in_place};
use super::*;
use crate::fresh;
use crate::testing::{assert_close, double, error, everywhere, values, with_gradients};

/// The definition in double precision; `p` holds weight, bias, offset, scale and shift.
fn exact(shape: Shape, x: &[f64], p: &[Vec<f64>; 5]) -> Vec<f64> {
    let Shape { channels, pixels, groups, .. } = shape;
    let run = channels / groups * pixels;
    let each = |values: &[f64], i: usize| values.get(i).copied().unwrap_or(0.0);
    let x: Vec<f64> = x.iter().enumerate().map(|(i, x)| x + each(&p[2], i / pixels)).collect();
    let mut y = Vec::with_capacity(x.len());
    for (index, group) in x.chunks(run.max(1)).enumerate() {
        let mean = group.iter().sum::<f64>() / run as f64;
        let var = group.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / run as f64;
        for (i, x) in group.iter().enumerate() {
            let flat = (index * run + i) / pixels;
            let c = flat % channels;
            let weight = p[0].get(c).copied().unwrap_or(1.0);
            let mut h = (x - mean) / (var + shape.eps).sqrt() * weight + each(&p[1], c);
            h = h * (1.0 + each(&p[3], flat)) + each(&p[4], flat);
            y.push(if shape.silu { h / (1.0 + (-h).exp()) } else { h });
        }
    }
    y
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn follows_the_definition(
        images in 0_usize..4, groups in 1_usize..5, per in 1_usize..5, pixels in 1_usize..60,
        silu in any::<bool>(), present in any::<[bool; 4]>(), seed in any::<u32>(),
    ) {
        let channels = groups * per;
        let shape = Shape { images, channels, pixels, groups, eps: 1e-3, silu };
        let x: Vec<f32> = values(images * channels * pixels, seed).iter().map(|x| 2.0 * x + 0.3).collect();
        let optional = |i: usize, n: usize, there: bool| values(if there { n } else { 0 }, seed ^ i as u32);
        let [weight, bias, offset, modulated] = present;
        let p = [
            optional(1, channels, weight), optional(2, channels, bias), optional(3, images * channels, offset),
            optional(4, images * channels, modulated), optional(5, images * channels, modulated),
        ];
        let parameters = Parameters {
            weight: weight.then_some(&p[0][..]),
            bias: bias.then_some(&p[1][..]),
            offset: offset.then_some(&p[2][..]),
            scale_shift: modulated.then_some((&p[3][..], &p[4][..])),
        };
        let p = p.each_ref().map(|p| double(p));
        let want = exact(shape, &double(&x), &p);
        let run = |isa, stats: &mut Vec<f32>| {
            *stats = vec![0.0; images * groups * 2];
            fresh::values(x.len(), |y| forward(isa, shape, &x, parameters, y, stats))
        };
        for (isa, y) in everywhere(|isa| run(isa, &mut vec![])) {
            prop_assert!(error(&y, &want) < 1e-5, "{isa}: {}", error(&y, &want));
        }
        let in_place = |isa| {
            let (mut x, mut stats) = (x.clone(), vec![0.0; images * groups * 2]);
            forward_in_place(isa, shape, &mut x, parameters, &mut stats);
            [x, stats].concat()
        };
        for (isa, both) in everywhere(in_place) {
            let mut stats = vec![];
            prop_assert_eq!(both, [run(isa, &mut stats), stats].concat(), "{}", isa);
        }

        // The directional derivatives by central differences in double precision: along x, and along the offset.
        let dy = values(x.len(), seed ^ 6);
        let slope = |along: &[f64], along_offset: &[f64]| {
            let loss = |t: f64| -> f64 {
                let moved: Vec<f64> = x.iter().zip(along).map(|(&x, d)| f64::from(x) + t * d).collect();
                let mut p = p.clone();
                p[2].iter_mut().zip(along_offset).for_each(|(p, d)| *p += t * d);
                exact(shape, &moved, &p).iter().zip(&dy).map(|(y, &d)| y * f64::from(d)).sum()
            };
            (loss(1e-5) - loss(-1e-5)) / 2e-5
        };
        let directions = [double(&values(x.len(), seed ^ 7)), double(&values(images * channels, seed ^ 8))];
        let slopes = [
            slope(&directions[0], &vec![0.0; images * channels]),
            slope(&vec![0.0; x.len()], &directions[1]),
        ];
        for (isa, got) in everywhere(|isa| {
            let mut stats = vec![];
            run(isa, &mut stats);
            let mut sums = vec![[0.0; 3]; images * channels];
            let mut dx = fresh::values(x.len(), |dx| {
                backward(isa, shape, &x, parameters, &stats, &dy, dx, &mut sums)
            });
            dx.extend(sums.iter().map(|s| s[2]));
            dx
        }) {
            let (dx, doffset) = got.split_at(x.len());
            let parts = [dx, doffset].into_iter().zip(&directions).zip(slopes);
            for ((d, direction), slope) in parts.take(if offset { 2 } else { 1 }) {
                let products = d.iter().zip(direction).map(|(&g, d)| f64::from(g) * d);
                let along: f64 = products.clone().sum();
                // A gradient may cancel over pixels; its rounding is that of the terms of dx.
                let size: f64 = dx.iter().map(|&g| f64::from(g).abs()).sum();
                prop_assert!((along - slope).abs() <= 1e-4 * (size + 1e-2), "{isa}: {along} against {slope}");
            }
        }
    }
}

#[test]
fn the_operation_agrees_with_the_composed_one_and_differentiates() {
    // Every choice of weight, bias, offset, modulation and activation.
    for choice in 0..32 {
        let has = |bit: u32| choice >> bit & 1 == 1;
        let options = GroupNormOptions { groups: 3, eps: 1e-5, silu: has(4) };
        let shapes: [&[usize]; 6] = [&[4, 6, 5, 7], &[6], &[6], &[4, 6], &[4, 6], &[4, 6]];
        type Norm = fn(
            Tensor<4>,
            Option<Tensor<1>>,
            Option<Tensor<1>>,
            Conditioning,
            &GroupNormOptions,
        ) -> Tensor<4>;
        let run = |op: Norm| {
            with_gradients(&shapes, 11, |t| {
                let conditioning = Conditioning {
                    offset: has(2).then(|| t[3].get()),
                    scale_shift: has(3).then(|| (t[4].get(), t[5].get())),
                };
                let (weight, bias) = (has(0).then(|| t[1].get()), has(1).then(|| t[2].get()));
                op(t[0].get(), weight, bias, conditioning, &options).flatten(0, 3)
            })
        };
        assert_close(&run(group_norm), &run(composed), 1e-5);
    }
}

#[test]
fn nan_spreads_over_its_group_only() {
    let shape = Shape { images: 2, channels: 4, pixels: 9, groups: 2, eps: 1e-5, silu: true };
    let mut x = values(72, 1);
    x[20] = f32::NAN;
    let none = Parameters { weight: None, bias: None, offset: None, scale_shift: None };
    for isa in crate::Isa::available() {
        let mut stats = vec![0.0; 8];
        let y = fresh::values(72, |y| forward(isa, shape, &x, none, y, &mut stats));
        assert!(y.iter().enumerate().all(|(i, y)| y.is_nan() == (18..36).contains(&i)), "{isa}");
    }
}
