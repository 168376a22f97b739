//! Hutchinson's estimate of a trace: `tr J = E[vᵀ J v]` for any `v` with `E[v vᵀ] = 1` (Hutchinson 1989; for flows,
//! Grathwohl et al. 2019).

use super::{Divergence, Jacobian};
use crate::rng::Philox;
use crate::{Level, Result, Samples};

/// Purpose number of the probes' random stream.
const PURPOSE: u64 = 0x7ACE;

/// How the probing vectors are distributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Signs; the variance is `2 (‖J‖² − Σ Jᵢᵢ²)` for symmetric `J`, so a diagonal `J` is exact.
    Rademacher,
    /// Standard normal; the variance is `2 ‖J‖²` for symmetric `J`.
    Gaussian,
}

/// The mean of `vᵀ J v` over a few probes, which are the same at every level: an integral of it has no noise of its own,
/// so solvers keep their order, and its expectation is the integral of the trace.
#[derive(Clone, Copy, Debug)]
pub struct Hutchinson<D> {
    denoiser: D,
    probe: Probe,
    probes: usize,
    seed: u64,
}

impl<D> Hutchinson<D> {
    /// `probes` (at least 1) vectors per evaluation, named by `seed`.
    pub fn new(denoiser: D, probe: Probe, probes: usize, seed: u64) -> Self {
        Self { denoiser, probe, probes: probes.max(1), seed }
    }
}

impl<X: Samples, D: Jacobian<X>> Divergence<X> for Hutchinson<D> {
    fn denoise_with_trace(&self, x: &X, at: Level) -> Result<(X, Vec<f64>)> {
        let clean = self.denoiser.denoise(x, at)?;
        let size = x.numbers()?.len();
        let mut traces = vec![0.0; x.samples()];
        for index in 0..self.probes {
            let mut random = Philox::new(self.seed, PURPOSE, index as u64);
            let mut draw = || match self.probe {
                Probe::Rademacher => f64::from(random.next_u32() & 1) * 2.0 - 1.0,
                Probe::Gaussian => random.normal(),
            };
            let v = x.like((0..size).map(|_| draw()).collect())?;
            let estimate = v.sum_pairs(&self.denoiser.product(x, &v, at)?, |v, jv| v * jv)?;
            for (trace, one) in traces.iter_mut().zip(estimate) {
                *trace += one / self.probes as f64;
            }
        }
        Ok((clean, traces))
    }
}
