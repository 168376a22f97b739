//! How probable data are under a diffusion model, in nats: bounds, exact densities along the probability-flow ODE, and
//! densities of discrete data.
//!
//! | what | type | exact where |
//! |---|---|---|
//! | bound of the discrete chain, term by term | [`DdpmBound`] | the reverse steps are the true posterior (Gaussian data) |
//! | bound of continuous time | [`VdmBound`] | the denoiser is exact, up to the prior and the first level |
//! | density along the flow | [`FlowDensity`] | the denoiser and the trace are exact |
//! | discrete data | [`Dequantisation`] | the noise has the posterior's density |
//! | several draws | [`importance_weighted`] | in the limit of many |

mod ddpm_bound;
mod dequantisation;
mod discretised_decoder;
mod exact_trace;
mod finite_difference;
mod flow_density;
mod hutchinson;
mod importance_weighted;
mod jacobian;
mod logit_normal;
mod mixture_jacobian;
mod normal_interval;
mod reverse_variance;
mod uniform_dequantisation;
mod vdm_bound;

pub use ddpm_bound::{DdpmBound, Terms};
pub use dequantisation::{Dequantisation, Noised};
pub use discretised_decoder::DiscretisedDecoder;
pub use exact_trace::ExactTrace;
pub use finite_difference::FiniteDifference;
pub use flow_density::{Encoded, FlowDensity};
pub use hutchinson::{Hutchinson, Probe};
pub use importance_weighted::importance_weighted;
pub use jacobian::{Divergence, Jacobian};
pub use logit_normal::LogitNormal;
pub use normal_interval::{log_normal_interval, log_normal_tail};
pub use reverse_variance::{
    FixedVariance, InterpolatedVariance, OptimalVariance, ReverseVariance, posterior_variance,
};
pub use uniform_dequantisation::UniformDequantisation;
pub use vdm_bound::VdmBound;

/// Nats of a whole sample as bits for each of its numbers.
pub fn bits_per_dimension(nats: f64, dimensions: usize) -> f64 {
    nats / (dimensions as f64 * std::f64::consts::LN_2)
}

/// `ln N(x; mean, variance)` of one number.
fn log_normal(x: f64, mean: f64, variance: f64) -> f64 {
    -0.5 * ((x - mean).powi(2) / variance + (std::f64::consts::TAU * variance).ln())
}

/// `KL(N(mean, variance) ‖ N(0, prior))` of one number; `0.5 (r − 1 − ln r)` with `r` the variances' quotient keeps its
/// digits where both are nearly equal.
fn kl_normal(mean: f64, variance: f64, prior: f64) -> f64 {
    let excess = variance / prior - 1.0;
    0.5 * (mean * mean / prior + excess - excess.ln_1p())
}
