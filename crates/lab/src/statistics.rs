//! Means with their errors, slopes, histograms.

/// Mean of the numbers and its standard error.
pub(crate) fn mean_and_error(numbers: &[f64]) -> (f64, f64) {
    let n = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / n;
    let square = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (square / n).sqrt())
}

/// Least-squares slope of `ln y` over `ln x`: the order of an error.
pub(crate) fn order(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let logs: Vec<_> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let (mx, my) =
        (logs.iter().map(|p| p.0).sum::<f64>() / n, logs.iter().map(|p| p.1).sum::<f64>() / n);
    let covariance: f64 = logs.iter().map(|(x, y)| (x - mx) * (y - my)).sum();
    covariance / logs.iter().map(|(x, _)| (x - mx).powi(2)).sum::<f64>()
}

/// Even bins between two numbers: the centre of each, and the density of the numbers in it.
pub(crate) fn histogram(numbers: &[f64], (from, to): (f64, f64), bins: usize) -> Vec<(f64, f64)> {
    let width = (to - from) / bins as f64;
    let mut counts = vec![0usize; bins];
    for x in numbers {
        let bin = ((x - from) / width).floor();
        if bin >= 0.0 && bin < bins as f64 {
            counts[bin as usize] += 1;
        }
    }
    let density = |count: usize| count as f64 / (numbers.len() as f64 * width);
    let centre = |bin: usize| from + (bin as f64 + 0.5) * width;
    counts.iter().enumerate().map(|(bin, &count)| (centre(bin), density(count))).collect()
}
