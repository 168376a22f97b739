//! `State::combine`: sums of scaled states, terms that do not count, and shapes that do not match.

use langevin_core::{Error, State};
use proptest::prelude::*;

proptest! {
    /// Any number of terms: the sum of the products, to rounding.
    #[test]
    fn combinations_are_sums(
        terms in prop::collection::vec((-3.0..3.0, prop::array::uniform4(-10.0..10.0)), 1..7),
    ) {
        let exact: Vec<f64> =
            (0..4).map(|i| terms.iter().map(|(c, x)| c * x[i]).sum()).collect();
        let wide: Vec<(f64, Vec<f64>)> = terms.iter().map(|(c, x)| (*c, x.to_vec())).collect();
        let narrow: Vec<(f64, Vec<f32>)> =
            terms.iter().map(|(c, x)| (*c, x.map(|x| x as f32).to_vec())).collect();
        let wide = Vec::combine(&wide.iter().map(|(c, x)| (*c, x)).collect::<Vec<_>>()).unwrap();
        let narrow = Vec::combine(&narrow.iter().map(|(c, x)| (*c, x)).collect::<Vec<_>>()).unwrap();
        for i in 0..4 {
            let number = f64::combine(&terms.iter().map(|(c, x)| (*c, &x[i])).collect::<Vec<_>>()).unwrap();
            prop_assert!((number - exact[i]).abs() < 1e-13);
            prop_assert!((wide[i] - exact[i]).abs() < 1e-13);
            prop_assert!((f64::from(narrow[i]) - exact[i]).abs() < 1e-4);
        }
    }
}

#[test]
fn a_zero_coefficient_ignores_its_state() {
    let bad = [f64::NAN, f64::INFINITY];
    for bad in bad {
        assert_eq!(f64::combine(&[(0.0, &bad), (2.0, &3.0)]), Ok(6.0));
        assert_eq!(f64::combine(&[(0.0, &bad)]), Ok(0.0));
        let (wide, narrow) = (vec![bad; 2], vec![bad as f32; 2]);
        // One place for the bad state in sums of one to five terms.
        for others in 0..5 {
            for place in 0..=others {
                let (x, y) = (vec![1.0, 2.0], vec![1.0f32, 2.0]);
                let mut terms = vec![(1.0, &x); others];
                terms.insert(place, (0.0, &wide));
                let n = others as f64;
                assert_eq!(Vec::combine(&terms), Ok(vec![n, 2.0 * n]));
                let mut terms = vec![(1.0, &y); others];
                terms.insert(place, (-0.0, &narrow));
                assert_eq!(Vec::combine(&terms), Ok(vec![n as f32, 2.0 * n as f32]));
            }
        }
    }
}

#[test]
fn other_coefficients_do_not() {
    assert!(f64::combine(&[(1.0, &f64::NAN)]).unwrap().is_nan());
    assert!(Vec::combine(&[(1e-9, &vec![f32::NAN])]).unwrap()[0].is_nan());
}

#[test]
fn shapes_must_match() {
    let (two, three) = (vec![1.0, 2.0], vec![1.0, 2.0, 3.0]);
    assert_eq!(Vec::combine(&[(1.0, &two), (1.0, &three)]), Err(Error::Shapes(2, 3)));
    // Also where the coefficient is 0: a wrong shape is a mistake of the caller.
    assert_eq!(Vec::combine(&[(1.0, &two), (0.0, &three)]), Err(Error::Shapes(2, 3)));
    let (one, none) = (vec![1.0f32], vec![]);
    let error = Vec::combine(&[(1.0, &one), (1.0, &none)]).unwrap_err();
    assert_eq!(error.to_string(), "states of 1 and 0 numbers cannot be combined");
}

#[test]
fn no_terms_are_an_error() {
    for error in [
        f64::combine(&[]).unwrap_err(),
        Vec::<f64>::combine(&[]).unwrap_err(),
        Vec::<f32>::combine(&[]).unwrap_err(),
    ] {
        assert!(error.to_string().contains("number of terms"), "{error}");
    }
}

#[test]
fn empty_states_are_states() {
    assert_eq!(Vec::<f32>::combine(&[(1.0, &vec![]), (2.0, &vec![])]), Ok(vec![]));
}
