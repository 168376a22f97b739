//! `UNet2DModel` against diffusers: outputs of every recorded configuration and gradients of one.
//!
//! `tests/golden/unet_2d.py` makes the recordings; `LANGEVIN_GOLDENS` may name another folder of them.

use burn::tensor::{Device, Int, Tensor, TensorData};
use langevin_nn::{ClassLabels, Error, Init, Network, NetworkConfig, params};
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Shape and values of a tensor, and whether it held whole numbers.
struct Stored {
    shape: Vec<usize>,
    values: Vec<f64>,
    whole: bool,
}

type File = BTreeMap<String, Stored>;

fn read(path: &Path) -> File {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let stored = tensors.iter().map(|(name, t)| {
        let values = match t.dtype() {
            Dtype::F32 => t
                .data()
                .chunks_exact(4)
                .map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap())))
                .collect(),
            Dtype::I64 => t
                .data()
                .chunks_exact(8)
                .map(|b| i64::from_le_bytes(b.try_into().unwrap()) as f64)
                .collect(),
            other => panic!("{name} has type {other:?}"),
        };
        (
            name.to_owned(),
            Stored { shape: t.shape().to_vec(), values, whole: t.dtype() == Dtype::I64 },
        )
    });
    stored.collect()
}

impl Stored {
    fn tensor<const D: usize>(&self, device: &Device) -> Tensor<D> {
        let values: Vec<f32> = self.values.iter().map(|&v| v as f32).collect();
        let shape: [usize; D] =
            if self.shape.is_empty() { [1; D] } else { self.shape.clone().try_into().unwrap() };
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    fn labels(&self, device: &Device) -> ClassLabels {
        match (self.whole, self.shape.len()) {
            (true, _) => {
                let values: Vec<i64> = self.values.iter().map(|&v| v as i64).collect();
                ClassLabels::Index(Tensor::<1, Int>::from_data(
                    TensorData::new(values, self.shape.clone()),
                    device,
                ))
            }
            (false, 2) => ClassLabels::Embedding(self.tensor(device)),
            (false, _) => ClassLabels::Value(self.tensor(device)),
        }
    }

    fn scale(&self) -> f64 {
        self.values.iter().fold(0.0, |m, v| v.abs().max(m))
    }
}

fn folders() -> Vec<PathBuf> {
    let root = std::env::var_os("LANGEVIN_GOLDENS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/unet_2d"),
        PathBuf::from,
    );
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(root).unwrap().map(|e| e.unwrap().path()).collect();
    folders.retain(|f| f.is_dir());
    folders.sort();
    folders
}

/// Builds the network of a component folder from its two files; every tensor must be used.
fn open(folder: &Path, device: &Device) -> Network {
    let json = std::fs::read_to_string(folder.join("config.json")).unwrap();
    let config = NetworkConfig::from_json(&serde_json::from_str(&json).unwrap()).unwrap();
    assert_eq!(config.unknown_keys(), Vec::<String>::new(), "{}", folder.display());
    let network = config.init(&mut Init::new(device, &mut |u| u.fill(0.5))).unwrap();
    let file = read(&folder.join("diffusion_pytorch_model.safetensors"));
    let names: Vec<(String, Vec<usize>)> =
        file.iter().map(|(n, t)| (n.clone(), t.shape.clone())).collect();
    let mut source = |name: &str| -> Result<Vec<f32>, Error> {
        Ok(file[name].values.iter().map(|&v| v as f32).collect())
    };
    let (network, unused) = params::load_state_dict(network, &names, &mut source).unwrap();
    assert_eq!(unused, Vec::<String>::new(), "{}", folder.display());
    network
}

/// max|found − expected|, and max|expected|.
fn error(found: &[f32], expected: &Stored) -> (f64, f64) {
    assert_eq!(found.len(), expected.values.len());
    let error = found.iter().zip(&expected.values).map(|(&f, e)| {
        let difference = (f64::from(f) - e).abs();
        if difference.is_nan() { f64::INFINITY } else { difference }
    });
    (error.fold(0.0, f64::max), expected.scale())
}

#[test]
fn outputs_agree_with_diffusers() {
    let device = Device::flex();
    let folders = folders();
    assert!(folders.len() >= 8, "only {} recordings", folders.len());
    let mut failed = Vec::new();
    for folder in folders {
        let network = open(&folder, &device);
        let golden = read(&folder.join("golden.safetensors"));
        let labels = golden.get("class_labels").map(|labels| labels.labels(&device));
        let output = network.try_forward(
            golden["sample"].tensor(&device),
            golden["timestep"].tensor(&device),
            labels,
        );
        let output = output.unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        assert_eq!(output.dims().to_vec(), golden["output"].shape);
        let (error, scale) = error(&output.into_data().try_into_vec().unwrap(), &golden["output"]);
        if error > 1e-4 * scale.max(1.0) {
            failed.push(format!("{}: {error:.2e} at scale {scale:.2e}", folder.display()));
        }
    }
    assert!(failed.is_empty(), "beyond 1e-4:\n{}", failed.join("\n"));
}

#[test]
fn gradients_agree_with_pytorch() {
    let device = Device::flex().autodiff();
    let (mut compared, mut failed) = (0, Vec::new());
    for folder in folders().into_iter().filter(|f| f.join("gradients.safetensors").is_file()) {
        let network = open(&folder, &device);
        let golden = read(&folder.join("golden.safetensors"));
        let expected = read(&folder.join("gradients.safetensors"));
        let labels = golden.get("class_labels").map(|labels| labels.labels(&device));
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
