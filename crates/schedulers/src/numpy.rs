//! The number ranges of NumPy and PyTorch to the bit where rounding decides which timestep is visited.

/// `numpy.linspace(start, stop, count)`.
pub(crate) fn linspace(start: f64, stop: f64, count: usize) -> Vec<f64> {
    let step = (stop - start) / (count.max(2) - 1) as f64;
    let mut numbers: Vec<f64> = (0..count).map(|i| start + i as f64 * step).collect();
    if count > 1 {
        numbers[count - 1] = stop;
    }
    numbers
}

/// `numpy.arange(start, 0, -step)` for positive numbers: every number but the first two is the start plus a multiple
/// of the difference of those two, and the count is the quotient rounded up.
pub(crate) fn arange_down(start: f64, step: f64) -> Vec<f64> {
    let count = (start / step).ceil();
    let delta = start - (start - step);
    (0..count as usize).map(|i| start - i as f64 * delta).collect()
}

/// `torch.linspace(start, stop, count, dtype=torch.float32)`: from both ends to the middle, each number one fused
/// multiply–add.
pub(crate) fn torch_linspace(start: f64, stop: f64, count: usize) -> Vec<f32> {
    let (start, stop) = (start as f32, stop as f32);
    if count == 1 {
        return vec![start];
    }
    let step = (stop - start) / (count - 1) as f32;
    let number = |i: usize| {
        if i < count / 2 {
            step.mul_add(i as f32, start)
        } else {
            (-step).mul_add((count - 1 - i) as f32, stop)
        }
    };
    (0..count).map(number).collect()
}

/// `numpy.interp(x, [0, 1, …], table)`: linear between entries, constant beyond them.
pub(crate) fn interpolate(x: f64, table: &[f32]) -> f64 {
    let last = table.len() - 1;
    if x <= 0.0 {
        return f64::from(table[0]);
    }
    if x >= last as f64 {
        return f64::from(table[last]);
    }
    let below = x as usize;
    let (low, high) = (f64::from(table[below]), f64::from(table[below + 1]));
    (high - low) * (x - below as f64) + low
}

/// A number as float32 holds it.
pub(crate) fn to_f32(x: f64) -> f64 {
    f64::from(x as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_numpy() {
        assert_eq!(linspace(0.0, 999.0, 4), [0.0, 333.0, 666.0, 999.0]);
        assert_eq!(linspace(5.0, 9.0, 1), [5.0]);
        assert_eq!(arange_down(10.0, 2.5), [10.0, 7.5, 5.0, 2.5]);
        // 1000/3 three times is 1000 but for rounding.
        assert_eq!(arange_down(1000.0, 1000.0 / 3.0).len(), 3);
        assert_eq!(torch_linspace(1e-4, 0.02, 3), [1e-4, 0.01005, 0.02]);
    }

    #[test]
    fn interpolation_stops_at_the_ends() {
        let table = [1.0, 3.0, 4.0];
        assert_eq!(
            [-1.0, 0.5, 1.0, 1.5, 7.0].map(|x| interpolate(x, &table)),
            [1.0, 2.0, 3.0, 3.5, 4.0]
        );
    }
}
