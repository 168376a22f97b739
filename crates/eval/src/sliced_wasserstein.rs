//! Sliced 2-Wasserstein distance: `SW₂² = E_θ W₂²(θᵀa, θᵀb)`, θ uniform on the unit sphere (Rabin et al. 2012; Bonneel
//! et al. 2015), estimated over random directions. In one dimension optimal transport couples equal quantiles, so each
//! `W₂² = ∫₀¹ (F_a⁻¹(u) − F_b⁻¹(u))² du` is exact after a sort.

use std::ops::Range;

use langevin_core::rng::Philox;
use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::{Error, Points, Result};

/// Domain of the random directions among the streams of one seed ("slicedw2" in ASCII).
const PURPOSE: u64 = u64::from_be_bytes(*b"slicedw2");

/// Directions projected on in one matrix product.
const BLOCK: usize = 32;

/// Points projected in one matrix product.
const POINTS: usize = 1024;

/// Sliced 2-Wasserstein distance (not squared) between two sets, over `projections` random directions of `seed`.
///
/// The sets may have different counts. Direction `i` is a function of the seed, the dimension and `i` alone.
///
/// # Errors
/// If a set is empty, the dimensions differ or there are no projections.
pub fn sliced_wasserstein(
    a: Points<'_>,
    b: Points<'_>,
    projections: usize,
    seed: u64,
) -> Result<f64> {
    a.same_dim(&b)?;
    if projections == 0 {
        return Err(Error::NoProjections);
    }
    if let Some(count) = [a.count(), b.count()].into_iter().find(|&count| count == 0) {
        return Err(Error::TooFew { what: "a transport distance", needed: 1, count });
    }
    let blocks: Vec<usize> = (0..projections).step_by(BLOCK).collect();
    let squared: Vec<Vec<f64>> = blocks
        .into_par_iter()
        .map(|first| {
            let theta = directions(a.dim(), first..projections.min(first + BLOCK), seed);
            let (a, b) = (sorted_projections(a, &theta), sorted_projections(b, &theta));
            a.iter().zip(&b).map(|(a, b)| wasserstein_1d_squared(a, b)).collect()
        })
        .collect();
    // Summed in the order of the directions, whatever thread computed them.
    Ok((squared.iter().flatten().sum::<f64>() / projections as f64).sqrt())
}

/// Squared 2-Wasserstein distance between two ascending, non-empty sequences of equally likely values.
///
/// Between consecutive multiples of 1/n and 1/m both quantile functions are constant: the integral is a finite sum.
#[must_use]
pub fn wasserstein_1d_squared(a: &[f64], b: &[f64]) -> f64 {
    let (n, m) = (a.len() as u128, b.len() as u128);
    let (mut i, mut j, mut mass, mut total) = (0, 0, 0, 0.0);
    // Probabilities are counted in units of 1/(n·m), so that no breakpoint is missed or split by rounding.
    while i < a.len() && j < b.len() {
        let (end_a, end_b) = ((i as u128 + 1) * m, (j as u128 + 1) * n);
        let end = end_a.min(end_b);
        total += (end - mass) as f64 * (a[i] - b[j]).powi(2);
        mass = end;
        i += usize::from(end == end_a);
        j += usize::from(end == end_b);
    }
    total / (n * m) as f64
}

/// Unit vectors as rows: normalised standard normals, one stream for each.
fn directions(dim: usize, which: Range<usize>, seed: u64) -> DMatrix<f32> {
    let mut theta = DMatrix::zeros(which.len(), dim);
    for (mut row, index) in theta.row_iter_mut().zip(which) {
        let mut stream = Philox::new(seed, PURPOSE, index as u64);
        let draws: Vec<f64> = (0..dim).map(|_| stream.normal()).collect();
        let norm = draws.iter().map(|v| v * v).sum::<f64>().sqrt();
        row.iter_mut().zip(draws).for_each(|(v, draw)| *v = (draw / norm) as f32);
    }
    theta
}

/// For each direction the ascending projections of all points.
fn sorted_projections(points: Points<'_>, theta: &DMatrix<f32>) -> Vec<Vec<f64>> {
    let mut projections = vec![Vec::with_capacity(points.count()); theta.nrows()];
    // In blocks, so that a product stays in the second-level cache until it is taken apart.
    for first in (0..points.count()).step_by(POINTS) {
        let product = theta * points.columns(first, POINTS.min(points.count() - first));
        for (row, projections) in product.row_iter().zip(&mut projections) {
            projections.extend(row.iter().map(|&v| f64::from(v)));
        }
    }
    projections.iter_mut().for_each(|values| values.sort_unstable_by(f64::total_cmp));
    projections
}
