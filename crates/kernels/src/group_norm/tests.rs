//! Group normalisation against its definition and against the composed operation.

use proptest::prelude::*;

use super::slices::{Affine, Shape, backward, forward};
use super::*;
use crate::testing::{assert_close, error, everywhere, values, with_gradients};

/// The definition in double precision.
fn exact(shape: Shape, x: &[f64], p: &[Vec<f64>; 4], modulated: bool) -> Vec<f64> {
    let run = shape.channels / shape.groups * shape.pixels;
    let mut y = Vec::with_capacity(x.len());
    for (index, group) in x.chunks(run.max(1)).enumerate() {
        let mean = group.iter().sum::<f64>() / run as f64;
        let var = group.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / run as f64;
        for (i, x) in group.iter().enumerate() {
            let flat = (index * run + i) / shape.pixels;
            let c = flat % shape.channels;
            let mut h = (x - mean) / (var + shape.eps).sqrt() * p[0][c] + p[1][c];
            if modulated {
                h = h * (1.0 + p[2][flat]) + p[3][flat];
            }
            y.push(if shape.silu { h / (1.0 + (-h).exp()) } else { h });
        }
    }
    y
}

fn double(x: &[f32]) -> Vec<f64> {
    crate::testing::double(x)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn follows_the_definition(
        images in 0_usize..4, groups in 1_usize..5, per in 1_usize..5, pixels in 1_usize..60,
        silu in any::<bool>(), modulated in any::<bool>(), seed in any::<u32>(),
    ) {
        let channels = groups * per;
        let shape = Shape { images, channels, pixels, groups, eps: 1e-3, silu };
        let x: Vec<f32> = values(images * channels * pixels, seed).iter().map(|x| 2.0 * x + 0.3).collect();
        let (w, b) = (values(channels, seed ^ 1), values(channels, seed ^ 2));
        let (scale, shift) = (values(images * channels, seed ^ 3), values(images * channels, seed ^ 4));
        let affine = Affine { weight: &w, bias: &b, scale_shift: modulated.then_some((&scale[..], &shift[..])) };
        let p = [double(&w), double(&b), double(&scale), double(&shift)];
        let want = exact(shape, &double(&x), &p, modulated);
        for (isa, y) in everywhere(|isa| {
            let (mut y, mut stats) = (vec![f32::NAN; x.len()], vec![0.0; images * groups * 2]);
            forward(isa, shape, &x, affine, &mut y, &mut stats);
            y
        }) {
            prop_assert!(error(&y, &want) < 1e-5, "{isa}: {}", error(&y, &want));
        }

        // The directional derivative by central differences in double precision, along every input at once.
        let dy = values(x.len(), seed ^ 5);
        let direction = double(&values(x.len(), seed ^ 6));
        let loss = |t: f64| -> f64 {
            let moved: Vec<f64> = x.iter().zip(&direction).map(|(&x, d)| f64::from(x) + t * d).collect();
            exact(shape, &moved, &p, modulated).iter().zip(&dy).map(|(y, &d)| y * f64::from(d)).sum()
        };
        let slope = (loss(1e-5) - loss(-1e-5)) / 2e-5;
        for (isa, got) in everywhere(|isa| {
            let (mut y, mut stats) = (vec![0.0; x.len()], vec![0.0; images * groups * 2]);
            forward(isa, shape, &x, affine, &mut y, &mut stats);
            let (mut dx, mut sums) = (vec![f32::NAN; x.len()], vec![[0.0; 2]; images * channels]);
            backward(isa, shape, &x, affine, &stats, &dy, &mut dx, &mut sums);
            dx
        }) {
            let along: f64 = got.iter().zip(&direction).map(|(&g, d)| f64::from(g) * d).sum();
            let size: f64 = got.iter().zip(&direction).map(|(&g, d)| (f64::from(g) * d).abs()).sum();
            prop_assert!((along - slope).abs() <= 1e-4 * (size + 1e-2), "{isa}: {along} against {slope}");
        }
    }
}

#[test]
fn the_operation_agrees_with_the_composed_one_and_differentiates() {
    for (silu, modulated) in [(true, true), (true, false), (false, true), (false, false)] {
        let options = GroupNormOptions { groups: 3, eps: 1e-5, silu };
        let shapes: [&[usize]; 5] = [&[4, 6, 5, 7], &[6], &[6], &[4, 6], &[4, 6]];
        type Norm = fn(
            Tensor<4>,
            Tensor<1>,
            Tensor<1>,
            Option<(Tensor<2>, Tensor<2>)>,
            &GroupNormOptions,
        ) -> Tensor<4>;
        let run = |op: Norm| {
            with_gradients(&shapes, 11, |t| {
                let modulation = modulated.then(|| (t[3].get(), t[4].get()));
                op(t[0].get(), t[1].get(), t[2].get(), modulation, &options).flatten(0, 3)
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
    let ones = vec![1.0; 4];
    let affine = Affine { weight: &ones, bias: &ones, scale_shift: None };
    for isa in crate::Isa::available() {
        let (mut y, mut stats) = (vec![0.0; 72], vec![0.0; 8]);
        forward(isa, shape, &x, affine, &mut y, &mut stats);
        assert!(y.iter().enumerate().all(|(i, y)| y.is_nan() == (18..36).contains(&i)), "{isa}");
    }
}
