//! Nearest neighbours in Euclidean distance by exhaustive search.

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::{Error, Points, Result};

/// Queries and references compared in one matrix product; the product stays in the second-level cache.
const BLOCK: [usize; 2] = [64, 512];

/// The point of a reference set that is closest to a query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Its index in the reference set.
    pub index: usize,
    /// Its Euclidean distance.
    pub distance: f64,
}

/// For each query its nearest reference point, by exhaustive search.
///
/// Candidates are ranked by `|r|² − 2 q·r` in f32 with blocked matrix products; the distance reported is computed anew
/// from the differences in f64, so that copies are at distance 0.
///
/// # Errors
/// If the reference set is empty or the dimensions differ.
pub fn nearest(queries: Points<'_>, reference: Points<'_>) -> Result<Vec<Neighbour>> {
    search(queries, reference, |_| usize::MAX)
}

/// For each of the chosen points its nearest other point of the same set.
///
/// # Errors
/// If the set has fewer than two points, or an index is not below their number.
pub fn nearest_other(points: Points<'_>, chosen: &[usize]) -> Result<Vec<Neighbour>> {
    if points.count() < 2 {
        return Err(Error::TooFew {
            what: "the nearest other point",
            needed: 2,
            count: points.count(),
        });
    }
    if let Some(&index) = chosen.iter().find(|&&index| index >= points.count()) {
        return Err(Error::PointRange { index, count: points.count() });
    }
    let values: Vec<f32> = chosen.iter().flat_map(|&i| points.point(i)).copied().collect();
    search(Points::new(&values, chosen.len(), points.dim())?, points, |query| chosen[query])
}

/// Exhaustive search in which query `q` never meets the reference point `skipped(q)`.
fn search(
    queries: Points<'_>,
    reference: Points<'_>,
    skipped: impl Fn(usize) -> usize + Sync,
) -> Result<Vec<Neighbour>> {
    queries.same_dim(&reference)?;
    if reference.count() == 0 {
        return Err(Error::TooFew { what: "a nearest neighbour", needed: 1, count: 0 });
    }
    let norms: Vec<f32> =
        (0..reference.count()).map(|i| dot(reference.point(i), reference.point(i))).collect();
    let firsts: Vec<usize> = (0..queries.count()).step_by(BLOCK[0]).collect();
    let found: Vec<Vec<Neighbour>> = firsts
        .into_par_iter()
        .map(|first| {
            let count = BLOCK[0].min(queries.count() - first);
            // A copy in column order: nalgebra 0.35 writes out of bounds in small products of row-major views
            // (dimforge/nalgebra#1613).
            let rows = queries.columns(first, count).transpose();
            let mut best = vec![(f32::INFINITY, usize::MAX); count];
            for start in (0..reference.count()).step_by(BLOCK[1]) {
                let width = BLOCK[1].min(reference.count() - start);
                let products: DMatrix<f32> = &rows * reference.columns(start, width);
                for (column, index) in products.column_iter().zip(start..) {
                    for ((best, product), query) in best.iter_mut().zip(column.iter()).zip(first..)
                    {
                        let rank = norms[index] - 2.0 * product;
                        if (rank < best.0 || best.1 == usize::MAX) && skipped(query) != index {
                            *best = (rank, index);
                        }
                    }
                }
            }
            best.into_iter()
                .zip(first..)
                .map(|((_, index), query)| Neighbour {
                    index,
                    distance: distance(queries.point(query), reference.point(index)),
                })
                .collect()
        })
        .collect();
    Ok(found.concat())
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>() as f32
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum::<f64>().sqrt()
}
