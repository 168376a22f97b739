//! A linear network on Gaussian data, whose optimum is known: `output = w · x` with
//! `w* = E[target · x] / E[x²] = (a · alpha · s² + b · sigma) / (alpha² · s² + sigma²)` for clean data of variance `s²`.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::rng::Philox;
use langevin_train::config::{Decay, OptimiserConfig};
use langevin_train::{
    GradientSum, Objective, OptimiserState, OptimiserStep, TrainConfig, learning_rate,
    optimiser_step,
};

#[derive(Module, Debug)]
struct Linear {
    weight: Param<Tensor<1>>,
}

/// The weight after training on numbers of standard deviation `std` at the one level of a one-step schedule.
fn trained(prediction: &str, beta: f64, std: f64) -> f64 {
    let text = format!(
        "[data]\nsource = \"digits\"\n[process]\nschedule = \"ddpm-linear\"\nprediction = \"{prediction}\"\n\
         timesteps = 1\nbeta_start = {beta}\nbeta_end = {beta}\n"
    );
    let objective = Objective::new(&TrainConfig::from_toml(&text, &[]).unwrap().process).unwrap();
    let mut optimiser = OptimiserConfig::default();
    (optimiser.lr, optimiser.weight_decay, optimiser.clip, optimiser.decay) =
        (0.05, 0.0, 0.0, Decay::Cosine);

    let device = Device::flex().autodiff();
    let mut network =
        Linear { weight: Param::from_data(TensorData::new(vec![0.0f32], [1]), &device) };
    let mut state = OptimiserState::of(&network);
    let (steps, images, numbers) = (300, 64, 64);
    for step in 0..steps {
        let mut clean = vec![0.0f32; images * numbers];
        Philox::new(11, 1, step).fill_normal(&mut clean);
        clean.iter_mut().for_each(|c| *c *= std as f32);
        let batch = objective.noisy(&clean, images, 11, step);
        let x = Tensor::<4>::from_data(
            TensorData::new(batch.x.clone(), [images, 1, 1, numbers]),
            &device,
        );
        let output = x * network.weight.val().reshape([1, 1, 1, 1]);
        let mut gradient = GradientSum::default();
        gradient.add(&network, batch.loss(output, &device).backward());
        let lr = learning_rate(&optimiser, step, step as f64 / steps as f64);
        let step = OptimiserStep { index: step, lr, grad_norm: gradient.norm(), ema_decay: 0.0 };
        network = optimiser_step(&optimiser, step, network, &mut state, gradient);
    }
    f64::from(network.weight.val().into_scalar::<f32>())
}

#[test]
fn training_finds_the_optimum_of_a_linear_network() {
    for (beta, std) in [(0.5, 0.5), (0.9, 1.5), (0.1, 1.0)] {
        let (alpha, sigma) = (f64::sqrt(1.0 - beta), f64::sqrt(beta));
        for (prediction, a, b) in
            [("noise", 0.0, 1.0), ("clean", 1.0, 0.0), ("v", -sigma, alpha), ("flow", -1.0, 1.0)]
        {
            let optimum =
                (a * alpha * std * std + b * sigma) / (alpha * alpha * std * std + sigma * sigma);
            let found = trained(prediction, beta, std);
            // The last steps average over about 4e5 numbers; 0.01 is six deviations of the noisiest case.
            assert!(
                (found - optimum).abs() < 0.01,
                "{prediction} at beta {beta}, std {std}: {found} {optimum}"
            );
        }
    }
}
