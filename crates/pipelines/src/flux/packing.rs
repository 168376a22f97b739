//! Latents as tokens, two by two.

use burn::tensor::{Device, Tensor, TensorData};

use super::AXES;

/// `[1, C, h, w]` as `[1, h/2 · w/2, 4 C]`: channel before row before column in each token.
pub(super) fn pack(latents: Tensor<4>) -> Tensor<3> {
    let [n, c, h, w] = latents.dims();
    let squares = latents.reshape([n, c, h / 2, 2, w / 2, 2]).permute([0, 2, 4, 1, 3, 5]);
    squares.reshape([n, (h / 2) * (w / 2), 4 * c])
}

/// The inverse of [`pack`], for latents `h` high and `w` wide.
pub(super) fn unpack(tokens: Tensor<3>, [h, w]: [usize; 2]) -> Tensor<4> {
    let [n, _, channels] = tokens.dims();
    let squares = tokens.reshape([n, h / 2, w / 2, channels / 4, 2, 2]);
    squares.permute([0, 3, 1, 4, 2, 5]).reshape([n, channels / 4, h, w])
}

/// The places `(0, row, column)` of the tokens of latents `h` high and `w` wide, `[h/2 · w/2, 3]`.
pub(super) fn places([h, w]: [usize; 2], device: &Device) -> Tensor<2> {
    let row = |i: usize| (0..w / 2).flat_map(move |j| [0.0, i as f32, j as f32]);
    let values: Vec<f32> = (0..h / 2).flat_map(row).collect();
    Tensor::from_data(TensorData::new(values, [(h / 2) * (w / 2), AXES]), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let device = Device::flex();
        let values: Vec<f32> = (0..48).map(|i| i as f32).collect();
        let latents = Tensor::<4>::from_data(TensorData::new(values, [1, 2, 4, 6]), &device);
        let tokens = pack(latents.clone());
        assert_eq!(tokens.dims(), [1, 6, 8]);
        let second = tokens.clone().narrow(1, 1, 1).into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(second, [2.0, 3.0, 8.0, 9.0, 26.0, 27.0, 32.0, 33.0]);
        assert_eq!(unpack(tokens, [4, 6]).into_data(), latents.into_data());
        let places = places([4, 6], &device).into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(places[..6], [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!(places[15..], [0.0, 1.0, 2.0]);
    }
}
