//! Milliseconds of a forward pass, of a forward and backward pass, and of the sampler around the network.

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor};
use langevin_core::{AnySchedule, Grid, Level, NoNoise, Prediction, RectifiedFlow, Trajectory};
use langevin_models::{Classes, Model, ModelConfig, SampleConfig, SampleJob, sample};
use langevin_nn::NetworkConfig;
use serde_json::{Value, json};

fn main() {
    divan::main();
}

/// The networks by the names that reports use.
const NETWORKS: [&str; 2] = ["compact", "unet2d-32-64-64"];

fn network(name: &str) -> (Value, usize) {
    match name {
        "compact" => (
            json!({"_class_name": "LangevinCompactUNet2D", "sample_size": 28, "num_class_embeds": 11}),
            28,
        ),
        _ => (
            json!({
                "_class_name": "UNet2DModel", "sample_size": 32, "in_channels": 1, "out_channels": 1,
                "layers_per_block": 1, "block_out_channels": [32, 64, 64], "norm_num_groups": 8,
                "attention_head_dim": 32, "num_class_embeds": 11,
                "down_block_types": ["DownBlock2D", "DownBlock2D", "AttnDownBlock2D"],
                "up_block_types": ["AttnUpBlock2D", "UpBlock2D", "UpBlock2D"],
            }),
            32,
        ),
    }
}

fn model(name: &str, device: &Device) -> (Model, usize) {
    let (network, size) = network(name);
    let config = ModelConfig {
        network: NetworkConfig::from_json(&network).expect("a valid configuration"),
        schedule: AnySchedule::RectifiedFlow(RectifiedFlow),
        prediction: Prediction::Flow,
        classes: Some(Classes::numbered_with_null(10)),
    };
    (Model::init(config, 0, device).expect("a model"), size)
}

#[divan::bench(args = NETWORKS, sample_count = 10)]
fn forward_64(bencher: divan::Bencher<'_, '_>, name: &str) {
    let device = Device::flex();
    let (model, size) = model(name, &device);
    let x = Tensor::<4>::ones([64, 1, size, size], &device);
    bencher.bench(|| {
        model.output(x.clone(), &[Level::new(0.5, 0.5); 64], None).expect("an output").into_data()
    });
}

#[divan::bench(args = NETWORKS, sample_count = 10)]
fn forward_and_backward_64(bencher: divan::Bencher<'_, '_>, name: &str) {
    let device = Device::flex().autodiff();
    let (model, size) = model(name, &device);
    let x = Tensor::<4>::ones([64, 1, size, size], &device);
    bencher.bench(|| {
        let output = model.output(x.clone(), &[Level::new(0.5, 0.5); 64], None).expect("an output");
        output.square().mean().backward()
    });
}

#[divan::bench(sample_count = 5)]
fn ten_guided_steps_of_100(bencher: divan::Bencher<'_, '_>) {
    let device = Device::flex();
    let (model, _) = model("compact", &device);
    let labels = (0..100).map(|i| i % 10).collect();
    let job =
        SampleJob { seeds: (0..100).collect(), labels: Some(labels), size: None, start: None };
    let config = SampleConfig { steps: 10, guidance: 2.0, ..Default::default() };
    bencher.bench(|| {
        sample(&model, &job, &config, &device, &mut |_| ControlFlow::Continue(())).expect("samples")
    });
}

/// The loop and the solver without a network: what sampling costs besides the forward passes.
#[divan::bench]
fn ten_steps_of_100_without_a_network(bencher: divan::Bencher<'_, '_>) {
    let levels = Grid::Uniform.levels(&RectifiedFlow, 10).expect("levels");
    let denoiser = |x: &Vec<f32>, _: Level| Ok(x.clone());
    bencher.bench(|| {
        let start = vec![0.5_f32; 100 * 784];
        Trajectory::new(
            start,
            levels.clone(),
            langevin_core::AnySolver::Euler,
            0.0,
            &denoiser,
            &NoNoise,
        )
        .run()
    });
}
