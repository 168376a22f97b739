//! Sum of squares in a fixed order, for gradient norms.

use rayon::prelude::*;

/// Elements whose squares one thread adds; the order of addition is by these pieces whatever the number of threads.
const PIECE: usize = 16 * 1024;

/// `Σ xᵢ²`, accumulated in double precision. The result depends on the values and their order only.
pub fn sum_of_squares(x: &[f32]) -> f64 {
    let pieces: Vec<f64> = x.par_chunks(PIECE).map(piece).collect();
    pieces.iter().sum()
}

fn piece(x: &[f32]) -> f64 {
    // Eight independent sums, so that additions need not wait for one another.
    let mut sums = [0.0_f64; 8];
    let eights = x.chunks_exact(8);
    let rest: f64 = eights.remainder().iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    for eight in eights {
        for (sum, &x) in sums.iter_mut().zip(eight) {
            *sum += f64::from(x) * f64::from(x);
        }
    }
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_a_closed_form_for_any_thread_count() {
        // Σ_{i=1}^{n} i² = n (n + 1) (2n + 1) / 6.
        for n in [0_u64, 1, 9, 1000, 40_001] {
            let x: Vec<f32> = (1..=n).map(|i| i as f32).collect();
            let want = (n * (n + 1) * (2 * n + 1) / 6) as f64;
            for threads in [1, 2, 7] {
                let pool =
                    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("pool");
                let got = pool.install(|| sum_of_squares(&x));
                assert!((got - want).abs() <= 1e-15 * want * 10.0, "{n}: {got} against {want}");
                assert_eq!(got.to_bits(), sum_of_squares(&x).to_bits());
            }
        }
    }
}
