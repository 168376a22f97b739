//! Row normalisations against their definition and against the composed operations.

use proptest::prelude::*;

use super::slices::{Parameters, Shape, Sums, backward, forward};
use super::*;
use crate::fresh;
use crate::testing::{assert_close, double, error, everywhere, values, with_gradients};

/// The definition in double precision; `p` holds weight, bias, scale and shift.
fn exact(shape: Shape, x: &[f64], p: &[Vec<f64>; 4]) -> Vec<f64> {
    let Shape { rows, width, .. } = shape;
    let each = |values: &[f64], i: usize| values.get(i).copied().unwrap_or(0.0);
    let row = |(index, x): (usize, &[f64])| {
        let mean = match shape.centre {
            Centre::Mean => x.iter().sum::<f64>() / width as f64,
            Centre::Zero => 0.0,
        };
        let var = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / width as f64;
        let h = |(c, x): (usize, &f64)| {
            let flat = index / rows * width + c;
            let weight = p[0].get(c).copied().unwrap_or(1.0);
            let h = (x - mean) / (var + shape.eps).sqrt() * weight + each(&p[1], c);
            h * (1.0 + each(&p[2], flat)) + each(&p[3], flat)
        };
        x.iter().enumerate().map(h).collect::<Vec<_>>()
    };
    x.chunks(width).enumerate().flat_map(row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn follow_the_definition(
        images in 0_usize..4, rows in 1_usize..9, width in 1_usize..70, long in any::<bool>(),
        centred in any::<bool>(), present in any::<[bool; 3]>(), seed in any::<u32>(),
    ) {
        // More rows than a task has, so that sums are of several pieces.
        let rows = if long { 300 + rows } else { rows };
        let centre = if centred { Centre::Mean } else { Centre::Zero };
        let shape = Shape { images, rows, width, centre, eps: 1e-3 };
        let n = images * rows * width;
        let x: Vec<f32> = values(n, seed).iter().map(|x| 2.0 * x + 0.3).collect();
        let optional = |i: usize, n: usize, there: bool| values(if there { n } else { 0 }, seed ^ i as u32);
        let [weight, bias, modulated] = present;
        let p = [
            optional(1, width, weight), optional(2, width, bias),
            optional(3, images * width, modulated), optional(4, images * width, modulated),
        ];
        let parameters = Parameters {
            weight: weight.then_some(&p[0][..]),
            bias: bias.then_some(&p[1][..]),
            scale_shift: modulated.then_some((&p[2][..], &p[3][..])),
        };
        let p = p.each_ref().map(|p| double(p));
        let want = exact(shape, &double(&x), &p);
        let run = |isa, stats: &mut Vec<f32>| {
            *stats = vec![0.0; images * rows * 2];
            fresh::values(n, |y| forward(isa, shape, &x, parameters, y, stats))
        };
        for (isa, y) in everywhere(|isa| run(isa, &mut vec![])) {
            prop_assert!(error(&y, &want) < 1e-5, "{isa}: {}", error(&y, &want));
        }

        // The directional derivative by central differences in double precision, and the sums from their definition.
        let (dy, direction) = (values(n, seed ^ 6), double(&values(n, seed ^ 7)));
        let loss = |t: f64| -> f64 {
            let moved: Vec<f64> = x.iter().zip(&direction).map(|(&x, d)| f64::from(x) + t * d).collect();
            exact(shape, &moved, &p).iter().zip(&dy).map(|(y, &d)| y * f64::from(d)).sum()
        };
        let slope = (loss(1e-5) - loss(-1e-5)) / 2e-5;
        let hat = exact(shape, &double(&x), &Default::default());
        let mut want_sums = vec![0.0; 2 * images * width];
        for (i, (hat, &dy)) in hat.iter().zip(&dy).enumerate() {
            let flat = i / (rows * width) * width + i % width;
            want_sums[2 * flat] += f64::from(dy);
            want_sums[2 * flat + 1] += f64::from(dy) * hat;
        }
        for (isa, got) in everywhere(|isa| {
            let mut stats = vec![];
            run(isa, &mut stats);
            let (mut sums, mut none) = (Sums::new(shape, true), Sums::new(shape, false));
            let go = |sums: &mut Sums| {
                fresh::values(n, |dx| backward(isa, shape, &x, parameters, &stats, &dy, dx, sums))
            };
            let mut dx = go(&mut sums);
            assert_eq!(dx, go(&mut none));
            dx.extend((0..images * width).flat_map(|i| sums.at(i)));
            dx
        }) {
            let (dx, sums) = got.split_at(n);
            prop_assert!(error(sums, &want_sums) < 1e-5, "{isa}: sums are {} off", error(sums, &want_sums));
            let products = dx.iter().zip(&direction).map(|(&g, d)| f64::from(g) * d);
            let (along, size): (f64, f64) = (products.clone().sum(), products.map(f64::abs).sum());
            prop_assert!((along - slope).abs() <= 1e-4 * (size + 1e-2), "{isa}: {along} against {slope}");
        }
    }
}

#[test]
fn the_operations_agree_with_the_composed_ones_and_differentiate() {
    // Every choice of centre, weight, bias and modulation.
    for choice in 0..16 {
        let has = |bit: u32| choice >> bit & 1 == 1;
        let norm = Norm { centre: if has(3) { Centre::Mean } else { Centre::Zero }, eps: 1e-5 };
        for [n, l, c] in [[4, 6, 35], [1, 1, 1], [0, 2, 3], [3, 70, 17]] {
            type Op = fn(
                Norm,
                Tensor<3>,
                [Option<Tensor<1>>; 2],
                Option<(Tensor<2>, Tensor<2>)>,
            ) -> Tensor<3>;
            let go = |op: Op| {
                with_gradients(&[&[n, l, c], &[c], &[c], &[n, c], &[n, c]], 11, |t| {
                    let affine = [has(0).then(|| t[1].get()), has(1).then(|| t[2].get())];
                    let modulation = has(2).then(|| (t[3].get(), t[4].get()));
                    op(norm, t[0].get(), affine, modulation).flatten(0, 2)
                })
            };
            assert_close(&go(run), &go(composed), 2e-5);
        }
    }
}

#[test]
fn every_rank_is_read() {
    let vector =
        with_gradients(&[&[30]], 5, |t| layer_norm(t[0].get::<1>(), None, None, None, 1e-5));
    let matrix = with_gradients(&[&[1, 30]], 5, |t| {
        layer_norm(t[0].get::<2>(), None, None, None, 1e-5).flatten(0, 1)
    });
    assert_eq!(vector, matrix);
    let turned = with_gradients(&[&[3, 30, 2]], 5, |t| {
        rms_norm(t[0].get::<3>().swap_dims(1, 2), None, None, 1e-5).flatten(0, 2)
    });
    let composed = with_gradients(&[&[3, 30, 2]], 5, |t| {
        let x = t[0].get::<3>().swap_dims(1, 2);
        composed(Norm { centre: Centre::Zero, eps: 1e-5 }, x, [None, None], None).flatten(0, 2)
    });
    assert_close(&turned, &composed, 1e-5);
}

#[test]
fn nan_and_infinity_spread_over_their_rows_only() {
    for centre in [Centre::Mean, Centre::Zero] {
        let shape = Shape { images: 1, rows: 4, width: 9, centre, eps: 1e-5 };
        let mut x = values(36, 1);
        x[10] = f32::NAN;
        x[30] = f32::INFINITY;
        let none = Parameters { weight: None, bias: None, scale_shift: None };
        for isa in crate::Isa::available() {
            let mut stats = vec![0.0; 8];
            let y = fresh::values(36, |y| forward(isa, shape, &x, none, y, &mut stats));
            let ranges = (9..18, if centre == Centre::Mean { 27..36 } else { 30..31 });
            for (i, y) in y.iter().enumerate() {
                let want = ranges.0.contains(&i) || ranges.1.contains(&i);
                assert_eq!(y.is_nan(), want, "{isa}: {i}");
            }
        }
    }
}
