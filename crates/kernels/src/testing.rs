//! What the tests of all kernels share: number sequences, comparison, thread pools.

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
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a thread pool");
            let again = pool.install(|| work(isa));
            let same = first.iter().zip(&again).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(same && first.len() == again.len(), "{isa}: {threads} threads change the result");
        }
        (isa, first)
    };
    Isa::available().into_iter().map(run).collect()
}
