//! `langevin verify`: goldens that agree, that do not, and that are none.

use std::path::Path;

use burn::tensor::{Device, Int, Tensor, TensorData};
use langevin_models::load_network;
use langevin_weights::folder::Component;
use langevin_weights::{TensorRef, Values, write_tensors};

use crate::langevin::{langevin, text, trained, workplace};

/// Inputs for two pictures and what the trained network makes of them.
struct Golden {
    sample: Vec<f32>,
    timestep: Vec<f32>,
    labels: Vec<i64>,
    output: Vec<f32>,
}

fn golden() -> Golden {
    let device = Device::flex();
    let component = Component::open(trained().join("model/unet")).expect("a component");
    let (_, network) = load_network(&component, &device).expect("a network");
    let sample: Vec<f32> = (0..2 * 784).map(|i| (i as f32 * 0.37).sin()).collect();
    let (timestep, labels) = (vec![100.0, 900.0], vec![3, 10]);
    let output = network.forward(
        Tensor::from_data(TensorData::new(sample.clone(), [2, 1, 28, 28]), &device),
        Tensor::from_data(TensorData::new(timestep.clone(), [2]), &device),
        Some(Tensor::<1, Int>::from_data(TensorData::new(labels.clone(), [2]), &device)),
    );
    let output = output.into_data().try_into_vec::<f32>().expect("numbers");
    Golden { sample, timestep, labels, output }
}

impl Golden {
    /// Writes the golden without the tensor `left_out`.
    fn write(&self, path: &Path, left_out: &str) {
        let picture: &[usize] = &[2, 1, 28, 28];
        let tensors = [
            TensorRef { name: "sample", shape: picture, values: Values::F32(&self.sample) },
            TensorRef { name: "timestep", shape: &[2], values: Values::F32(&self.timestep) },
            TensorRef { name: "class_labels", shape: &[2], values: Values::I64(&self.labels) },
            TensorRef { name: "output", shape: picture, values: Values::F32(&self.output) },
        ];
        let kept: Vec<TensorRef<'_>> =
            tensors.into_iter().filter(|tensor| tensor.name != left_out).collect();
        write_tensors(path, &kept, &Default::default()).expect("a file");
    }
}

#[test]
fn agreement_passes_and_disagreement_fails() {
    let folder = workplace();
    let mut golden = golden();
    golden.write(&folder.path().join("golden.safetensors"), "");
    let run = trained();
    for model in [run.to_owned(), run.join("model"), run.join("model/unet")] {
        let verify = ["verify", text(&model), "--golden", "golden.safetensors", "--json"];
        let json = langevin(folder.path(), &verify).ok().json();
        assert_eq!((&json["pass"], &json["max_error"]), (&true.into(), &0.0.into()));
    }
    golden.output[7] += 0.01;
    golden.write(&folder.path().join("golden.safetensors"), "");
    let verify = ["verify", text(run), "--golden", "golden.safetensors", "--json"];
    let apart = langevin(folder.path(), &verify);
    assert_eq!((apart.code, apart.json()["pass"].as_bool()), (Some(1), Some(false)));
    assert!((apart.json()["max_error"].as_f64().expect("a number") - 0.01).abs() < 0.005);
    langevin(folder.path(), &[&verify[..], &["--tolerance", "0.1"]].concat()).ok();
}

#[test]
fn a_scalar_timestep_counts_for_all() {
    let folder = workplace();
    let mut golden = golden();
    golden.timestep = vec![100.0];
    let picture: &[usize] = &[2, 1, 28, 28];
    let tensors = [
        TensorRef { name: "sample", shape: picture, values: Values::F32(&golden.sample) },
        TensorRef { name: "timestep", shape: &[], values: Values::I64(&[100]) },
        TensorRef { name: "class_labels", shape: &[2], values: Values::I64(&golden.labels) },
        TensorRef { name: "output", shape: picture, values: Values::F32(&golden.output) },
    ];
    write_tensors(folder.path().join("g.safetensors"), &tensors, &Default::default())
        .expect("a file");
    let json = langevin(
        folder.path(),
        &["verify", text(trained()), "--golden", "g.safetensors", "--json"],
    )
    .json();
    // The second picture was recorded at another timestep.
    assert_eq!(json["pass"], false);
    assert!(json["max_error"].is_number());
}

#[test]
fn goldens_that_lack_or_lie_are_named() {
    let folder = workplace();
    let golden = golden();
    let path = folder.path().join("g.safetensors");
    let verify = ["verify", text(trained()), "--golden", "g.safetensors"];
    for name in ["sample", "timestep", "class_labels", "output"] {
        golden.write(&path, name);
        langevin(folder.path(), &verify).fails(1, &[name]);
    }
    golden.write(&path, "");
    let whole = std::fs::read(&path).expect("a file");
    std::fs::write(&path, &whole[..whole.len() - 4]).expect("a file");
    langevin(folder.path(), &verify).fails(1, &["g.safetensors"]);
    std::fs::remove_file(&path).expect("it is there");
    langevin(folder.path(), &verify).fails(1, &["g.safetensors"]);
    langevin(folder.path(), &[&verify[..], &["--tolerance", "0"]].concat())
        .fails(2, &["--tolerance", "0"]);
}
