//! The convolution against its definition in double precision.

use proptest::prelude::*;

use super::*;
use crate::testing::{as_fresh, assert_close, double, error, everywhere, values, with_gradients};

/// `Σ w · x` over all meetings of a tap and a pixel, told to `visit(x place, weight place, y place)`.
fn meetings(g: &Geometry, mut visit: impl FnMut(usize, usize, usize)) {
    let o = &g.options;
    let (cg, kg) = (g.group_channels(), g.group_filters());
    for n in 0..g.images {
        for k in 0..g.filters {
            for i in 0..g.out_height {
                for j in 0..g.out_width {
                    let y = ((n * g.filters + k) * g.out_height + i) * g.out_width + j;
                    for c in 0..cg {
                        for r in 0..g.rows {
                            for s in 0..g.columns {
                                let row = (i * o.stride[0] + r * o.dilation[0])
                                    .wrapping_sub(o.padding_begin[0]);
                                let col = (j * o.stride[1] + s * o.dilation[1])
                                    .wrapping_sub(o.padding_begin[1]);
                                if row < g.height && col < g.width {
                                    let channel = k / kg * cg + c;
                                    let x = ((n * g.channels + channel) * g.height + row) * g.width
                                        + col;
                                    visit(x, ((k * cg + c) * g.rows + r) * g.columns + s, y);
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Any convolution that is small enough for the definition.
fn geometries() -> impl Strategy<Value = Geometry> {
    let sizes = (0_usize..4, 1_usize..5, 1_usize..5, 1_usize..4, 1_usize..12, 1_usize..12);
    let kernel = (1_usize..5, 1_usize..5, [1_usize..4, 1..4], [1_usize..3, 1..3]);
    let padding = ([0_usize..4, 0..4], [0_usize..4, 0..4]);
    (sizes, kernel, padding).prop_filter_map(
        "kernel larger than the image",
        |(sizes, kernel, padding)| {
            let (n, cg, kg, groups, h, w) = sizes;
            let (r, s, stride, dilation) = kernel;
            let (padding_begin, padding_end) = padding;
            let fits = |size: usize, k: usize, a: usize| {
                size + padding_begin[a] + padding_end[a] > (k - 1) * dilation[a]
            };
            let options = Conv2dOptions { stride, padding_begin, padding_end, dilation, groups };
            (fits(h, r, 0) && fits(w, s, 1))
                .then(|| Geometry::new([n, cg * groups, h, w], [kg * groups, cg, r, s], options))
        },
    )
}

/// Convolutions that the Winograd form takes.
fn square_geometries() -> impl Strategy<Value = Geometry> {
    let sizes = (0_usize..8, 3_usize..40, 3_usize..40, 3_usize..20, 3_usize..20);
    (sizes, [0_usize..3, 0..3], [0_usize..3, 0..3]).prop_filter_map(
        "no gain",
        |(sizes, padding_begin, padding_end)| {
            let (n, c, k, h, w) = sizes;
            let options = Conv2dOptions { padding_begin, padding_end, ..Default::default() };
            let g = Geometry::new([n, c, h, w], [k, c, 3, 3], options);
            winograd::suits(&g).then_some(g)
        },
    )
}

type Memory = [std::mem::MaybeUninit<f32>];
type Forward =
    fn(crate::Isa, &Geometry, &[f32], &[f32], Option<&[f32]>, Option<&[f32]>, &mut Memory);
type Gradient = fn(crate::Isa, &Geometry, &[f32], &[f32], &mut Memory);

/// Checks one algorithm's three passes against the definition, with every instruction set and several thread counts.
fn check(
    g: &Geometry,
    seed: u32,
    forward: Forward,
    [data_gradient, weight_gradient]: [Gradient; 2],
    tolerance: f64,
) -> Result<(), TestCaseError> {
    let (x, w) = (values(g.x_len(), seed), values(g.weight_len(), seed ^ 1));
    let (b, dy) = (values(g.filters, seed ^ 2), values(g.y_len(), seed ^ 3));
    let r = values(g.y_len(), seed ^ 4);
    let offset = |i: usize| f64::from(b[i / g.out_pixels() % g.filters]) + f64::from(r[i]);
    let mut y: Vec<f64> = (0..g.y_len()).map(offset).collect();
    let (mut dx, mut dw) = (vec![0.0; g.x_len()], vec![0.0; g.weight_len()]);
    let (x64, w64, dy64) = (double(&x), double(&w), double(&dy));
    meetings(g, |xi, wi, yi| {
        y[yi] += x64[xi] * w64[wi];
        dx[xi] += dy64[yi] * w64[wi];
        dw[wi] += dy64[yi] * x64[xi];
    });
    for (isa, got) in everywhere(|isa| {
        let mut got = vec![f32::NAN; g.y_len()];
        forward(isa, g, &x, &w, Some(&b), Some(&r), as_fresh(&mut got));
        got
    }) {
        prop_assert!(error(&got, &y) < tolerance, "{isa} forward {}", error(&got, &y));
    }
    for (isa, got) in everywhere(|isa| {
        let mut got = vec![f32::NAN; g.x_len()];
        data_gradient(isa, g, &dy, &w, as_fresh(&mut got));
        got
    }) {
        prop_assert!(error(&got, &dx) < tolerance, "{isa} data gradient {}", error(&got, &dx));
    }
    for (isa, got) in everywhere(|isa| {
        let mut got = vec![f32::NAN; g.weight_len()];
        weight_gradient(isa, g, &x, &dy, as_fresh(&mut got));
        got
    }) {
        prop_assert!(error(&got, &dw) < tolerance, "{isa} weight gradient {}", error(&got, &dw));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn direct_forms_follow_the_definition(g in geometries(), seed in any::<u32>()) {
        check(&g, seed, direct::forward, [direct::data_gradient, direct::weight_gradient], 2e-6)?;
        let dy = values(g.y_len(), seed);
        let mut db = vec![0.0; g.filters];
        double(&dy).iter().enumerate().for_each(|(i, d)| db[i / g.out_pixels() % g.filters] += d);
        let mut got = vec![f32::NAN; g.filters];
        direct::bias_gradient([g.images, g.filters, g.out_height, g.out_width], &dy, &mut got);
        prop_assert!(error(&got, &db) < 2e-6);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn winograd_forms_follow_the_definition(g in square_geometries(), seed in any::<u32>()) {
        check(&g, seed, winograd::forward, [winograd::data_gradient, winograd::weight_gradient], 2e-5)?;
    }
}

type Op =
    fn(Tensor<4>, Tensor<4>, Option<Tensor<1>>, Option<Tensor<4>>, Conv2dOptions) -> Tensor<4>;

#[test]
fn the_operation_agrees_with_the_composed_one_and_differentiates() {
    let cases = [
        (
            [2, 4, 7, 9],
            [6, 4, 3, 3],
            Conv2dOptions { padding_begin: [1, 1], padding_end: [1, 1], ..Default::default() },
        ),
        (
            [3, 4, 8, 8],
            [6, 2, 3, 3],
            Conv2dOptions {
                stride: [2, 2],
                padding_begin: [1, 1],
                padding_end: [1, 1],
                groups: 2,
                ..Default::default()
            },
        ),
        ([2, 5, 7, 6], [3, 5, 1, 1], Conv2dOptions::default()),
        (
            [1, 3, 8, 8],
            [4, 3, 3, 3],
            Conv2dOptions { stride: [2, 2], padding_end: [1, 1], ..Default::default() },
        ),
    ];
    for (x, w, options) in cases {
        for bias in [true, false] {
            let g = Geometry::new(x, w, options);
            let y = [x[0], w[0], g.out_height, g.out_width];
            for residual in [true, false] {
                let run = |op: Op| {
                    with_gradients(&[&x, &w, &[w[0]], &y], 7, |t| {
                        let bias = bias.then(|| t[2].get());
                        let residual = residual.then(|| t[3].get());
                        op(t[0].get(), t[1].get(), bias, residual, options).flatten(0, 3)
                    })
                };
                assert_close(&run(conv2d_plus), &run(composed), 1e-5);
            }
        }
    }
}

#[test]
fn an_image_does_not_depend_on_its_batch() {
    let options =
        Conv2dOptions { padding_begin: [1, 1], padding_end: [1, 1], ..Default::default() };
    for (channels, filters, height, width, kernel) in
        [(3, 5, 7, 7, 3), (24, 20, 14, 14, 3), (8, 16, 9, 5, 1), (16, 16, 7, 7, 3)]
    {
        let geometry = |n| {
            Geometry::new(
                [n, channels, height, width],
                [filters, channels, kernel, kernel],
                options,
            )
        };
        let (five, one) = (geometry(5), geometry(1));
        let (x, w) = (values(five.x_len(), 1), values(five.weight_len(), 2));
        let dy = values(five.y_len(), 3);
        for isa in crate::Isa::available() {
            let (mut y, mut y1) = (vec![0.0; five.y_len()], vec![0.0; one.y_len()]);
            let (mut dx, mut dx1) = (vec![0.0; five.x_len()], vec![0.0; one.x_len()]);
            forward(isa, &five, &x, &w, None, None, as_fresh(&mut y));
            data_gradient(isa, &five, &dy, &w, as_fresh(&mut dx));
            for i in 0..5 {
                let x = &x[i * one.x_len()..][..one.x_len()];
                forward(isa, &one, x, &w, None, None, as_fresh(&mut y1));
                assert_eq!(y1, y[i * one.y_len()..][..one.y_len()], "{isa} image {i}");
                let dy = &dy[i * one.y_len()..][..one.y_len()];
                data_gradient(isa, &one, dy, &w, as_fresh(&mut dx1));
                assert_eq!(dx1, dx[i * one.x_len()..][..one.x_len()], "{isa} image {i}");
            }
        }
    }
}
