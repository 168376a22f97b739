//! Recordings of networks: component folders with `golden.safetensors`, the inputs by name and the `output`.

#![allow(dead_code, reason = "each test takes what it needs")]

use burn::tensor::{Device, Int, Tensor, TensorData};
use langevin_nn::{Configuration, Error, Init, params};
use safetensors::{Dtype, SafeTensors};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Shape and values of a tensor, and whether it held whole numbers.
pub(crate) struct Stored {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f64>,
    pub(crate) whole: bool,
}

pub(crate) type File = BTreeMap<String, Stored>;

pub(crate) fn read(path: &Path) -> File {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let stored = tensors.iter().map(|(name, t)| {
        let values = match t.dtype() {
            Dtype::F32 => t
                .data()
                .chunks_exact(4)
                .map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap())))
                .collect(),
            Dtype::BF16 => t
                .data()
                .chunks_exact(2)
                .map(|b| f32::from_bits(u32::from(u16::from_le_bytes(b.try_into().unwrap())) << 16))
                .map(f64::from)
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
    pub(crate) fn tensor<const D: usize>(&self, device: &Device) -> Tensor<D> {
        let values: Vec<f32> = self.values.iter().map(|&v| v as f32).collect();
        let shape: [usize; D] =
            if self.shape.is_empty() { [1; D] } else { self.shape.clone().try_into().unwrap() };
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    pub(crate) fn indices<const D: usize>(&self, device: &Device) -> Tensor<D, Int> {
        assert!(self.whole, "whole numbers");
        let values: Vec<i64> = self.values.iter().map(|&v| v as i64).collect();
        let shape: [usize; D] =
            if self.shape.is_empty() { [1; D] } else { self.shape.clone().try_into().unwrap() };
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    pub(crate) fn scale(&self) -> f64 {
        self.values.iter().fold(0.0, |m, v| v.abs().max(m))
    }
}

/// The component folders of `tests/golden/<name>`, at least one; `LANGEVIN_GOLDENS` may name another root.
pub(crate) fn folders(name: &str) -> Vec<PathBuf> {
    let root = std::env::var_os("LANGEVIN_GOLDENS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden").join(name),
        PathBuf::from,
    );
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(root).unwrap().map(|e| e.unwrap().path()).collect();
    folders.retain(|f| f.is_dir());
    folders.sort();
    assert!(!folders.is_empty());
    folders
}

/// Reads `config.json`.
pub(crate) fn json(folder: &Path) -> Map<String, Value> {
    let json = std::fs::read_to_string(folder.join("config.json")).unwrap();
    serde_json::from_str(&json).unwrap()
}

/// Builds the network of a component folder from its two files; every key must be known and every tensor used
/// unless the configuration says that it may be left over.
pub(crate) fn open<C: Configuration>(folder: &Path, device: &Device) -> (C, C::Network) {
    let config =
        C::from_json(&json(folder)).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    assert_eq!(config.unknown_keys(), Vec::<String>::new(), "{}", folder.display());
    let network = config.init(&mut Init::new(device, &mut |u| u.fill(0.5))).unwrap();
    let weights = ["diffusion_pytorch_model.safetensors", "model.safetensors"];
    let weights = weights.map(|name| folder.join(name)).into_iter().find(|path| path.is_file());
    let file = read(&weights.unwrap_or_else(|| panic!("{}: no weights", folder.display())));
    let (network, unused) =
        params::load_configured::<C>(network, &shapes(&file), &mut |name| values(&file, name))
            .unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    assert_eq!(unused, Vec::<String>::new(), "{}", folder.display());
    (config, network)
}

fn shapes(file: &File) -> Vec<(String, Vec<usize>)> {
    file.iter().map(|(name, stored)| (name.clone(), stored.shape.clone())).collect()
}

fn values(file: &File, name: &str) -> Result<params::Values, Error> {
    Ok(file[name].values.iter().map(|&v| v as f32).collect::<Vec<_>>().into())
}

/// Gives a network its parameters; every tensor must be used.
pub(crate) fn fill<M: burn::module::Module>(network: M, file: &File, folder: &Path) -> M {
    let (network, unused) =
        params::load_state_dict(network, &shapes(file), &mut |name| values(file, name))
            .unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    assert_eq!(unused, Vec::<String>::new(), "{}", folder.display());
    network
}

/// max|found − expected|, and max|expected|.
pub(crate) fn error(found: &[f32], expected: &Stored) -> (f64, f64) {
    assert_eq!(found.len(), expected.values.len());
    let error = found.iter().zip(&expected.values).map(|(&f, e)| {
        let difference = (f64::from(f) - e).abs();
        if difference.is_nan() { f64::INFINITY } else { difference }
    });
    (error.fold(0.0, f64::max), expected.scale())
}

/// Complains where the output differs by more than 1e-4 of `max(1, max|output|)`.
pub(crate) fn compare<const D: usize>(
    folder: &Path,
    output: Tensor<D>,
    golden: &File,
) -> Option<String> {
    difference(folder, output, golden, "output")
}

/// [`compare`] with the tensor `name` of a file; tells the error of recordings from elsewhere.
#[allow(clippy::print_stdout, reason = "for who runs many random recordings with --nocapture")]
pub(crate) fn difference<const D: usize>(
    folder: &Path,
    found: Tensor<D>,
    file: &File,
    name: &str,
) -> Option<String> {
    assert_eq!(found.dims().to_vec(), file[name].shape, "{} {name}", folder.display());
    let (error, scale) = error(&found.into_data().try_into_vec().unwrap(), &file[name]);
    if std::env::var_os("LANGEVIN_GOLDENS").is_some() {
        println!("{} {name}: {:.2e}", folder.display(), error / scale.max(1.0));
    }
    (error > 1e-4 * scale.max(1.0))
        .then(|| format!("{} {name}: {error:.2e} at scale {scale:.2e}", folder.display()))
}
