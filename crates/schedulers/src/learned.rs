//! Variances that a network outputs beside its prediction, one for each number (Nichol and Dhariwal 2021, §3.1).

use crate::{Call, Error, Result, Sample};

/// How the second half of the network's channels is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Learned {
    /// As the variance itself.
    Variance,
    /// As `v`, −1 to 1, between the logarithms of two variances: `ln variance = (1 + v)/2 · high + (1 − v)/2 · low` (eq. 15).
    Range {
        /// Of the posterior's variance.
        low: f64,
        /// Of `beta`.
        high: f64,
    },
}

/// The output that is read for a state of this many channels, and the learned standard deviation of each number.
pub(crate) fn parts<X: Sample>(call: &Call, output: X, channels: usize) -> Result<(X, Option<X>)> {
    let doubled = output.channels() == 2 * channels;
    match (call.learned, call.channels) {
        (Some(learned), _) if doubled => {
            let (output, learnt) = output.split_channels(channels);
            Ok((output, Some(learnt.deviation(learned))))
        }
        // The step to clean data adds no noise, so that no variance is asked for.
        (Some(_), _) if call.draws == 0 => Ok((output, None)),
        (Some(_), _) => Err(Error::Network(
            "a learned variance needs a network that outputs it beside its prediction".to_owned(),
        )),
        (None, Some(_)) if output.channels() > channels => Ok((output.split_channels(channels).0, None)),
        (None, None) if doubled => Err(Error::Network(
            "the network outputs a variance beside its prediction, which this scheduler does not read; DDPMScheduler \
             does, where variance_type is learned or learned_range"
                .to_owned(),
        )),
        (None, _) => Ok((output, None)),
    }
}
