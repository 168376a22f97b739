//! Fixed embeddings of places in a picture (Dosovitskiy et al. 2021 with the sines of Vaswani et al. 2017): with
//! `q = C/4` frequencies `ω_k = 10000^(−k/q)`, the token in column x and row y has `[sin ωx, cos ωx, sin ωy, cos ωy]`.
//!
//! Places are spread so that every picture spans the range of the one that the network was made for.

/// Embeddings `[H · W, dim]`, row by row, of a grid of `[H, W]` tokens, where the network was made for `base` tokens a side.
///
/// `dim` must be a multiple of four.
pub fn sincos(dim: usize, [height, width]: [usize; 2], base: usize) -> Vec<f32> {
    let quarter = dim / 4;
    let omega: Vec<f64> =
        (0..quarter).map(|k| 10_000_f64.powf(-(k as f64) / quarter as f64)).collect();
    // Places are rounded to f32 as PyTorch rounds them; the rest is in f64 as there.
    let place = |i: usize, side: usize| f64::from(i as f32 / (side as f64 / base as f64) as f32);
    let embed = |place: f64| {
        let angles = omega.iter().map(move |omega| place * omega);
        angles.clone().map(f64::sin).chain(angles.map(f64::cos)).map(|v| v as f32)
    };
    let columns: Vec<f32> = (0..width).flat_map(|x| embed(place(x, width))).collect();
    let rows: Vec<f32> = (0..height).flat_map(|y| embed(place(y, height))).collect();
    let half = 2 * quarter;
    let mut grid = Vec::with_capacity(height * width * dim);
    for y in 0..height {
        for x in 0..width {
            grid.extend_from_slice(&columns[x * half..(x + 1) * half]);
            grid.extend_from_slice(&rows[y * half..(y + 1) * half]);
        }
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_first_and_are_spread() {
        let grid = sincos(8, [2, 4], 8);
        assert_eq!(grid.len(), 2 * 4 * 8);
        // Row 1 of 2 is place 4 of 8, column 3 of 4 is place 6 of 8; the second frequency is 1/100.
        let token = &grid[(4 + 3) * 8..];
        let expected = [
            6_f64.sin(),
            0.06_f64.sin(),
            6_f64.cos(),
            0.06_f64.cos(),
            4_f64.sin(),
            0.04_f64.sin(),
            4_f64.cos(),
            0.04_f64.cos(),
        ];
        for (got, expected) in token.iter().zip(expected) {
            assert!((f64::from(*got) - expected).abs() < 1e-7);
        }
    }
}
