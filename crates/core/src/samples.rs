//! States whose numbers can be read, sample by sample: what norms, quantiles and likelihoods need beyond sums.

use crate::{Error, Result, State};

/// A state that holds one sample or a batch of samples of equal size.
///
/// Solvers never ask for this; guidance that measures a norm does, and so do likelihoods.
pub trait Samples: State {
    /// How many samples the state holds, at least 1; each has the same share of the numbers.
    fn samples(&self) -> usize;

    /// All numbers, one sample after another.
    ///
    /// # Errors
    /// What keeps them from being read.
    fn numbers(&self) -> Result<Vec<f64>>;

    /// A state of the same shape and precision with these numbers.
    ///
    /// # Errors
    /// Where their count differs.
    fn like(&self, numbers: Vec<f64>) -> Result<Self>;

    /// `Σ f(xᵢ, yᵢ)` over the numbers of each sample.
    ///
    /// # Errors
    /// Where the states differ in size.
    fn sum_pairs(&self, other: &Self, f: impl Fn(f64, f64) -> f64) -> Result<Vec<f64>> {
        let (x, y) = (self.numbers()?, other.numbers()?);
        if x.len() != y.len() {
            return Err(Error::Shapes(x.len(), y.len()));
        }
        let size = (x.len() / self.samples()).max(1);
        let pairs = x.chunks(size).zip(y.chunks(size));
        Ok(pairs.map(|(x, y)| x.iter().zip(y).map(|(x, y)| f(*x, *y)).sum()).collect())
    }

    /// Each sample multiplied by its own factor.
    ///
    /// # Errors
    /// Where there is not one factor for each sample.
    fn scaled(&self, factors: &[f64]) -> Result<Self> {
        if factors.len() != self.samples() {
            return Err(Error::Shapes(self.samples(), factors.len()));
        }
        let mut numbers = self.numbers()?;
        let size = (numbers.len() / factors.len()).max(1);
        for (sample, factor) in numbers.chunks_mut(size).zip(factors) {
            sample.iter_mut().for_each(|x| *x *= factor);
        }
        self.like(numbers)
    }
}

impl Samples for f64 {
    fn samples(&self) -> usize {
        1
    }

    fn numbers(&self) -> Result<Vec<f64>> {
        Ok(vec![*self])
    }

    fn like(&self, numbers: Vec<f64>) -> Result<Self> {
        match numbers[..] {
            [x] => Ok(x),
            _ => Err(Error::Shapes(1, numbers.len())),
        }
    }
}

macro_rules! vector_samples {
    ($number:ty) => {
        /// One sample.
        impl Samples for Vec<$number> {
            fn samples(&self) -> usize {
                1
            }

            fn numbers(&self) -> Result<Vec<f64>> {
                Ok(self.iter().map(|&x| f64::from(x)).collect())
            }

            fn like(&self, numbers: Vec<f64>) -> Result<Self> {
                if numbers.len() != self.len() {
                    return Err(Error::Shapes(self.len(), numbers.len()));
                }
                Ok(numbers.into_iter().map(|x| x as $number).collect())
            }
        }
    };
}

vector_samples!(f32);
vector_samples!(f64);

/// The first dimension counts the samples.
#[cfg(feature = "burn")]
impl<const D: usize> Samples for burn::tensor::Tensor<D> {
    fn samples(&self) -> usize {
        self.dims().first().copied().unwrap_or(1).max(1)
    }

    fn numbers(&self) -> Result<Vec<f64>> {
        Ok(self.clone().into_data().iter::<f64>().collect())
    }

    fn like(&self, numbers: Vec<f64>) -> Result<Self> {
        let size = self.dims().iter().product();
        if numbers.len() != size {
            return Err(Error::Shapes(size, numbers.len()));
        }
        let data = burn::tensor::TensorData::new(numbers, self.dims());
        Ok(Self::from_data(data, (&self.device(), self.dtype())))
    }
}
