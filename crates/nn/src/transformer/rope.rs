//! Rotary embedding of places (Su et al. 2021, eq. 34) along several axes: the numbers of a head are cut into one part for
//! each axis, and pair k of the D numbers of a part turns by the angle `place · θ^(−2k/D)`.

use burn::tensor::{Device, Tensor, TensorData};

/// Base of the frequencies.
const THETA: f64 = 10_000.0;

/// The cosines and sines of L tokens, `[1, L, 1, D/2, 1]`.
#[derive(Clone, Debug)]
pub struct Rope {
    cos: Tensor<5>,
    sin: Tensor<5>,
}

impl Rope {
    /// For tokens at `places`, `axes.len()` numbers for each, where axis i turns `axes[i]` numbers of a head.
    pub fn new(places: &[f32], axes: &[usize], device: &Device) -> Self {
        let turns: Vec<(usize, f64)> = axes
            .iter()
            .enumerate()
            .flat_map(|(axis, &dim)| {
                (0..dim / 2).map(move |k| (axis, THETA.powf(-2.0 * k as f64 / dim as f64)))
            })
            .collect();
        let angles: Vec<f64> = places
            .chunks_exact(axes.len().max(1))
            .flat_map(|place| turns.iter().map(|&(axis, omega)| f64::from(place[axis]) * omega))
            .collect();
        let shape = [1, angles.len() / turns.len().max(1), 1, turns.len(), 1];
        let table = |f: fn(f64) -> f64| {
            let values: Vec<f32> = angles.iter().map(|&angle| f(angle) as f32).collect();
            Tensor::from_data(TensorData::new(values, shape), device)
        };
        Self { cos: table(f64::cos), sin: table(f64::sin) }
    }

    /// Turns the heads `x [N, L, H, D]`, numbers 2k and 2k + 1 as one pair.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [n, l, h, d] = x.dims();
        let pairs: Tensor<5> = x.reshape([n, l, h, d / 2, 2]);
        let (a, b) = (pairs.clone().narrow(4, 0, 1), pairs.narrow(4, 1, 1));
        let (cos, sin) = (self.cos.clone(), self.sin.clone());
        let first = a.clone() * cos.clone() - b.clone() * sin.clone();
        let second = b * cos + a * sin;
        Tensor::cat(vec![first, second], 4).reshape([n, l, h, d])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_each_pair_by_its_axis() {
        let device = Device::flex();
        // One token at place (3, −2): axis 0 turns one pair, axis 1 two.
        let rope = Rope::new(&[3.0, -2.0], &[2, 4], &device);
        let x = Tensor::<4>::from_floats([[[[1.0, 0.0, 0.0, 1.0, 2.0, 0.0]]]], &device);
        let got: Vec<f32> = rope.forward(x).into_data().try_to_vec().unwrap();
        let slow = -2.0 / 100.0_f64;
        let expected = [
            3_f64.cos(),
            3_f64.sin(),
            -(-2_f64).sin(),
            (-2_f64).cos(),
            2.0 * slow.cos(),
            2.0 * slow.sin(),
        ];
        for (got, expected) in got.into_iter().zip(expected) {
            assert!((f64::from(got) - expected).abs() < 1e-6);
        }
    }
}
