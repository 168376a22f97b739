//! The mean of the last losses.

use std::collections::VecDeque;

/// How many losses count.
const LENGTH: usize = 100;

/// The last losses of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recent(VecDeque<f64>);

impl Recent {
    pub(crate) fn push(&mut self, loss: f64) {
        if self.0.len() == LENGTH {
            self.0.pop_front();
        }
        self.0.push_back(loss);
    }

    /// Their mean, where there are any.
    pub(crate) fn mean(&self) -> Option<f64> {
        (!self.0.is_empty()).then(|| self.0.iter().sum::<f64>() / self.0.len() as f64)
    }
}
