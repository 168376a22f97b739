//! All that a solver may do to a state: linear combinations.

use crate::{Error, Result};

/// Something with a scale and a sum: numbers, vectors, tensors.
pub trait State: Clone {
    /// `Σ cᵢ · xᵢ` over the terms `(cᵢ, xᵢ)`; terms with `cᵢ = 0` do not contribute, whatever their numbers.
    ///
    /// # Errors
    /// Where shapes differ, or there is no term.
    fn combine(terms: &[(f64, &Self)]) -> Result<Self>;
}

fn no_terms() -> Error {
    Error::Value { name: "number of terms", found: "0".to_owned(), expected: "at least 1" }
}

impl State for f64 {
    fn combine(terms: &[(f64, &Self)]) -> Result<Self> {
        if terms.is_empty() {
            return Err(no_terms());
        }
        Ok(terms.iter().filter(|(c, _)| *c != 0.0).map(|(c, x)| c * **x).sum())
    }
}

macro_rules! vector_state {
    ($number:ty) => {
        impl State for Vec<$number> {
            fn combine(terms: &[(f64, &Self)]) -> Result<Self> {
                let size = terms.first().ok_or_else(no_terms)?.1.len();
                if let Some((_, x)) = terms.iter().find(|(_, x)| x.len() != size) {
                    return Err(Error::Shapes(size, x.len()));
                }
                let terms: Vec<_> = terms
                    .iter()
                    .filter(|(c, _)| *c != 0.0)
                    .map(|&(c, x)| (c as $number, x))
                    .collect();
                // One pass for the usual numbers of terms.
                Ok(match terms[..] {
                    [] => vec![0.0; size],
                    [(a, x)] => x.iter().map(|x| a * x).collect(),
                    [(a, x), (b, y)] => x.iter().zip(y).map(|(x, y)| a * x + b * y).collect(),
                    [(a, x), (b, y), (c, z), ref rest @ ..] => {
                        let three = x.iter().zip(y).zip(z).map(|((x, y), z)| a * x + b * y + c * z);
                        let mut sum: Vec<_> = three.collect();
                        for (c, x) in rest {
                            sum.iter_mut().zip(*x).for_each(|(sum, x)| *sum += c * x);
                        }
                        sum
                    }
                })
            }
        }
    };
}

vector_state!(f32);
vector_state!(f64);

#[cfg(feature = "burn")]
impl<const D: usize> State for burn::tensor::Tensor<D> {
    fn combine(terms: &[(f64, &Self)]) -> Result<Self> {
        let first = terms.first().ok_or_else(no_terms)?.1;
        if let Some((_, x)) = terms.iter().find(|(_, x)| x.dims() != first.dims()) {
            return Err(Error::Shapes(first.dims().iter().product(), x.dims().iter().product()));
        }
        let scaled = |c: f64, x: &Self| if c == 1.0 { x.clone() } else { x.clone() * c };
        let mut terms = terms.iter().filter(|(c, _)| *c != 0.0).map(|&(c, x)| scaled(c, x));
        let Some(sum) = terms.next() else { return Ok(first.zeros_like()) };
        Ok(terms.fold(sum, |sum, x| sum + x))
    }
}
