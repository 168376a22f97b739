//! Milliseconds and GFLOP/s of each operation, forward and forward with backward, beside Burn's own operations.
//!
//! `cargo bench -p langevin-kernels [-- FILTER]` runs the operations whose name contains FILTER.
//! Each time is the median of repeated runs within a fixed budget per operation.

#![allow(clippy::print_stdout, reason = "a bench reports on standard output")]

use std::time::{Duration, Instant};

use burn::tensor::activation as act;
use burn::tensor::module::{conv2d as burn_conv2d, interpolate};
use burn::tensor::ops::{ConvOptions, InterpolateMode, InterpolateOptions};
use burn::tensor::{Device, Tensor, TensorData};
use langevin_kernels::{
    Conditioning, Conv2dOptions, GroupNormOptions, add_scaled, attention, concat_channels, conv2d,
    geglu, gelu, gelu_tanh, group_norm, layer_norm, linear, rms_norm, silu, softmax,
    upsample_nearest_2x,
};

/// Time spent on measuring one number.
const BUDGET: Duration = Duration::from_millis(400);

type Op = Box<dyn Fn(&[Tensor<4>]) -> Tensor<4>>;

struct Case {
    name: String,
    /// Multiply-adds of the forward pass, counted twice; zero where rates mean nothing.
    flops: f64,
    shapes: Vec<[usize; 4]>,
    ours: Op,
    stock: Op,
}

fn main() {
    let filter = std::env::args().skip(1).find(|a| !a.starts_with('-')).unwrap_or_default();
    println!("{} on {} threads", langevin_kernels::isa(), rayon::current_num_threads());
    println!(
        "{:44} {:>9} {:>8} {:>9} {:>8} | {:>9} {:>9}",
        "", "fwd ms", "GFLOP/s", "f+b ms", "GFLOP/s", "stock fwd", "stock f+b"
    );
    for case in cases().into_iter().filter(|c| c.name.contains(&filter)) {
        let [fwd, both] = measure(&case.ours, &case.shapes);
        let [stock_fwd, stock_both] = if std::env::var_os("NOSTOCK").is_some() {
            [0.0; 2]
        } else {
            measure(&case.stock, &case.shapes)
        };
        let rate = |flops: f64, ms: f64| {
            if flops > 0.0 { format!("{:.0}", flops / ms / 1e6) } else { "–".to_owned() }
        };
        println!(
            "{:44} {fwd:9.3} {:>8} {both:9.3} {:>8} | {stock_fwd:9.3} {stock_both:9.3}",
            case.name,
            rate(case.flops, fwd),
            rate(3.0 * case.flops, both),
        );
    }
}

/// Median milliseconds of the forward pass alone, and of forward and backward.
fn measure(op: &Op, shapes: &[[usize; 4]]) -> [f64; 2] {
    let plain = Device::flex();
    let inputs: Vec<Tensor<4>> = shapes.iter().map(|&s| numbers(s, &plain)).collect();
    let fwd = median(|| {
        let _ = op(&inputs);
    });
    let device = Device::flex().autodiff();
    let tracked: Vec<Tensor<4>> = inputs
        .into_iter()
        .map(|x| Tensor::from_data(x.into_data(), &device).require_grad())
        .collect();
    let both = median(|| {
        // From ones on, the gradient of a sum, but without the sum itself.
        let _ = op(&tracked).backward();
    });
    [fwd, both]
}

/// Numbers in [−1, 1] without a pattern that arithmetic could profit from.
fn numbers(shape: [usize; 4], device: &Device) -> Tensor<4> {
    let values: Vec<f32> =
        (0..shape.iter().product::<usize>()).map(|i| (i as f32 * 12.9898).sin()).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn median(mut run: impl FnMut()) -> f64 {
    run();
    let mut times = Vec::new();
    let start = Instant::now();
    while times.len() < 3 || start.elapsed() < BUDGET {
        let now = Instant::now();
        run();
        times.push(now.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn conv(n: usize, c: usize, size: usize, k: usize, kernel: usize, stride: usize) -> Case {
    let pad = kernel / 2;
    let options = Conv2dOptions {
        stride: [stride; 2],
        padding_begin: [pad; 2],
        padding_end: [pad; 2],
        ..Default::default()
    };
    let out = (size + 2 * pad - kernel) / stride + 1;
    Case {
        name: format!("conv {kernel}x{kernel}/{stride} {n}x{c}x{size}x{size} -> {k}"),
        flops: 2.0 * (n * c * k * kernel * kernel * out * out) as f64,
        shapes: vec![[n, c, size, size], [k, c, kernel, kernel], [1, 1, 1, k]],
        ours: Box::new(move |t| {
            conv2d(t[0].clone(), t[1].clone(), Some(t[2].clone().flatten(0, 3)), options)
        }),
        stock: Box::new(move |t| {
            let options = ConvOptions::new([stride; 2], [pad; 2], [1; 2], 1);
            burn_conv2d(t[0].clone(), t[1].clone(), Some(t[2].clone().flatten(0, 3)), options)
        }),
    }
}

fn affine(rows: usize, inputs: usize, outputs: usize) -> Case {
    Case {
        name: format!("linear {rows}x{inputs} -> {outputs}"),
        flops: 2.0 * (rows * inputs * outputs) as f64,
        shapes: vec![[1, 1, rows, inputs], [1, 1, outputs, inputs], [1, 1, 1, outputs]],
        ours: Box::new(|t| {
            linear(t[0].clone(), t[1].clone().flatten(0, 2), Some(t[2].clone().flatten(0, 3)))
        }),
        stock: Box::new(|t| t[0].clone().matmul(t[1].clone().swap_dims(2, 3)) + t[2].clone()),
    }
}

fn norm(n: usize, c: usize, size: usize, groups: usize, surrounds: Surrounds) -> Case {
    let options = GroupNormOptions { groups, eps: 1e-5, silu: true };
    let name = match surrounds {
        Surrounds::Nothing => "",
        Surrounds::Offset => "offset, ",
        Surrounds::ScaleShift => "scale-shift, ",
    };
    let matrix = |t: &Tensor<4>| t.clone().flatten::<2>(0, 2);
    let each = move |t: &Tensor<4>| t.clone().reshape([n, c, 1, 1]);
    plain(
        &format!("{name}group norm({groups}), silu"),
        &[[n, c, size, size], [1, 1, 1, c], [1, 1, 1, c], [1, 1, n, c], [1, 1, n, c]],
        move |t| {
            let conditioning = match surrounds {
                Surrounds::Nothing => Conditioning::default(),
                Surrounds::Offset => {
                    Conditioning { offset: Some(matrix(&t[3])), scale_shift: None }
                }
                Surrounds::ScaleShift => {
                    let scale_shift = Some((matrix(&t[3]), matrix(&t[4])));
                    Conditioning { offset: None, scale_shift }
                }
            };
            let [w, b] = [1, 2].map(|i| Some(t[i].clone().flatten(0, 3)));
            group_norm(t[0].clone(), w, b, conditioning, &options)
        },
        move |t| {
            let x = match surrounds {
                Surrounds::Offset => t[0].clone() + each(&t[3]),
                _ => t[0].clone(),
            };
            let flat = x.reshape([n, groups, c / groups * size * size]);
            let centred = flat.clone() - flat.mean_dim(2);
            let var = centred.clone().square().mean_dim(2);
            let y = (centred / (var + 1e-5).sqrt()).reshape([n, c, size, size]);
            let y = y * t[1].clone().reshape([1, c, 1, 1]) + t[2].clone().reshape([1, c, 1, 1]);
            act::silu(match surrounds {
                Surrounds::ScaleShift => y * (each(&t[3]) + 1.0) + each(&t[4]),
                _ => y,
            })
        },
    )
}

/// What an embedding does around a group normalisation.
#[derive(Clone, Copy)]
enum Surrounds {
    Nothing,
    Offset,
    ScaleShift,
}

fn attend(b: usize, h: usize, l: usize, d: usize) -> Case {
    let scale = (d as f64).powf(-0.5);
    Case {
        name: format!("attention {b}x{h}x{l}x{d}"),
        flops: 4.0 * (b * h * l * l * d) as f64,
        shapes: vec![[b, h, l, d]; 3],
        ours: Box::new(move |t| attention(t[0].clone(), t[1].clone(), t[2].clone(), scale)),
        stock: Box::new(move |t| {
            act::softmax(t[0].clone().matmul(t[1].clone().swap_dims(2, 3)) * scale, 3)
                .matmul(t[2].clone())
        }),
    }
}

/// Two functions of tensors, where rates mean nothing.
fn plain(
    name: &str,
    shapes: &[[usize; 4]],
    ours: impl Fn(&[Tensor<4>]) -> Tensor<4> + 'static,
    stock: impl Fn(&[Tensor<4>]) -> Tensor<4> + 'static,
) -> Case {
    let sizes = shapes[0].map(|s| s.to_string()).join("x");
    Case {
        name: format!("{name} {sizes}"),
        flops: 0.0,
        shapes: shapes.to_vec(),
        ours: Box::new(ours),
        stock: Box::new(stock),
    }
}

fn swish(n: usize, c: usize, size: usize) -> Case {
    plain("silu", &[[n, c, size, size]], |t| silu(t[0].clone()), |t| act::silu(t[0].clone()))
}

/// The operations of a transformer block on `n` sequences of `l` rows of `c` values.
fn rows(n: usize, l: usize, c: usize) -> Vec<Case> {
    let x = [1, n, l, c];
    let normalised = |x: Tensor<4>, centred: bool| {
        let x = if centred { x.clone() - x.mean_dim(3) } else { x };
        let square = x.clone().square().mean_dim(3);
        x / (square + 1e-5).sqrt()
    };
    let vector = |t: &Tensor<4>| t.clone().flatten::<1>(0, 3);
    // Images first, as a modulated norm wants them.
    let images = move |t: &Tensor<4>| t.clone().reshape([n, 1, l, c]);
    let matrix = |t: &Tensor<4>| t.clone().flatten::<2>(0, 2);
    vec![
        plain(
            "layer norm, affine",
            &[x, [1, 1, 1, c], [1, 1, 1, c]],
            move |t| layer_norm(t[0].clone(), Some(vector(&t[1])), Some(vector(&t[2])), None, 1e-5),
            move |t| normalised(t[0].clone(), true) * t[1].clone() + t[2].clone(),
        ),
        plain(
            "layer norm, scale-shift",
            &[x, [1, n, 1, c], [1, n, 1, c]],
            move |t| {
                let modulation = (matrix(&t[1]), matrix(&t[2]));
                layer_norm(images(&t[0]), None, None, Some(modulation), 1e-5)
            },
            move |t| normalised(t[0].clone(), true) * (t[1].clone() + 1.0) + t[2].clone(),
        ),
        plain(
            "rms norm",
            &[x, [1, 1, 1, c]],
            move |t| rms_norm(t[0].clone(), Some(vector(&t[1])), None, 1e-5),
            move |t| normalised(t[0].clone(), false) * t[1].clone(),
        ),
        plain("gelu", &[x], |t| gelu(t[0].clone()), |t| act::gelu(t[0].clone())),
        plain(
            "gelu by tanh",
            &[x],
            |t| gelu_tanh(t[0].clone()),
            |t| act::gelu_approximate(t[0].clone()),
        ),
        plain(
            "geglu",
            &[x],
            |t| geglu(t[0].clone()),
            move |t| {
                let gate = t[0].clone().narrow(3, c / 2, c / 2);
                t[0].clone().narrow(3, 0, c / 2) * act::gelu(gate)
            },
        ),
        plain("softmax", &[x], |t| softmax(t[0].clone()), |t| act::softmax(t[0].clone(), 3)),
    ]
}

/// The operations around the convolutions of a U-Net.
fn pictures(n: usize, c: usize, size: usize) -> Vec<Case> {
    let x = [n, c, size, size];
    vec![
        plain(
            "upsample 2x",
            &[x],
            |t| upsample_nearest_2x(t[0].clone()),
            move |t| {
                let nearest = InterpolateOptions::new(InterpolateMode::Nearest);
                interpolate(t[0].clone(), nearest.with_output_size([2 * size; 2]))
            },
        ),
        plain(
            "concat",
            &[x, x],
            |t| concat_channels(t[0].clone(), t[1].clone()),
            |t| Tensor::cat(vec![t[0].clone(), t[1].clone()], 1),
        ),
        plain(
            "add scaled",
            &[x, x],
            |t| add_scaled(t[0].clone(), t[1].clone(), 2.0_f64.sqrt()),
            |t| (t[0].clone() + t[1].clone()) / 2.0_f64.sqrt(),
        ),
    ]
}

fn cases() -> Vec<Case> {
    let mut cases = vec![
        // A compact network on 28 × 28 digits.
        conv(64, 4, 14, 64, 3, 1),
        conv(64, 64, 14, 64, 3, 1),
        conv(64, 128, 14, 64, 3, 1),
        conv(64, 128, 14, 64, 1, 1),
        conv(64, 64, 14, 96, 3, 2),
        conv(64, 96, 7, 96, 3, 1),
        conv(64, 192, 7, 96, 3, 1),
        conv(64, 64, 14, 4, 3, 1),
        norm(64, 64, 14, 8, Surrounds::ScaleShift),
        norm(64, 96, 7, 8, Surrounds::ScaleShift),
        attend(64, 4, 49, 24),
        affine(64, 64, 256),
        affine(64, 256, 1024),
        affine(3136, 96, 288),
        swish(64, 64, 14),
        // UNet2DModel (32, 64, 64) on 32 × 32.
        conv(64, 32, 32, 32, 3, 1),
        conv(64, 64, 16, 64, 3, 1),
        conv(64, 64, 8, 64, 3, 1),
        norm(64, 32, 32, 32, Surrounds::ScaleShift),
        attend(64, 8, 64, 8),
        // Larger networks.
        conv(16, 128, 32, 128, 3, 1),
        conv(64, 64, 28, 64, 3, 1),
        conv(2, 320, 64, 320, 3, 1),
        conv(8, 256, 16, 256, 3, 1),
        conv(2, 1280, 16, 1280, 3, 1),
        conv(16, 256, 16, 256, 1, 1),
        affine(1024, 1024, 1024),
        attend(2, 8, 1024, 64),
        attend(2, 8, 4096, 40),
        norm(16, 128, 32, 32, Surrounds::Nothing),
        norm(16, 128, 32, 32, Surrounds::Offset),
        norm(16, 128, 32, 32, Surrounds::ScaleShift),
    ];
    cases.extend(pictures(16, 128, 32));
    cases.extend(rows(16, 256, 768));
    cases
}
