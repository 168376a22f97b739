//! The sliced Wasserstein distance against closed forms between Gaussians.

use langevin_core::rng::Philox;
use langevin_eval::{Error, Points, sliced_wasserstein, wasserstein_1d_squared};
use proptest::prelude::*;

fn normals(seed: u64, count: usize, mean: &[f32], std: &[f32]) -> Vec<f32> {
    let mut values = vec![0.0; count * mean.len()];
    Philox::new(seed, 0, 0).fill_normal(&mut values);
    for point in values.chunks_mut(mean.len()) {
        point.iter_mut().zip(mean.iter().zip(std)).for_each(|(v, (m, s))| *v = m + s * *v);
    }
    values
}

fn sliced(a: &[f32], b: &[f32], dim: usize, projections: usize) -> f64 {
    let points = |v| Points::new(v, v.len() / dim, dim).unwrap();
    sliced_wasserstein(points(a), points(b), projections, 5).unwrap()
}

/// Means and covariances of two sets, and what their Gaussians' distance would be on each of many directions:
/// `SW₂² = E_θ [(θᵀ(m₁ − m₂))² + (√(θᵀC₁θ) − √(θᵀC₂θ))²]`, in two dimensions by quadrature over the circle.
fn closed_form_2d(m: [f64; 2], s1: [f64; 2], s2: [f64; 2]) -> f64 {
    let steps = 10_000;
    let term = |i: usize| {
        let angle = std::f64::consts::TAU * (i as f64 + 0.5) / f64::from(steps);
        let (y, x) = angle.sin_cos();
        let spread = |s: [f64; 2]| (x * s[0]).hypot(y * s[1]);
        (x * m[0] + y * m[1]).powi(2) + (spread(s1) - spread(s2)).powi(2)
    };
    ((0..steps as usize).map(term).sum::<f64>() / f64::from(steps)).sqrt()
}

#[test]
fn gaussians_in_the_plane_have_a_closed_form() {
    // The errors of 10,000 points and of 1,000 directions are about 1 % each.
    let a = normals(1, 10_000, &[2.0, -1.0], &[1.0, 3.0]);
    let b = normals(2, 10_000, &[0.0, 0.5], &[2.0, 0.5]);
    let expected = closed_form_2d([2.0, -1.5], [1.0, 3.0], [2.0, 0.5]);
    let found = sliced(&a, &b, 2, 1_000);
    assert!((found / expected - 1.0).abs() < 0.03, "{found} {expected}");
}

#[test]
fn isotropic_gaussians_in_many_dimensions_have_a_closed_form() {
    // E (θᵀm)² = |m|²/d, so SW₂² = |m|²/d + (s₁ − s₂)²; the counts differ.
    let dim = 40;
    let a = normals(3, 8_000, &vec![0.0; dim], &vec![1.0; dim]);
    let b = normals(4, 6_000, &vec![0.5; dim], &vec![1.5; dim]);
    let expected = (0.25_f64 + 0.25).sqrt();
    let found = sliced(&a, &b, dim, 500);
    assert!((found / expected - 1.0).abs() < 0.03, "{found} {expected}");
}

#[test]
fn one_dimension_is_exact() {
    // Every direction of the line is ±1, so slicing loses nothing: quantiles of two Gaussians, |Δm|² + |Δs|².
    let grid: Vec<f32> = (0..501).map(|i| (i as f32 - 250.0) / 100.0).collect();
    let wider: Vec<f32> = grid.iter().map(|v| 3.0 + 2.0 * v).collect();
    let variance = grid.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / 501.0;
    let found = sliced(&grid, &wider, 1, 3);
    assert!((found - (9.0 + variance).sqrt()).abs() < 1e-5, "{found}");
}

#[test]
fn the_same_seed_gives_the_same_bits_at_any_thread_count() {
    let a = normals(5, 700, &[0.0; 30], &[1.0; 30]);
    let b = normals(6, 500, &[0.1; 30], &[1.0; 30]);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| sliced(&a, &b, 30, 100)).to_bits()
    };
    assert_eq!(run(1), run(3));
    let (a, b) = (Points::new(&a, 700, 30).unwrap(), Points::new(&b, 500, 30).unwrap());
    assert_ne!(sliced_wasserstein(a, b, 100, 6).unwrap().to_bits(), run(1));
}

#[test]
fn unequal_counts_couple_quantiles() {
    // {0, 1} against {0, 0, 3}: quantiles differ by 0 on [0, ½), 1 on [½, ⅔), 2 on [⅔, 1).
    let expected = (1.0 / 6.0) + 4.0 / 3.0;
    assert!((wasserstein_1d_squared(&[0.0, 1.0], &[0.0, 0.0, 3.0]) - expected).abs() < 1e-15);
}

#[test]
fn bad_input_is_refused() {
    let (line, plane) =
        (Points::new(&[1.0, 2.0], 2, 1).unwrap(), Points::new(&[1.0, 2.0], 1, 2).unwrap());
    let none = Points::new(&[], 0, 1).unwrap();
    assert!(matches!(
        sliced_wasserstein(line, plane, 1, 0),
        Err(Error::Dimensions { first: 1, second: 2 })
    ));
    assert!(matches!(sliced_wasserstein(line, line, 0, 0), Err(Error::NoProjections)));
    assert!(matches!(sliced_wasserstein(line, none, 1, 0), Err(Error::TooFew { .. })));
}

/// Ascending values, at least one.
fn ascending() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-5.0..5.0_f64, 1..40).prop_map(|mut v| {
        v.sort_unstable_by(f64::total_cmp);
        v
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn repeating_every_value_changes_nothing(a in ascending(), b in ascending(), k in 1..6_usize) {
        // The empirical distribution is the same, so equal and unequal counts must agree.
        let repeated: Vec<f64> = a.iter().flat_map(|&v| vec![v; k * b.len()]).collect();
        let other: Vec<f64> = b.iter().flat_map(|&v| vec![v; k * a.len()]).collect();
        let found = wasserstein_1d_squared(&a, &b);
        let plain = repeated.iter().zip(&other).map(|(a, b)| (a - b).powi(2)).sum::<f64>() / repeated.len() as f64;
        prop_assert!((found - plain).abs() < 1e-12 * (1.0 + plain), "{found} {plain}");
        prop_assert!((found - wasserstein_1d_squared(&b, &a)).abs() < 1e-12 * (1.0 + plain));
        prop_assert_eq!(wasserstein_1d_squared(&a, &a), 0.0);
    }

    #[test]
    fn moving_a_set_costs_the_way_along_each_direction(shift in prop::collection::vec(-4.0..4.0_f32, 3)) {
        // For every θ the distance is (θᵀv)², whose mean is |v|²/3.
        let a = normals(7, 20, &[0.0; 3], &[1.0; 3]);
        let b: Vec<f32> = a.chunks(3).flat_map(|p| p.iter().zip(&shift).map(|(p, s)| p + s).collect::<Vec<_>>()).collect();
        let expected = (shift.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / 3.0).sqrt();
        prop_assert!((sliced(&a, &b, 3, 1_000) - expected).abs() < 0.09 * expected + 1e-5);
    }
}
