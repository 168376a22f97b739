//! One optimiser step: mean over accumulated batches, clipping by the global norm, AdamW, and the moving average.
//!
//! `g = (1/k) Σ gradients`, `norm = √Σ g²`, `g ← g · min(1, clip/(norm + 1e-6))` (Pascanu et al. 2013, algorithm 1, in
//! PyTorch's form), then AdamW (Loshchilov and Hutter 2019, algorithm 2) and `ema ← d · ema + (1 − d) · weight`.

use burn::module::Module;
use burn::tensor::Gradients;
use langevin_kernels::optim::{AdamW, sum_of_squares};
use langevin_nn::params;
use rayon::prelude::*;

use crate::OptimiserState;
use crate::config::OptimiserConfig;

/// Keeps the clipping factor finite where the norm is tiny.
const CLIP_EPS: f64 = 1e-6;

/// The sum of the gradients of several batches, one array for each parameter.
#[derive(Clone, Debug, Default)]
pub struct GradientSum {
    sum: Vec<Vec<f32>>,
    batches: u64,
}

impl GradientSum {
    /// Adds the gradients of one more batch of `module`'s loss; those of the first are not copied.
    pub fn add<M: Module>(&mut self, module: &M, gradients: Gradients) {
        let gradients =
            params::gradients(module, gradients).into_iter().map(|(_, gradient)| gradient);
        self.add_arrays(gradients.collect());
    }

    fn add_arrays(&mut self, gradients: Vec<Vec<f32>>) {
        if self.batches == 0 {
            self.sum = gradients;
        } else {
            self.sum.par_iter_mut().zip(gradients).for_each(|(sum, gradient)| {
                sum.iter_mut().zip(&gradient).for_each(|(sum, g)| *sum += g);
            });
        }
        self.batches += 1;
    }

    /// Euclidean norm of the mean gradient.
    pub fn norm(&self) -> f64 {
        let squares: Vec<f64> = self.sum.par_iter().map(|array| sum_of_squares(array)).collect();
        squares.iter().sum::<f64>().sqrt() / self.batches.max(1) as f64
    }
}

/// The numbers of one optimiser step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptimiserStep {
    /// Its index, from 0.
    pub index: u64,
    /// Learning rate.
    pub lr: f64,
    /// Norm of the gradient, for clipping.
    pub grad_norm: f64,
    /// Decay of the moving average.
    pub ema_decay: f64,
}

/// Does one step on the weights of `module`, where they lie, and on `state`, in one pass over memory, and frees each
/// array of the gradient on the way. Parameters that are not trainable stay as they are.
///
/// # Panics
/// Where state or gradient are not those of `module`.
pub fn optimiser_step<M: Module>(
    config: &OptimiserConfig,
    step: OptimiserStep,
    module: M,
    state: &mut OptimiserState,
    gradient: GradientSum,
) -> M {
    let adamw = AdamW {
        beta1: config.betas[0] as f32,
        beta2: config.betas[1] as f32,
        eps: config.eps as f32,
        weight_decay: config.weight_decay as f32,
    };
    let factor = clip_factor(config.clip, step.grad_norm) / gradient.batches.max(1) as f64;
    let mut gradients = gradient.sum;
    // Inside the pool the many short parallel loops below need not each be handed over to it.
    rayon::scope(move |_| {
        params::update(module, &mut |place, weights| {
            let gradient = std::mem::take(&mut gradients[place]);
            let Some([first, second, average]) = state.trainable_parameter(place) else { return };
            adamw.step(
                step.lr as f32,
                step.index + 1,
                factor as f32,
                &gradient,
                weights,
                first,
                second,
                Some((average, step.ema_decay as f32)),
            );
        })
    })
}

fn clip_factor(clip: f64, norm: f64) -> f64 {
    if clip == 0.0 { 1.0 } else { (clip / (norm + CLIP_EPS)).min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::EmaConfig;
    use crate::ema::ema_decay;
    use crate::optimiser_state::flat_weights;
    use burn::module::Param;
    use burn::tensor::{Device, Tensor, TensorData};

    #[derive(Module, Debug)]
    struct Row {
        w: Param<Tensor<1>>,
    }

    /// The gradients of two batches whose mean is `(sin(i + 1 + s) + cos(2i − s))/2 · scale`, alternately large and
    /// small, so that clipping acts in every other step.
    fn gradients(step: u64) -> [Vec<f32>; 2] {
        let scale = if step.is_multiple_of(2) { 3.0 } else { 0.1 };
        let (s, i) = (step as f64, (0..7).map(f64::from));
        let pair =
            i.map(|i| [(i + 1.0 + s).sin(), (2.0 * i - s).cos()].map(|g| (scale * g) as f32));
        let (first, second) = pair.map(|[a, b]| (a, b)).unzip();
        [first, second]
    }

    /// Six steps with accumulation, clipping, decay of weights and learning rate, and the average with warm-up.
    fn six_steps() -> (Vec<f32>, OptimiserState, Vec<f64>) {
        let config = OptimiserConfig {
            betas: [0.9, 0.99],
            weight_decay: 0.1,
            clip: 1.0,
            ..Default::default()
        };
        let ema = EmaConfig { decay: 0.9, warmup: true };
        let start = TensorData::from([0.5_f32, -1.0, 2.0, 0.0, -0.25, 3.0, 1e-3]);
        let mut module = Row { w: Param::from_data(start, &Device::flex().autodiff()) };
        let mut state = OptimiserState::of(&module);
        let mut norms = Vec::new();
        for index in 0..6 {
            let mut gradient = GradientSum::default();
            gradients(index).into_iter().for_each(|g| gradient.add_arrays(vec![g]));
            let grad_norm = gradient.norm();
            let (lr, ema_decay) = (0.05 * (1.0 - 0.1 * index as f64), ema_decay(&ema, index));
            let step = OptimiserStep { index, lr, grad_norm, ema_decay };
            module = optimiser_step(&config, step, module, &mut state, gradient);
            norms.push(grad_norm);
        }
        (flat_weights(&module), state, norms)
    }

    fn assert_close(found: &[f32], expected: &[f64]) {
        for (f, e) in found.iter().zip(expected) {
            assert!((f64::from(*f) - e).abs() < 3e-6 * e.abs().max(1.0), "{found:?}\n{expected:?}");
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        // torch 2.15, float64: AdamW(betas=(0.9, 0.99), weight_decay=0.1), clip_grad_norm_(…, 1.0), ema.lerp_(w, 1 − d).
        let (weights, found, norms) = six_steps();
        let expected = [
            4.414_574_277_416_812,
            0.135_557_004_611_187_97,
            3.796_448_332_352_46,
            0.145_800_744_633_664_63,
            4.162_877_146_848_843,
            0.125_214_150_096_524_73,
        ];
        norms
            .iter()
            .zip(expected)
            .for_each(|(f, e)| assert!((f / e - 1.0).abs() < 1e-6, "{norms:?}"));
        assert_close(
            &weights,
            &[
                0.386_623_152_356_036_17,
                -1.113_182_286_411_224,
                2.102_085_152_788_556,
                -0.016_774_047_782_451_57,
                -0.198_606_370_767_668_87,
                2.999_144_085_019_197_7,
                -0.091_842_136_152_409_24,
            ],
        );
        assert_close(
            &found.first_moment,
            &[
                -0.025_567_234_388_369_935,
                -0.006_782_385_041_586_518,
                0.006_820_058_081_741_465,
                -0.003_007_584_655_015_003,
                0.015_629_988_099_414_634,
                0.015_667_183_757_101_02,
                -0.020_879_212_685_561_532,
            ],
        );
        assert_close(
            &found.second_moment,
            &[
                0.007_305_411_120_979_486,
                0.000_996_697_059_834_336_2,
                0.006_815_051_915_589_256,
                0.001_822_808_007_046_559,
                0.005_479_443_539_791_116,
                0.002_722_466_887_569_246,
                0.004_512_648_138_885_541,
            ],
        );
        assert_close(
            &found.ema,
            &[
                0.385_683_902_539_964_76,
                -1.115_095_364_150_067_2,
                2.104_428_510_406_036,
                -0.018_633_421_105_875_424,
                -0.196_490_551_207_098_16,
                3.006_641_608_295_722,
                -0.093_905_346_709_259_79,
            ],
        );
    }

    #[test]
    fn follows_the_recurrence_in_double_precision() {
        let (weights, found, _) = six_steps();
        let mut exact: Vec<[f64; 4]> =
            [0.5, -1.0, 2.0, 0.0, -0.25, 3.0, 1e-3].iter().map(|&w| [w, 0.0, 0.0, w]).collect();
        for step in 0..6 {
            let [a, b] = gradients(step);
            let mean: Vec<f64> = a
                .iter()
                .zip(&b)
                .map(|(a, b)| f64::midpoint(f64::from(*a), f64::from(*b)))
                .collect();
            let norm = mean.iter().map(|g| g * g).sum::<f64>().sqrt();
            let (t, lr) = (step as i32 + 1, 0.05 * (1.0 - 0.1 * step as f64));
            let d = f64::min(0.9, (1.0 + step as f64) / (10.0 + step as f64));
            for ([w, m, v, e], g) in exact.iter_mut().zip(mean) {
                let g = g * (1.0 / (norm + 1e-6)).min(1.0);
                *w -= lr * 0.1 * *w;
                *m = 0.9 * *m + 0.1 * g;
                *v = 0.99 * *v + 0.01 * g * g;
                *w -= lr * (*m / (1.0 - 0.9_f64.powi(t)))
                    / ((*v / (1.0 - 0.99_f64.powi(t))).sqrt() + 1e-8);
                *e = d * *e + (1.0 - d) * *w;
            }
        }
        let column = |k: usize| exact.iter().map(|row| row[k]).collect::<Vec<f64>>();
        assert_close(&weights, &column(0));
        assert_close(&found.first_moment, &column(1));
        assert_close(&found.second_moment, &column(2));
        assert_close(&found.ema, &column(3));
    }

    #[test]
    fn no_clipping_is_no_factor() {
        assert_eq!(clip_factor(0.0, 1e9), 1.0);
        assert_eq!(clip_factor(1.0, 0.5), 1.0);
        assert!((clip_factor(1.0, 4.0) - 0.25).abs() < 1e-6);
        assert_eq!(clip_factor(1.0, 0.0), 1.0);
    }
}
