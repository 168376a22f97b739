//! Fréchet distance between the Gaussians fitted to two sets of features, the squared 2-Wasserstein distance of the two:
//! `d² = |m₁ − m₂|² + tr(C₁ + C₂ − 2 (C₁^½ C₂ C₁^½)^½)` (Dowson and Landau 1982; as a score for generators, Heusel et
//! al. 2017, eq. 6).
//!
//! With factors `C = F Fᵀ` from the symmetric eigen-decomposition, the eigenvalues of the last term are the singular
//! values of `F₁ᵀ F₂`. Taking them there, rather than as square roots of eigenvalues of `C₁^½ C₂ C₁^½`, keeps all digits
//! where the covariances are near-singular, which is the rule for rectified features.

use nalgebra::{DMatrix, DVector, SVD, SymmetricEigen};

use crate::{Error, Points, Result};

/// Iterations after which an eigenvalue computation is given up; 30 per dimension is the usual bound.
const ITERATIONS: usize = 100_000;

/// Fréchet distance (squared, as is the field's custom) between two Gaussians; 0 if and only if they are equal.
///
/// # Errors
/// If their dimensions differ or the eigenvalues do not converge.
pub fn frechet(a: &Gaussian, b: &Gaussian) -> Result<f64> {
    let (dim_a, dim_b) = (a.mean.len(), b.mean.len());
    if dim_a != dim_b {
        return Err(Error::Dimensions { first: dim_a, second: dim_b });
    }
    let means = (&a.mean - &b.mean).norm_squared();
    let cross = factor(&a.covariance)?.tr_mul(&factor(&b.covariance)?);
    let coupled: f64 = singular_values(cross)?.iter().sum();
    Ok((means + a.covariance.trace() + b.covariance.trace() - 2.0 * coupled).max(0.0))
}

/// A mean and a covariance.
#[derive(Clone, Debug, PartialEq)]
pub struct Gaussian {
    mean: DVector<f64>,
    covariance: DMatrix<f64>,
}

impl Gaussian {
    /// The Gaussian with the given moments.
    ///
    /// # Errors
    /// If the mean is empty, a number is not finite, or `covariance` is not a symmetric matrix of the mean's dimension.
    pub fn new(mean: DVector<f64>, covariance: DMatrix<f64>) -> Result<Self> {
        let (rows, columns) = covariance.shape();
        let dim = mean.len();
        if dim == 0 {
            return Err(Error::NoDimensions);
        }
        for (i, &value) in mean.iter().chain(covariance.iter()).enumerate() {
            if !value.is_finite() {
                return Err(Error::NotFinite { point: i / dim, index: i % dim, value });
            }
        }
        let tolerance = 1e-12 * covariance.amax();
        if (rows, columns) != (dim, dim)
            || (&covariance - covariance.transpose()).amax() > tolerance
        {
            return Err(Error::Covariance { rows, columns, dim });
        }
        Ok(Self { mean, covariance })
    }

    /// Fits a Gaussian to `points`: the sample mean, and the unbiased covariance (divisor N − 1), in f64.
    ///
    /// # Errors
    /// If there are fewer than two points.
    pub fn fit(points: Points<'_>) -> Result<Self> {
        let (count, dim) = (points.count(), points.dim());
        if count < 2 {
            return Err(Error::TooFew { what: "a covariance", needed: 2, count });
        }
        // Columns are points. Centring before the product keeps the digits that E[xxᵀ] − mmᵀ would cancel.
        let mut centred =
            DMatrix::from_iterator(dim, count, points.values().iter().map(|&v| f64::from(v)));
        let mean = centred.column_mean();
        centred.column_iter_mut().for_each(|mut x| x -= &mean);
        let covariance = (&centred * centred.transpose()) / (count - 1) as f64;
        let covariance = (&covariance + covariance.transpose()) * 0.5;
        Ok(Self { mean, covariance })
    }

    /// The mean `[D]`.
    #[must_use]
    pub fn mean(&self) -> &DVector<f64> {
        &self.mean
    }

    /// The covariance `[D, D]`.
    #[must_use]
    pub fn covariance(&self) -> &DMatrix<f64> {
        &self.covariance
    }
}

/// `F [D, rank]` with `F Fᵀ = C`; directions whose variance is rounding noise are dropped.
fn factor(covariance: &DMatrix<f64>) -> Result<DMatrix<f64>> {
    let dim = covariance.nrows();
    let eigen = SymmetricEigen::try_new(covariance.clone(), f64::EPSILON, ITERATIONS)
        .ok_or(Error::NoConvergence { dim, iterations: ITERATIONS })?;
    let noise = dim as f64 * f64::EPSILON * eigen.eigenvalues.amax();
    let kept: Vec<usize> = (0..dim).filter(|&i| eigen.eigenvalues[i] > noise).collect();
    let mut factor = eigen.eigenvectors.select_columns(&kept);
    for (mut column, &i) in factor.column_iter_mut().zip(&kept) {
        column *= eigen.eigenvalues[i].sqrt();
    }
    Ok(factor)
}

fn singular_values(matrix: DMatrix<f64>) -> Result<DVector<f64>> {
    let dim = matrix.nrows().max(matrix.ncols());
    if matrix.is_empty() {
        return Ok(DVector::zeros(0));
    }
    SVD::try_new_unordered(matrix, false, false, f64::EPSILON, ITERATIONS)
        .map(|svd| svd.singular_values)
        .ok_or(Error::NoConvergence { dim, iterations: ITERATIONS })
}
