//! The Fréchet distance against its closed forms.

use langevin_eval::{Error, Gaussian, Points, frechet};
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;

fn gaussian(mean: &[f64], covariance: DMatrix<f64>) -> Gaussian {
    Gaussian::new(DVector::from_row_slice(mean), covariance).unwrap()
}

/// `a aᵀ` of a `dim × rank` matrix: a covariance of that rank.
fn covariance(dim: usize, entries: &[f64]) -> DMatrix<f64> {
    let a = DMatrix::from_column_slice(dim, entries.len() / dim, entries);
    &a * a.transpose()
}

/// An orthogonal matrix: a product of plane rotations.
fn rotation(dim: usize, angles: &[f64]) -> DMatrix<f64> {
    let mut q = DMatrix::identity(dim, dim);
    let planes = (0..dim).flat_map(|i| (i + 1..dim).map(move |j| (i, j)));
    for ((i, j), angle) in planes.zip(angles) {
        let mut r = DMatrix::identity(dim, dim);
        (r[(i, i)], r[(j, j)]) = (angle.cos(), angle.cos());
        (r[(i, j)], r[(j, i)]) = (-angle.sin(), angle.sin());
        q *= r;
    }
    q
}

/// The definition, with matrix square roots by eigen-decomposition.
fn by_definition(a: &Gaussian, b: &Gaussian) -> f64 {
    let root = |m: &DMatrix<f64>| {
        let e = m.clone().symmetric_eigen();
        let roots = e.eigenvalues.map(|v| v.max(0.0).sqrt());
        &e.eigenvectors * DMatrix::from_diagonal(&roots) * e.eigenvectors.transpose()
    };
    let ra = root(a.covariance());
    let middle = &ra * b.covariance() * &ra;
    let cross = root(&((&middle + middle.transpose()) * 0.5)).trace();
    (a.mean() - b.mean()).norm_squared() + a.covariance().trace() + b.covariance().trace()
        - 2.0 * cross
}

#[test]
fn diagonal_gaussians_have_a_sum_of_squares() {
    let (m1, s1) = ([1.0_f64, -2.0, 0.5], [1.0_f64, 0.3, 2.0]);
    let (m2, s2) = ([0.0, 4.0, 0.5], [2.0, 0.3, 0.0]);
    let diagonal =
        |s: [f64; 3]| DMatrix::from_diagonal(&DVector::from_iterator(3, s.map(|v| v * v)));
    let expected: f64 = (0..3).map(|i| (m1[i] - m2[i]).powi(2) + (s1[i] - s2[i]).powi(2)).sum();
    let found = frechet(&gaussian(&m1, diagonal(s1)), &gaussian(&m2, diagonal(s2))).unwrap();
    assert!((found - expected).abs() < 1e-12 * expected, "{found} {expected}");
}

#[test]
fn disjoint_subspaces_do_not_couple() {
    // Rank 1 along x against rank 1 along y: nothing to couple, so the traces add up.
    let x = covariance(3, &[2.0, 0.0, 0.0]);
    let y = covariance(3, &[0.0, 3.0, 0.0]);
    let found = frechet(&gaussian(&[0.0; 3], x), &gaussian(&[0.0; 3], y)).unwrap();
    assert!((found - 13.0).abs() < 1e-12, "{found}");
    // Both degenerate to points.
    let zero = || DMatrix::zeros(2, 2);
    assert_eq!(
        frechet(&gaussian(&[3.0, 4.0], zero()), &gaussian(&[0.0; 2], zero())).unwrap(),
        25.0
    );
}

#[test]
fn rank_one_parallel_covariances_couple_fully() {
    // C = s² u uᵀ with the same u: (s₁ − s₂)², to full precision although two of three eigenvalues vanish.
    let u = [0.6, 0.0, 0.8];
    let along = |s: f64| covariance(3, &u.map(|v| s * v));
    let found =
        frechet(&gaussian(&[0.0; 3], along(5.0)), &gaussian(&[0.0; 3], along(2.0))).unwrap();
    assert!((found - 9.0).abs() < 1e-12, "{found}");
}

#[test]
fn a_fit_has_the_unbiased_moments() {
    let values = [1.0_f32, 10.0, 3.0, 30.0, 5.0, 20.0];
    let fit = Gaussian::fit(Points::new(&values, 3, 2).unwrap()).unwrap();
    assert_eq!(fit.mean().as_slice(), [3.0, 20.0]);
    assert_eq!(fit.covariance().as_slice(), [4.0, 10.0, 10.0, 100.0]);
}

#[test]
fn a_fit_far_from_the_origin_keeps_its_digits() {
    let near = [0.0_f32, 1.0, 2.0, 4.0];
    let far = near.map(|v| v + 65536.0);
    let variance =
        |v: &[f32]| Gaussian::fit(Points::new(v, 4, 1).unwrap()).unwrap().covariance()[(0, 0)];
    assert_eq!(variance(&near), variance(&far));
}

#[test]
fn bad_input_is_refused_in_a_sentence() {
    let one = gaussian(&[0.0], DMatrix::identity(1, 1));
    let two = gaussian(&[0.0; 2], DMatrix::identity(2, 2));
    let error = frechet(&one, &two).unwrap_err().to_string();
    assert_eq!(error, "the first set has 1 dimensions and the second 2; expected the same number");
    let lopsided = DMatrix::from_row_slice(2, 2, &[1.0, 0.5, 0.0, 1.0]);
    assert!(matches!(Gaussian::new(DVector::zeros(2), lopsided), Err(Error::Covariance { .. })));
    assert!(matches!(
        Gaussian::new(DVector::zeros(3), DMatrix::zeros(2, 2)),
        Err(Error::Covariance { .. })
    ));
    let nan = Gaussian::new(DVector::from_element(1, f64::NAN), DMatrix::zeros(1, 1));
    assert!(matches!(nan, Err(Error::NotFinite { .. })));
    assert!(matches!(
        Gaussian::new(DVector::zeros(0), DMatrix::zeros(0, 0)),
        Err(Error::NoDimensions)
    ));
    assert!(matches!(Points::new(&[], 3, 0), Err(Error::NoDimensions)));
    assert!(matches!(Points::new(&[0.0; 5], 2, 3), Err(Error::Length { .. })));
    let error = Points::new(&[0.0, 1.0, f32::NAN, 3.0], 2, 2).unwrap_err().to_string();
    assert_eq!(error, "value 0 of point 1 is NaN; expected a finite number");
    assert!(matches!(
        Gaussian::fit(Points::new(&[1.0, 2.0], 1, 2).unwrap()),
        Err(Error::TooFew { needed: 2, count: 1, .. })
    ));
}

const DIM: usize = 6;

prop_compose! {
    /// A Gaussian in six dimensions whose covariance has any rank from 1 to 8 columns' worth.
    fn any_gaussian()(
        mean in prop::collection::vec(-3.0..3.0_f64, DIM),
        entries in (1..=8_usize).prop_flat_map(|k| prop::collection::vec(-2.0..2.0_f64, DIM * k)),
    ) -> Gaussian {
        gaussian(&mean, covariance(DIM, &entries))
    }
}

proptest! {
    #[test]
    fn it_is_the_definition(a in any_gaussian(), b in any_gaussian()) {
        let (found, expected) = (frechet(&a, &b).unwrap(), by_definition(&a, &b));
        // The definition itself loses half the digits where a covariance is singular.
        prop_assert!((found - expected).abs() < 1e-5 * (1.0 + expected), "{found} {expected}");
    }

    #[test]
    fn it_is_zero_between_equals_symmetric_and_not_negative(a in any_gaussian(), b in any_gaussian()) {
        let scale = 1.0 + a.covariance().trace() + b.covariance().trace();
        prop_assert!(frechet(&a, &a).unwrap() < 1e-11 * scale);
        let (ab, ba) = (frechet(&a, &b).unwrap(), frechet(&b, &a).unwrap());
        prop_assert!(ab >= 0.0 && (ab - ba).abs() < 1e-11 * scale, "{ab} {ba}");
    }

    #[test]
    fn rotating_and_moving_both_changes_nothing(
        a in any_gaussian(),
        b in any_gaussian(),
        angles in prop::collection::vec(-3.2..3.2_f64, DIM * (DIM - 1) / 2),
        shift in prop::collection::vec(-9.0..9.0_f64, DIM),
    ) {
        let q = rotation(DIM, &angles);
        let shift = DVector::from_vec(shift);
        let moved = |g: &Gaussian| {
            let c = &q * g.covariance() * q.transpose();
            Gaussian::new(&q * g.mean() + &shift, (&c + c.transpose()) * 0.5).unwrap()
        };
        let (before, after) = (frechet(&a, &b).unwrap(), frechet(&moved(&a), &moved(&b)).unwrap());
        prop_assert!((before - after).abs() < 1e-10 * (1.0 + before + a.covariance().trace()), "{before} {after}");
    }

    #[test]
    fn moving_one_adds_the_squared_way(a in any_gaussian(), shift in prop::collection::vec(-9.0..9.0_f64, DIM)) {
        let shift = DVector::from_vec(shift);
        let moved = Gaussian::new(a.mean() + &shift, a.covariance().clone()).unwrap();
        let (found, expected) = (frechet(&a, &moved).unwrap(), shift.norm_squared());
        prop_assert!((found - expected).abs() < 1e-10 * (1.0 + expected + a.covariance().trace()));
    }
}
