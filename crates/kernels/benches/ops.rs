//! Milliseconds and GFLOP/s of each operation, forward and forward with backward, beside Burn's own operations.
//!
//! `cargo bench -p langevin-kernels [-- FILTER]` runs the operations whose name contains FILTER.
//! Each time is the median of repeated runs within a fixed budget per operation.

#![allow(clippy::print_stdout, reason = "a bench reports on standard output")]

use std::time::{Duration, Instant};

use burn::tensor::activation::softmax;
use burn::tensor::module::conv2d as burn_conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData};
use langevin_kernels::{
    Conv2dOptions, GroupNormOptions, attention, conv2d, group_norm, linear, silu,
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
        let [stock_fwd, stock_both] = measure(&case.stock, &case.shapes);
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
        // The gradient of a sum is all ones: cheap beside the operation.
        let _ = op(&tracked).sum().backward();
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

fn norm(n: usize, c: usize, size: usize, groups: usize) -> Case {
    let options = GroupNormOptions { groups, eps: 1e-5, silu: true };
    Case {
        name: format!("group norm({groups}), scale-shift, silu {n}x{c}x{size}x{size}"),
        flops: 0.0,
        shapes: vec![[n, c, size, size], [1, 1, 1, c], [1, 1, 1, c], [1, 1, n, c], [1, 1, n, c]],
        ours: Box::new(move |t| {
            let modulation = (t[3].clone().flatten(0, 2), t[4].clone().flatten(0, 2));
            let (w, b) = (t[1].clone().flatten(0, 3), t[2].clone().flatten(0, 3));
            group_norm(t[0].clone(), w, b, Some(modulation), &options)
        }),
        stock: Box::new(move |t| {
            let flat = t[0].clone().reshape([n, groups, c / groups * size * size]);
            let centred = flat.clone() - flat.mean_dim(2);
            let var = centred.clone().square().mean_dim(2);
            let y = (centred / (var + 1e-5).sqrt()).reshape([n, c, size, size]);
            let y = y * t[1].clone().reshape([1, c, 1, 1]) + t[2].clone().reshape([1, c, 1, 1]);
            let y =
                y * (t[3].clone().reshape([n, c, 1, 1]) + 1.0) + t[4].clone().reshape([n, c, 1, 1]);
            burn::tensor::activation::silu(y)
        }),
    }
}

fn attend(b: usize, h: usize, l: usize, d: usize) -> Case {
    let scale = (d as f64).powf(-0.5);
    Case {
        name: format!("attention {b}x{h}x{l}x{d}"),
        flops: 4.0 * (b * h * l * l * d) as f64,
        shapes: vec![[b, h, l, d]; 3],
        ours: Box::new(move |t| attention(t[0].clone(), t[1].clone(), t[2].clone(), scale)),
        stock: Box::new(move |t| {
            softmax(t[0].clone().matmul(t[1].clone().swap_dims(2, 3)) * scale, 3)
                .matmul(t[2].clone())
        }),
    }
}

fn swish(n: usize, c: usize, size: usize) -> Case {
    Case {
        name: format!("silu {n}x{c}x{size}x{size}"),
        flops: 0.0,
        shapes: vec![[n, c, size, size]],
        ours: Box::new(|t| silu(t[0].clone())),
        stock: Box::new(|t| burn::tensor::activation::silu(t[0].clone())),
    }
}

fn cases() -> Vec<Case> {
    vec![
        // A compact network on 28 × 28 digits.
        conv(64, 4, 14, 64, 3, 1),
        conv(64, 64, 14, 64, 3, 1),
        conv(64, 128, 14, 64, 3, 1),
        conv(64, 128, 14, 64, 1, 1),
        conv(64, 64, 14, 96, 3, 2),
        conv(64, 96, 7, 96, 3, 1),
        conv(64, 192, 7, 96, 3, 1),
        conv(64, 64, 14, 4, 3, 1),
        norm(64, 64, 14, 8),
        norm(64, 96, 7, 8),
        attend(64, 4, 49, 24),
        affine(64, 64, 256),
        affine(64, 256, 1024),
        affine(3136, 96, 288),
        swish(64, 64, 14),
        // UNet2DModel (32, 64, 64) on 32 × 32.
        conv(64, 32, 32, 32, 3, 1),
        conv(64, 64, 16, 64, 3, 1),
        conv(64, 64, 8, 64, 3, 1),
        norm(64, 32, 32, 32),
        attend(64, 8, 64, 8),
        // Larger networks.
        conv(16, 128, 32, 128, 3, 1),
        conv(64, 64, 28, 64, 3, 1),
        conv(2, 320, 64, 320, 3, 1),
        conv(8, 256, 16, 256, 3, 1),
        conv(16, 256, 16, 256, 1, 1),
        affine(1024, 1024, 1024),
        attend(2, 8, 1024, 64),
        attend(2, 8, 4096, 40),
        norm(16, 128, 32, 32),
    ]
}
