//! What the tests of all kernels share: number sequences, comparison, thread pools.

use std::mem::MaybeUninit;

use burn::tensor::{Device, Tensor, TensorData};

use crate::simd::Isa;

/// `n` numbers in [−1, 1), a function of `seed`.
pub(crate) fn values(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

/// The largest difference, relative to the largest exact value (or to 1 where all are smaller).
pub(crate) fn error(got: &[f32], exact: &[f64]) -> f64 {
    assert_eq!(got.len(), exact.len());
    let scale = exact.iter().fold(1.0_f64, |m, x| m.max(x.abs()));
    let worst = |m: f64, (&g, &x): (&f32, &f64)| {
        let e = (f64::from(g) - x).abs();
        if e.is_nan() || e > m { e } else { m }
    };
    got.iter().zip(exact).fold(0.0, worst) / scale
}

/// Values as memory to be written by a kernel that writes numbers only.
pub(crate) fn as_fresh(values: &mut [f32]) -> &mut [MaybeUninit<f32>] {
    // SAFETY: both have one layout; kernels write numbers through it, never uninitialised memory.
    unsafe { &mut *(std::ptr::from_mut(values) as *mut [MaybeUninit<f32>]) }
}

/// In double precision.
pub(crate) fn double(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&x| f64::from(x)).collect()
}

/// Runs `work` with every instruction set and with 1, 2 and 7 threads, and gives each instruction set's result after
/// checking that the threads change no bit of it.
pub(crate) fn everywhere(work: impl Fn(Isa) -> Vec<f32> + Sync) -> Vec<(Isa, Vec<f32>)> {
    let run = |isa| {
        let first = work(isa);
        for threads in [1, 2, 7] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .expect("a thread pool");
            let again = pool.install(|| work(isa));
            let same = first.iter().zip(&again).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(
                same && first.len() == again.len(),
                "{isa}: {threads} threads change the result"
            );
        }
        (isa, first)
    };
    Isa::available().into_iter().map(run).collect()
}

/// Runs `f` on differentiable tensors of the given shapes and values (`v`-th input: `values(len, seed + v)`), weighs
/// its output by fixed numbers into a loss, and gives the output followed by the gradient of each input.
pub(crate) fn with_gradients(
    shapes: &[&[usize]],
    seed: u32,
    f: impl Fn(&[Input]) -> Tensor<1>,
) -> Vec<Vec<f32>> {
    let device = Device::flex().autodiff();
    let input = |(i, shape): (usize, &&[usize])| {
        let numbers = values(shape.iter().product(), seed.wrapping_add(i as u32));
        Input {
            flat: Tensor::from_data(TensorData::from(&numbers[..]), &device).require_grad(),
            shape: shape.to_vec(),
        }
    };
    let inputs: Vec<Input> = shapes.iter().enumerate().map(input).collect();
    let out = f(&inputs);
    let weights = values(out.dims()[0], seed ^ 0x5EED);
    let loss = (out.clone() * Tensor::from_data(TensorData::from(&weights[..]), &device)).sum();
    let grads = loss.backward();
    let read = |t: Tensor<1>| t.into_data().try_to_vec::<f32>().expect("single precision");
    let mut results = vec![read(out.inner())];
    for input in inputs {
        let zeros = || Tensor::zeros(input.flat.dims(), &Device::flex());
        results.push(read(input.flat.grad(&grads).unwrap_or_else(zeros)));
    }
    results
}

/// A differentiable input of [`with_gradients`].
pub(crate) struct Input {
    flat: Tensor<1>,
    shape: Vec<usize>,
}

impl Input {
    /// In its shape.
    pub(crate) fn get<const D: usize>(&self) -> Tensor<D> {
        let shape: [usize; D] = self.shape.clone().try_into().expect("the rank asked for");
        self.flat.clone().reshape(shape)
    }
}

/// Checks that two results of [`with_gradients`] agree.
pub(crate) fn assert_close(got: &[Vec<f32>], want: &[Vec<f32>], tolerance: f64) {
    assert_eq!(got.len(), want.len());
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let e = error(got, &double(want));
        assert!(e < tolerance, "result {i} (0 is the output, then gradients) is {e} off");
    }
}

/// The standard normal distribution function: its series about 0 (Abramowitz and Stegun 1964, 26.2.11), and beyond 4 the
/// continued fraction of the tail (26.2.14).
pub(crate) fn normal_cdf(x: f64) -> f64 {
    if x > 0.0 {
        return 1.0 - normal_cdf(-x);
    }
    let t = -x;
    let density = (-0.5 * t * t).exp() / std::f64::consts::TAU.sqrt();
    if t < 4.0 {
        let (mut term, mut sum) = (t, t);
        for k in 1..100 {
            term *= t * t / f64::from(2 * k + 1);
            sum += term;
        }
        0.5 - density * sum
    } else {
        density / (1..200).rev().fold(t, |below, k| t + f64::from(k) / below)
    }
}
