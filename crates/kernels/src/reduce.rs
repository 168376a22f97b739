//! Sums of slices in a fixed order.

/// `Σ xᵢ` by sixteen interleaved partial sums: the order depends on the length alone.
pub(crate) fn sum(x: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 16];
    let (lines, rest) = x.as_chunks::<16>();
    for line in lines {
        for (sum, x) in sums.iter_mut().zip(line) {
            *sum += x;
        }
    }
    for (sum, x) in sums.iter_mut().zip(rest) {
        *sum += x;
    }
    // Halve the number of partial sums until one is left.
    for half in [8, 4, 2, 1] {
        let (low, high) = sums.split_at_mut(half);
        low.iter_mut().zip(high).for_each(|(a, b)| *a += *b);
    }
    sums[0]
}
