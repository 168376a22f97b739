//! Features of images of any kind from a small convolutional network with fixed random weights.
//!
//! Nothing was learned, so a distance on these features is a **smoke test only**: it notices noise, blur, wrong colours
//! or a missing class, says little about what a picture shows, and compares with no published Fréchet distance.

use burn::tensor::activation::relu;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::rng::Philox;

use crate::images::Pixels;

/// Layers, each of half the size of the one before.
const LAYERS: usize = 4;

/// Channels of each layer; its spatial means are that many features.
const CHANNELS: usize = 32;

/// Domain of the weights among the streams of seed 0 ("randfeat" in ASCII).
const PURPOSE: u64 = u64::from_be_bytes(*b"randfeat");

/// Values in one pass; bounds the memory, and changes no number.
const BATCH: usize = 1 << 20;

/// Number of features.
pub(crate) const FEATURES: usize = LAYERS * CHANNELS;

/// Features `[N, 128]`: the spatial means of four rectified 3×3 convolutions of stride 2.
pub(crate) fn random_features(pixels: &Pixels) -> Vec<f32> {
    let [channels, height, width] = pixels.shape;
    let device = Device::flex();
    let weights: Vec<Tensor<4>> = (0..LAYERS)
        .map(|layer| {
            let inputs = if layer == 0 { channels } else { CHANNELS };
            let mut values = vec![0.0; CHANNELS * inputs * 9];
            Philox::new(0, PURPOSE, layer as u64).fill_normal(&mut values);
            // Variance 2/fan-in keeps the scale from layer to layer (He et al. 2015, eq. 10).
            let std = (2.0 / (inputs * 9) as f32).sqrt();
            values.iter_mut().for_each(|v| *v *= std);
            Tensor::from_data(TensorData::new(values, [CHANNELS, inputs, 3, 3]), &device)
        })
        .collect();

    let image = channels * height * width;
    let mut features = Vec::with_capacity(pixels.count * FEATURES);
    for batch in pixels.values.chunks((BATCH / image).max(1) * image) {
        let shape = [batch.len() / image, channels, height, width];
        let mut x: Tensor<4> = Tensor::from_data(TensorData::new(batch.to_vec(), shape), &device);
        let mut means = Vec::with_capacity(LAYERS);
        for weight in &weights {
            x = relu(conv2d(x, weight.clone(), None, ConvOptions::new([2, 2], [1, 1], [1, 1], 1)));
            means.push(x.clone().mean_dims(&[2, 3]).reshape([shape[0], CHANNELS]));
        }
        let means = Tensor::cat(means, 1).into_data().try_into_vec_as::<f32>();
        features.extend(means.expect("a float tensor"));
    }
    features
}
