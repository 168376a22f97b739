//! The time a run has used, over all its sittings, and the share of the run that is over.

use std::time::Instant;

use crate::config::Length;

/// Weight of the newest step in the averaged step time.
const NEWEST: f64 = 0.05;

/// Measures a run.
#[derive(Debug)]
pub(crate) struct Clock {
    length: Length,
    /// Seconds of earlier sittings.
    before: f64,
    started: Instant,
    /// Averaged seconds of one step.
    step_seconds: Option<f64>,
    /// Seconds that the end of the run will take, measured when the same was done before.
    closing_seconds: f64,
}

impl Clock {
    /// Starts a sitting after `before` seconds of earlier ones.
    pub(crate) fn start(length: Length, before: f64) -> Self {
        Self { length, before, started: Instant::now(), step_seconds: None, closing_seconds: 0.0 }
    }

    /// Seconds of training so far.
    pub(crate) fn seconds(&self) -> f64 {
        self.before + self.sitting()
    }

    /// Seconds of this sitting.
    pub(crate) fn sitting(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Notes what one step took.
    pub(crate) fn step_took(&mut self, seconds: f64) {
        let average = self.step_seconds.map_or(seconds, |old| old + NEWEST * (seconds - old));
        self.step_seconds = Some(average);
    }

    /// Notes how long saving and drawing took, which the end of the run will do once more.
    pub(crate) fn closing_takes(&mut self, seconds: f64) {
        self.closing_seconds = seconds;
    }

    /// Averaged seconds of one step.
    pub(crate) fn step_seconds(&self) -> f64 {
        self.step_seconds.unwrap_or(0.0)
    }

    /// The share of the run that is over after `step` steps, 0 to 1: a pure function of `step` where the run has a
    /// fixed number of steps.
    pub(crate) fn progress(&self, step: u64) -> f64 {
        match self.length {
            Length::Steps(steps) => (step as f64 / steps as f64).min(1.0),
            Length::Minutes(minutes) => {
                let available = (60.0 * minutes - self.closing_seconds).max(f64::MIN_POSITIVE);
                (self.seconds() / available).min(1.0)
            }
        }
    }

    /// Whether another step would go beyond the run's length.
    pub(crate) fn over(&self, step: u64) -> bool {
        match self.length {
            Length::Steps(steps) => step >= steps,
            Length::Minutes(minutes) => {
                self.seconds() + self.step_seconds() + self.closing_seconds > 60.0 * minutes
            }
        }
    }

    /// Estimated seconds to the end of the run.
    pub(crate) fn seconds_left(&self, step: u64) -> f64 {
        match self.length {
            Length::Steps(steps) => {
                steps.saturating_sub(step) as f64 * self.step_seconds() + self.closing_seconds
            }
            Length::Minutes(minutes) => (60.0 * minutes - self.seconds()).max(0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_of_a_counted_run_is_its_share_of_steps() {
        let clock = Clock::start(Length::Steps(8), 123.0);
        assert_eq!([0, 2, 8, 9].map(|step| clock.progress(step)), [0.0, 0.25, 1.0, 1.0]);
        assert!(!clock.over(7) && clock.over(8));
    }

    #[test]
    fn a_timed_run_leaves_room_for_its_last_step_and_its_end() {
        let mut clock = Clock::start(Length::Minutes(1.0), 54.0);
        assert!((clock.progress(0) - 0.9).abs() < 0.01);
        assert!(!clock.over(10));
        clock.step_took(4.0);
        assert!(!clock.over(10));
        clock.closing_takes(3.0);
        // 54 s used, 4 s for the step, 3 s for the end: one second too many.
        assert!(clock.over(10));
        assert!((clock.progress(0) - 54.0 / 57.0).abs() < 0.01);
        assert!((clock.seconds_left(10) - 6.0).abs() < 0.5);
    }
}
