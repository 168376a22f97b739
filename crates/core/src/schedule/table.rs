//! A variance-preserving schedule given by its `alpha_bar` at each timestep: trained betas, tables from files, and the
//! rescaling to zero terminal signal-to-noise ratio (Lin et al. 2024, algorithm 1).
//!
//! Timestep `i` stands at time `(i + 1)/T`; between timesteps `ln alpha_bar` is linear, or `alpha` where it ends at 0.

use serde::{Deserialize, Serialize};

use crate::{Error, Level, Rates, Result, Schedule};

/// Levels by table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parameters", into = "Parameters")]
pub struct Table {
    /// `ln alpha_bar` at times `0, 1/T, …, 1`; the first is 0, the last may be minus infinity.
    logs: Vec<f64>,
}

#[derive(Serialize, Deserialize)]
struct Parameters {
    alpha_bars: Vec<f64>,
}

impl Table {
    /// A table of `alpha_bar` by timestep.
    ///
    /// # Errors
    /// Unless it has an entry and falls strictly, from below 1 to at least 0.
    pub fn new(alpha_bars: &[f64]) -> Result<Self> {
        if alpha_bars.is_empty() {
            let expected = "at least 1";
            return Err(Error::Value {
                name: "number of timesteps",
                found: "0".to_owned(),
                expected,
            });
        }
        let mut logs = vec![0.0];
        for (i, alpha_bar) in alpha_bars.iter().enumerate() {
            let log = alpha_bar.ln();
            // Written so that NaN does not pass either.
            if !(*alpha_bar >= 0.0 && log < logs[i]) {
                let found = format!("{alpha_bar} at timestep {i}");
                let expected = "at least 0 and below the one before";
                return Err(Error::Value { name: "alpha_bar", found, expected });
            }
            logs.push(log);
        }
        Ok(Self { logs })
    }

    /// The table of given betas: `alpha_bar_i = Π_{j ≤ i} (1 − beta_j)`.
    ///
    /// # Errors
    /// As [`Self::new`]: where a beta is not in `(0, 1]`.
    pub fn from_betas(betas: &[f64]) -> Result<Self> {
        let mut log = 0.0;
        let alpha_bars: Vec<f64> = betas
            .iter()
            .map(|beta| {
                log += (-beta).ln_1p();
                f64::exp(log)
            })
            .collect();
        Self::new(&alpha_bars)
    }

    /// The same table with `√alpha_bar` moved and scaled so that the last is 0 and the first stays.
    ///
    /// # Errors
    /// Where there is one timestep only.
    pub fn with_zero_terminal_snr(&self) -> Result<Self> {
        let steps = self.steps();
        if steps == 1 {
            let found = "1".to_owned();
            let expected = "at least 2 to rescale";
            return Err(Error::Value { name: "number of timesteps", found, expected });
        }
        let root = |i: usize| (0.5 * self.logs[i + 1]).exp();
        let (first, last) = (root(0), root(steps - 1));
        let mut moved: Vec<f64> =
            (0..steps).map(|i| ((root(i) - last) * first / (first - last)).powi(2)).collect();
        moved[steps - 1] = 0.0;
        Self::new(&moved)
    }

    /// The entries before and after a time, and the share of the way.
    fn place(&self, t: f64) -> (usize, f64) {
        let position = t.clamp(0.0, 1.0) * self.steps() as f64;
        let below = (position.floor() as usize).min(self.steps() - 1);
        (below, position - below as f64)
    }
}

impl Schedule for Table {
    fn level(&self, t: f64) -> Level {
        let (below, share) = self.place(t);
        let (low, high) = (self.logs[below], self.logs[below + 1]);
        if high.is_infinite() {
            let alpha = (1.0 - share) * (0.5 * low).exp();
            return Level::new(alpha, ((1.0 - alpha) * (1.0 + alpha)).sqrt());
        }
        let log = low + (high - low) * share;
        Level::new((0.5 * log).exp(), (-log.exp_m1()).sqrt())
    }

    fn time(&self, level: Level) -> f64 {
        let log = -level.ratio().powi(2).ln_1p();
        let above = self.logs.partition_point(|&entry| entry > log).clamp(1, self.steps());
        let (low, high) = (self.logs[above - 1], self.logs[above]);
        let share = if high.is_infinite() {
            -(0.5 * (log - low)).exp_m1()
        } else {
            (low - log) / (low - high)
        };
        (((above - 1) as f64 + share) / self.steps() as f64).clamp(0.0, 1.0)
    }

    fn steps(&self) -> usize {
        self.logs.len() - 1
    }

    fn timestep(&self, level: Level) -> f64 {
        (self.time(level) * self.steps() as f64 - 1.0).max(0.0)
    }

    fn rates(&self, t: f64) -> Rates {
        let (below, share) = self.place(t);
        let (low, high) = (self.logs[below], self.logs[below + 1]);
        let per_step = if high.is_infinite() { -2.0 / (1.0 - share) } else { high - low };
        Rates::preserving(self.level(t), per_step * self.steps() as f64)
    }
}

impl TryFrom<Parameters> for Table {
    type Error = Error;

    fn try_from(p: Parameters) -> Result<Self> {
        Self::new(&p.alpha_bars)
    }
}

impl From<Table> for Parameters {
    fn from(table: Table) -> Self {
        Self { alpha_bars: table.logs[1..].iter().map(|log| log.exp()).collect() }
    }
}
