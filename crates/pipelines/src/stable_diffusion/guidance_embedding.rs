//! The guidance scale as a vector, for networks that were distilled with it (Meng et al. 2023; Luo et al. 2023, LCM).

use burn::tensor::{Device, Tensor, TensorData};

/// `(sin(1000 (w − 1) ω), cos(…))` with `ω` from 1 down to 1/10000, one row `[1, dim]` for the scale `w`.
pub(super) fn embedding(guidance: f64, dim: usize, device: &Device) -> Tensor<2> {
    let half = dim / 2;
    let w = ((guidance - 1.0) * 1000.0) as f32;
    let rate = (10_000_f64.ln() / (half.max(2) - 1) as f64) as f32;
    let angles: Vec<f32> = (0..half).map(|i| w * (-(i as f32) * rate).exp()).collect();
    let mut values: Vec<f32> = angles.iter().map(|angle| angle.sin()).collect();
    values.extend(angles.iter().map(|angle| angle.cos()));
    values.resize(dim, 0.0);
    Tensor::from_data(TensorData::new(values, [1, dim]), device)
}
