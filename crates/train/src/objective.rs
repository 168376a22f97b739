//! What the network is trained to do: from clean images to the noisy input, its levels and the regression target.
//!
//! `x = alpha · clean + sigma · noise` and `target = a · clean + b · noise`, with the level of each image drawn by the
//! time distribution and `(a, b)` the row of the prediction; the loss is the (weighted) mean squared error.
//! Everything random is a pure function of (seed, draw), where each batch has its own draw number.

use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::rng::Philox;
use langevin_core::{AnySchedule, Level, Prediction, Schedule};

use crate::Result;
use crate::config::{Draws, ProcessConfig};
use crate::time_distribution::TimeDistribution;
use crate::weighting::Weighting;

/// Purposes of random streams, in ASCII.
const TIMES: u64 = u32::from_be_bytes(*b"time") as u64;
const NOISE: u64 = u32::from_be_bytes(*b"nois") as u64;

/// The regression that a network is trained on.
#[derive(Clone, Debug)]
pub struct Objective {
    schedule: AnySchedule,
    /// Of a discrete schedule.
    timesteps: Option<usize>,
    prediction: Prediction,
    time: TimeDistribution,
    draws: Draws,
    weighting: Weighting,
}

/// A batch as the network meets it.
#[derive(Clone, Debug, PartialEq)]
pub struct NoisyBatch {
    /// `alpha · clean + sigma · noise`, one image after the other.
    pub x: Vec<f32>,
    /// `a · clean + b · noise`.
    pub target: Vec<f32>,
    /// The level of each image.
    pub levels: Vec<Level>,
    /// The factor of each image's squared error.
    pub weights: Vec<f32>,
}

impl Objective {
    /// The objective of a configuration.
    ///
    /// # Errors
    /// Where the schedule's numbers make no schedule.
    pub fn new(config: &ProcessConfig) -> Result<Self> {
        Ok(Self {
            schedule: config.schedule()?,
            timesteps: config.schedule.timesteps(),
            prediction: config.prediction,
            time: config.time,
            draws: config.draws,
            weighting: config.weighting,
        })
    }

    /// The levels of `images` images: batch number `draw` of the run with this seed.
    pub fn levels(&self, images: usize, seed: u64, draw: u64) -> Vec<Level> {
        let mut stream = Philox::new(seed, TIMES, draw);
        let level = |i: usize| {
            // Never 0: the quantiles of some distributions have no value there.
            let u = stream.uniform().max(f64::EPSILON / 2.0);
            let u = match self.draws {
                Draws::Independent => u,
                Draws::Stratified => (i as f64 + u) / images as f64,
            };
            self.level(self.time.quantile(u, &self.schedule))
        };
        (0..images).map(level).collect()
    }

    /// The level at time `t`; a discrete schedule is trained at its integer timesteps, `i` for `t` in `[i/T, (i+1)/T)`.
    fn level(&self, t: f64) -> Level {
        let t = match self.timesteps {
            None => t,
            Some(steps) => {
                self.schedule.time_of_timestep((t * steps as f64).floor().min(steps as f64 - 1.0))
            }
        };
        self.schedule.level(t)
    }

    /// Adds noise to `clean`, equally long images one after the other: batch number `draw` of the run with this seed.
    pub fn noisy(&self, clean: &[f32], images: usize, seed: u64, draw: u64) -> NoisyBatch {
        let levels = self.levels(images, seed, draw);
        let mut noise = vec![0.0; clean.len()];
        Philox::new(seed, NOISE, draw).fill_normal(&mut noise);
        let mut x = Vec::with_capacity(clean.len());
        let size = clean.len() / images.max(1);
        for ((level, clean), noise) in
            levels.iter().zip(clean.chunks(size)).zip(noise.chunks_mut(size))
        {
            let (alpha, sigma) = (level.alpha as f32, level.sigma as f32);
            let (a, b) = self.prediction.target(*level);
            let (a, b) = (a as f32, b as f32);
            x.extend(clean.iter().zip(&*noise).map(|(c, n)| alpha * c + sigma * n));
            noise.iter_mut().zip(clean).for_each(|(n, c)| *n = a * c + b * *n);
        }
        let weights = levels
            .iter()
            .map(|&level| self.weighting.weight(level, self.prediction) as f32)
            .collect();
        NoisyBatch { x, target: noise, levels, weights }
    }
}

impl NoisyBatch {
    /// The mean over the batch of the weighted squared error of `output [N, C, H, W]`.
    pub fn loss(&self, output: Tensor<4>, device: &Device) -> Tensor<1> {
        let shape = output.dims();
        let target = Tensor::<4>::from_data(TensorData::new(self.target.clone(), shape), device);
        let mut error = (output - target).square();
        if self.weights.iter().any(|&w| w != 1.0) {
            let weights = TensorData::new(self.weights.clone(), [shape[0], 1, 1, 1]);
            error = error * Tensor::<4>::from_data(weights, device);
        }
        error.mean()
    }
}

#[cfg(test)]
mod tests {
    use langevin_core::RectifiedFlow;

    use super::*;
    use crate::config::TrainConfig;

    fn objective(process: &str) -> Objective {
        let text = format!("[data]\nsource = \"digits\"\n[process]\n{process}\n");
        Objective::new(&TrainConfig::from_toml(&text, &[]).unwrap().process).unwrap()
    }

    #[test]
    fn target_and_input_give_the_clean_image_back() {
        let clean: Vec<f32> = (0..32).map(|i| (i as f32 * 0.7).sin()).collect();
        for process in [
            "schedule = \"ddpm-linear\"",
            "schedule = \"ddpm-linear\"\nprediction = \"v\"",
            "schedule = \"cosine\"\nprediction = \"x0\"",
            "schedule = \"rectified-flow\"",
            "schedule = \"edm\"",
        ] {
            let objective = objective(process);
            let batch = objective.noisy(&clean, 8, 5, 3);
            for (i, &level) in batch.levels.iter().enumerate() {
                let (p, q) = objective.prediction.clean(level);
                let rows = batch
                    .x
                    .chunks(4)
                    .zip(batch.target.chunks(4))
                    .zip(clean.chunks(4))
                    .nth(i)
                    .unwrap();
                let ((x, target), clean) = rows;
                for ((x, target), clean) in x.iter().zip(target).zip(clean) {
                    let (x, target) = (f64::from(*x), f64::from(*target));
                    // The inverse amplifies the rounding of x and target to f32.
                    let tolerance = 2e-7 * (1.0 + p.abs() * x.abs() + q.abs() * target.abs());
                    let found = p * x + q * target;
                    assert!(
                        (found - f64::from(*clean)).abs() < tolerance,
                        "{process} {level:?}: {found} {clean}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_batch_is_a_pure_function_of_seed_and_draw() {
        let objective = objective("");
        let clean = vec![0.5; 64];
        assert_eq!(objective.noisy(&clean, 4, 1, 7), objective.noisy(&clean, 4, 1, 7));
        assert_ne!(objective.noisy(&clean, 4, 1, 7).x, objective.noisy(&clean, 4, 1, 8).x);
        assert_ne!(
            objective.noisy(&clean, 4, 1, 7).levels,
            objective.noisy(&clean, 4, 2, 7).levels
        );
    }

    #[test]
    fn discrete_schedules_are_trained_at_their_timesteps() {
        let objective = objective("schedule = \"ddpm-linear\"\ntimesteps = 10");
        let mut seen = [0; 10];
        for level in objective.levels(4000, 0, 0) {
            let timestep = objective.schedule.timestep(level);
            assert!((timestep - timestep.round()).abs() < 1e-9, "{timestep}");
            seen[timestep.round() as usize] += 1;
        }
        // Binomial with mean 400 and deviation 19; five deviations.
        assert!(seen.iter().all(|n| (305..495).contains(n)), "{seen:?}");
    }

    #[test]
    fn stratified_times_fill_their_strata() {
        let objective = objective("time = \"uniform\"\ndraws = \"stratified\"");
        for draw in 0..20 {
            for (i, level) in objective.levels(16, 3, draw).into_iter().enumerate() {
                let t = RectifiedFlow.time(level);
                assert!(t >= i as f64 / 16.0 && t <= (i + 1) as f64 / 16.0, "{i}: {t}");
            }
        }
    }

    #[test]
    fn the_loss_is_the_weighted_mean_of_squares() {
        let device = Device::flex();
        let batch = NoisyBatch {
            x: vec![],
            target: vec![1.0, 2.0, 3.0, 4.0],
            levels: vec![],
            weights: vec![0.5, 2.0],
        };
        let output = Tensor::<4>::from_data(
            TensorData::new(vec![2.0f32, 2.0, 0.0, 5.0], [2, 1, 1, 2]),
            &device,
        );
        // (0.5 · (1 + 0) + 2 · (9 + 1)) / 4
        assert_eq!(batch.loss(output, &device).into_scalar::<f32>(), 5.125);
    }
}
