//! Several estimates of one state, which a model may compute in one batched forward pass.

use std::marker::PhantomData;

use crate::{Denoiser, Level, Result};

/// `N` denoisers of the same state: conditional and unconditional, strong and weak, positive and negative.
///
/// Tuples and arrays of denoisers are branches that are evaluated one after the other. A model implements
/// [`all`](Self::all) with the state repeated `N` times along its batch, so that guidance costs one forward pass.
pub trait Branches<X, const N: usize> {
    /// The estimate of branch `index` alone.
    ///
    /// # Errors
    /// What the denoiser returns.
    ///
    /// # Panics
    /// Where `index` is not below `N`.
    fn one(&self, index: usize, x: &X, at: Level) -> Result<X>;

    /// The estimates of all branches.
    ///
    /// # Errors
    /// What the denoisers return.
    fn all(&self, x: &X, at: Level) -> Result<[X; N]>;
}

impl<X, B: Branches<X, N> + ?Sized, const N: usize> Branches<X, N> for &B {
    fn one(&self, index: usize, x: &X, at: Level) -> Result<X> {
        (**self).one(index, x, at)
    }

    fn all(&self, x: &X, at: Level) -> Result<[X; N]> {
        (**self).all(x, at)
    }
}

impl<X, A: Denoiser<X>, B: Denoiser<X>> Branches<X, 2> for (A, B) {
    fn one(&self, index: usize, x: &X, at: Level) -> Result<X> {
        match index {
            0 => self.0.denoise(x, at),
            1 => self.1.denoise(x, at),
            _ => panic!("branch {index} of 2"),
        }
    }

    fn all(&self, x: &X, at: Level) -> Result<[X; 2]> {
        Ok([self.0.denoise(x, at)?, self.1.denoise(x, at)?])
    }
}

impl<X, D: Denoiser<X>, const N: usize> Branches<X, N> for [D; N] {
    fn one(&self, index: usize, x: &X, at: Level) -> Result<X> {
        self[index].denoise(x, at)
    }

    fn all(&self, x: &X, at: Level) -> Result<[X; N]> {
        let all = self.iter().map(|d| d.denoise(x, at)).collect::<Result<Vec<X>>>()?;
        Ok(all.try_into().unwrap_or_else(|_| unreachable!("one estimate for each branch")))
    }
}

/// One of the branches as a denoiser of its own.
#[derive(Clone, Copy, Debug)]
pub struct Branch<X, B, const N: usize> {
    branches: B,
    index: usize,
    state: PhantomData<fn(&X)>,
}

impl<X, B: Branches<X, N>, const N: usize> Branch<X, B, N> {
    /// Branch `index` of `branches`.
    ///
    /// # Panics
    /// Where `index` is not below `N`.
    pub fn new(branches: B, index: usize) -> Self {
        assert!(index < N, "branch {index} of {N}");
        Self { branches, index, state: PhantomData }
    }
}

impl<X, B: Branches<X, N>, const N: usize> Denoiser<X> for Branch<X, B, N> {
    fn denoise(&self, x: &X, at: Level) -> Result<X> {
        self.branches.one(self.index, x, at)
    }
}
