//! The size of an error against tolerances: `√(mean ((e/(atol + rtol · max(|a|, |b|)))²))`
//! (Hairer, Nørsett and Wanner 1993, eq. II.4.11).

use crate::State;

/// A state whose errors can be measured.
pub trait Scaled: State {
    /// The root mean square of `error` over the tolerance at `a` and `b`, of the same shape; 1 is just good enough.
    fn scaled(error: &Self, a: &Self, b: &Self, absolute: f64, relative: f64) -> f64;
}

impl Scaled for f64 {
    fn scaled(error: &Self, a: &Self, b: &Self, absolute: f64, relative: f64) -> f64 {
        (error / (absolute + relative * a.abs().max(b.abs()))).abs()
    }
}

macro_rules! vector {
    ($number:ty) => {
        impl Scaled for Vec<$number> {
            fn scaled(error: &Self, a: &Self, b: &Self, absolute: f64, relative: f64) -> f64 {
                let terms = error.iter().zip(a).zip(b).map(|((e, a), b)| {
                    let size = f64::from(a.abs().max(b.abs()));
                    (f64::from(*e) / (absolute + relative * size)).powi(2)
                });
                (terms.sum::<f64>() / error.len().max(1) as f64).sqrt()
            }
        }
    };
}

vector!(f32);
vector!(f64);
