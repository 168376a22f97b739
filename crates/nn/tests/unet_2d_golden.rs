//! `UNet2DModel` against diffusers: outputs of every recorded configuration and gradients of one.
//!
//! `tests/golden/unet_2d.py` makes the recordings; `LANGEVIN_GOLDENS` may name another folder of them.

mod recordings;

use burn::tensor::Device;
use langevin_nn::{ClassLabels, Network, UNet2DConfig, params};
use recordings::{Stored, compare, error, folders, open, read};
use std::path::Path;

fn labels(stored: &Stored, device: &Device) -> ClassLabels {
    match (stored.whole, stored.shape.len()) {
        (true, _) => ClassLabels::Index(stored.indices(device)),
        (false, 2) => ClassLabels::Embedding(stored.tensor(device)),
        (false, _) => ClassLabels::Value(stored.tensor(device)),
    }
}

fn network(folder: &Path, device: &Device) -> Network {
    Network::UNet2d(open::<UNet2DConfig>(folder, device).1)
}

#[test]
fn outputs_agree_with_diffusers() {
    let device = Device::flex();
    let folders = folders("unet_2d");
    assert!(folders.len() >= 8, "only {} recordings", folders.len());
    let mut failed = Vec::new();
    for folder in folders {
        let network = network(&folder, &device);
        let golden = read(&folder.join("golden.safetensors"));
        let labels = golden.get("class_labels").map(|stored| labels(stored, &device));
        let output = network.try_forward(
            golden["sample"].tensor(&device),
            golden["timestep"].tensor(&device),
            labels,
        );
        let output = output.unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        failed.extend(compare(&folder, output, &golden));
    }
    assert!(failed.is_empty(), "beyond 1e-4:\n{}", failed.join("\n"));
}

#[test]
fn gradients_agree_with_pytorch() {
    let device = Device::flex().autodiff();
    let (mut compared, mut failed) = (0, Vec::new());
    for folder in
        folders("unet_2d").into_iter().filter(|f| f.join("gradients.safetensors").is_file())
    {
        let network = network(&folder, &device);
        let golden = read(&folder.join("golden.safetensors"));
        let expected = read(&folder.join("gradients.safetensors"));
        let labels = golden.get("class_labels").map(|stored| labels(stored, &device));
        let output = network.try_forward(
            golden["sample"].tensor(&device),
            golden["timestep"].tensor(&device),
            labels,
        );
        let loss = (output.unwrap() - expected["target"].tensor(&device)).square().mean();
        let largest = expected
            .iter()
            .filter(|(name, _)| *name != "target")
            .map(|(_, g)| g.scale())
            .fold(0.0, f64::max);
        for (name, gradient) in params::gradients(&network, loss.backward()) {
            // A frozen parameter has no gradient on either side.
            let Some(expected) = expected.get(&name) else {
                assert!(gradient.iter().all(|&g| g == 0.0), "{name}");
                continue;
            };
            let (error, scale) = error(&gradient, expected);
            // Some gradients are zero but for rounding: a key's bias, say, shifts all scores of a query alike.
            let scale = scale.max(1e-5 * largest);
            if error > 1e-3 * scale {
                failed
                    .push(format!("{} {name}: {error:.2e} at scale {scale:.2e}", folder.display()));
            }
            compared += 1;
        }
    }
    assert!(failed.is_empty(), "beyond 1e-3:\n{}", failed.join("\n"));
    assert!(compared > 40, "only {compared} gradients");
}
