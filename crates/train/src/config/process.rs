//! `[process]`: the noise schedule, what the network predicts, and which noise levels it is trained on.

use langevin_core::{AnySchedule, Prediction};
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::prediction;
use super::schedule::ScheduleConfig;
use super::source::Source;
use crate::Result;
use crate::time_distribution::{LogNormal, LogitNormal, TimeDistribution, Uniform};
use crate::weighting::Weighting;

/// The noise schedule, what the network predicts, and which noise levels it is trained on.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ProcessConfig {
    /// Levels by time.
    pub schedule: ScheduleConfig,
    /// What the network's output means.
    pub prediction: Prediction,
    /// The distribution of training times.
    pub time: TimeDistribution,
    /// How the times of one batch relate.
    pub draws: Draws,
    /// The weight of each level in the loss.
    pub weighting: Weighting,
}

/// How the times of one batch relate to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Draws {
    /// Each image's time is drawn alone.
    Independent,
    /// Image `i` of `n` draws from the `i`-th `n`-th of the distribution, which lowers the variance of the loss without
    /// bias (Kingma et al. 2021, appendix I.1).
    Stratified,
}

impl ProcessConfig {
    pub(super) fn read(source: &mut Source) -> Result<Self> {
        let schedule = ScheduleConfig::read(source)?;
        let draws = [("independent", Draws::Independent), ("stratified", Draws::Stratified)];
        Ok(Self {
            schedule,
            prediction: prediction::read(source, schedule.usual_prediction())?,
            time: time(source, schedule.usual_time())?,
            draws: source.choice("process.draws", &draws)?.unwrap_or(Draws::Independent),
            weighting: weighting(source)?,
        })
    }

    /// The schedule that these settings describe.
    ///
    /// # Errors
    /// Where its numbers make no schedule.
    pub fn schedule(&self) -> Result<AnySchedule> {
        self.schedule.build()
    }
}

fn time(source: &mut Source, usual: TimeDistribution) -> Result<TimeDistribution> {
    let choices = [
        ("uniform", TimeDistribution::Uniform(Uniform)),
        ("logit-normal", TimeDistribution::LogitNormal(LogitNormal::default())),
        ("log-normal", TimeDistribution::LogNormal(LogNormal::default())),
    ];
    let mut chosen = source.choice("process.time", &choices)?.unwrap_or(usual);
    match &mut chosen {
        TimeDistribution::Uniform(Uniform) => {
            source.refuse_keys(
                &["process.time_mean", "process.time_std"],
                "a normal distribution of times",
            )?;
        }
        TimeDistribution::LogitNormal(LogitNormal { mean, std })
        | TimeDistribution::LogNormal(LogNormal { mean, std }) => {
            let positive = "a positive number up to 20";
            *mean = source.number("process.time_mean", *mean, "a number from -20 to 20", |v| {
                v.abs() <= 20.0
            })?;
            *std = source.number("process.time_std", *std, positive, |v| v > 0.0 && v <= 20.0)?;
        }
    }
    Ok(chosen)
}

fn weighting(source: &mut Source) -> Result<Weighting> {
    let gamma = source.number("process.min_snr_gamma", 5.0, "a positive number", |v| v > 0.0)?;
    let choices = [("none", Weighting::None), ("min-snr", Weighting::MinSnr { gamma })];
    let chosen = source.choice("process.weighting", &choices)?.unwrap_or(Weighting::None);
    if chosen == Weighting::None {
        source.refuse_keys(&["process.min_snr_gamma"], "weighting = \"min-snr\"")?;
    }
    Ok(chosen)
}

impl Serialize for ProcessConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.schedule.write(&mut map)?;
        prediction::write(self.prediction, &mut map)?;
        let (time, parameters) = match self.time {
            TimeDistribution::Uniform(Uniform) => ("uniform", None),
            TimeDistribution::LogitNormal(LogitNormal { mean, std }) => {
                ("logit-normal", Some((mean, std)))
            }
            TimeDistribution::LogNormal(LogNormal { mean, std }) => {
                ("log-normal", Some((mean, std)))
            }
        };
        map.serialize_entry("time", time)?;
        if let Some((mean, std)) = parameters {
            map.serialize_entry("time_mean", &mean)?;
            map.serialize_entry("time_std", &std)?;
        }
        map.serialize_entry("draws", &self.draws)?;
        match self.weighting {
            Weighting::None => map.serialize_entry("weighting", "none")?,
            Weighting::MinSnr { gamma } => {
                map.serialize_entry("weighting", "min-snr")?;
                map.serialize_entry("min_snr_gamma", &gamma)?;
            }
        }
        map.end()
    }
}
