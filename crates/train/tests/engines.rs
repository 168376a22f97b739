//! The kernels train as Burn's own operations do: 300 steps with each, from one seed, give one loss curve.
//!
//! The engine is a choice of the whole process, so this file is one test in a program of its own.

use langevin_kernels::{Engine, set_engine};
use langevin_train::{Event, Flow, RunFolder, Start, TrainConfig, train};

const STEPS: usize = 300;

/// Largest difference of the two losses of any step, relative to the loss. Rounding alone makes about 2e-6.
const TOLERANCE: f64 = 1e-4;

/// Convolutions, group normalisation with scale and shift, SiLU and affine maps.
const COMPACT: &str = "preset = \"compact-tiny\"";

/// The same blocks as diffusers arranges them, and attention.
const UNET: &str = "network = \"unet2d\"\nlayers_per_block = 1\nblock_out_channels = [8, 16]\nnorm_num_groups = 4\n\
    attention_head_dim = 8\ndown_block_types = [\"DownBlock2D\", \"AttnDownBlock2D\"]\n\
    up_block_types = [\"AttnUpBlock2D\", \"UpBlock2D\"]";

/// The loss of each step.
fn losses(engine: Engine, network: &str) -> Vec<f64> {
    set_engine(engine);
    let text = format!(
        "[data]\nsource = \"digits\"\nsize = 16\n[model]\n{network}\n\
         [run]\nsteps = {STEPS}\nbatch = 4\nsample_every = 0\ncheckpoint_every = 0\n"
    );
    let config = TrainConfig::from_toml(&text, &[]).unwrap();
    let root = tempfile::tempdir().unwrap();
    let mut losses = Vec::new();
    train(&config, &RunFolder::at(root.path().join("run")), Start::Fresh, &mut |event| {
        if let Event::Step(step) = event {
            losses.push(step.loss);
        }
        Flow::Continue
    })
    .unwrap();
    losses
}

#[test]
fn kernels_and_composed_operations_give_one_loss_curve() {
    for network in [COMPACT, UNET] {
        let ours = losses(Engine::Kernels, network);
        let theirs = losses(Engine::Composed, network);
        assert_eq!((ours.len(), theirs.len()), (STEPS, STEPS));
        let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
        let (first, last) = (mean(&ours[..30]), mean(&ours[STEPS - 30..]));
        assert!(last < 0.6 * first, "nothing was learnt: {first} → {last}\n{network}");
        for (step, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            let difference = (ours - theirs).abs() / theirs;
            assert!(difference < TOLERANCE, "step {step}: {ours} and {theirs}\n{network}");
        }
    }
}
