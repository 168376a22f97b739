//! Initial values of parameters, PyTorch's defaults, from a random source that the caller owns.
//!
//! Kaiming-uniform with `a = √5` (He et al. 2015, eq. 14 for a leaky ReLU of slope a) is `U(±√(6/(1+a²)/fan_in))`,
//! that is `U(±1/√fan_in)`, which is also PyTorch's default for biases.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use std::f64::consts::TAU;
use std::fmt;

/// Where parameters live and where their randomness comes from.
///
/// The source fills a slice with independent numbers in `[0, 1)`; the same source gives the same network.
pub struct Init<'a> {
    /// The device of every parameter.
    pub device: &'a Device,
    /// Fills a slice with U[0, 1).
    pub uniform: &'a mut dyn FnMut(&mut [f32]),
    /// Whether numbers are drawn at all.
    draws: bool,
    /// How many numbers large parameters may still have.
    left: usize,
    /// Whether one had more.
    exceeded: bool,
}

impl fmt::Debug for Init<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Init").field("device", self.device).finish_non_exhaustive()
    }
}

impl<'a> Init<'a> {
    /// Pairs a device with a source of U[0, 1).
    pub fn new(device: &'a Device, uniform: &'a mut dyn FnMut(&mut [f32])) -> Self {
        Self { device, uniform, draws: true, left: usize::MAX, exceeded: false }
    }

    /// For a network whose parameters a file will replace: one zero, seen at every place of the shape, so that a network
    /// of any size takes neither memory nor time.
    pub fn unset(device: &'a Device, uniform: &'a mut dyn FnMut(&mut [f32])) -> Self {
        Self { device, uniform, draws: false, left: usize::MAX, exceeded: false }
    }

    /// With room for `numbers` numbers in all matrices: what does not fit is left out, and [`exceeded`](Self::exceeded)
    /// then says that the network is of no use.
    #[must_use]
    pub fn within(self, numbers: usize) -> Self {
        Self { left: numbers, ..self }
    }

    /// Whether a network was asked for that has more numbers than there is room for.
    pub fn exceeded(&self) -> bool {
        self.exceeded
    }

    /// The shape, and how many numbers it has; one number where there is no room.
    fn room<const D: usize>(&mut self, shape: [usize; D]) -> ([usize; D], usize) {
        let count = shape.iter().try_fold(1_usize, |count, &extent| count.checked_mul(extent));
        match count.and_then(|count| Some((count, self.left.checked_sub(count)?))) {
            Some((count, left)) if !self.exceeded => {
                self.left = left;
                (shape, count)
            }
            _ => {
                self.exceeded = true;
                ([1; D], 1)
            }
        }
    }

    /// A parameter drawn from `U(±1/√fan_in)`.
    pub(crate) fn fan_in<const D: usize>(
        &mut self,
        shape: [usize; D],
        fan_in: usize,
    ) -> Param<Tensor<D>> {
        let bound = (fan_in.max(1) as f32).sqrt().recip();
        let (shape, count) = self.room(shape);
        if !self.draws {
            return self.blank(shape);
        }
        let mut values = vec![0.0; count];
        (self.uniform)(&mut values);
        values.iter_mut().for_each(|v| *v = bound * (2.0 * *v - 1.0));
        Param::from_data(TensorData::new(values, shape), self.device)
    }

    /// A parameter drawn from `N(0, std²)` by the transform of Box and Muller (1958).
    pub(crate) fn normal<const D: usize>(
        &mut self,
        shape: [usize; D],
        std: f64,
    ) -> Param<Tensor<D>> {
        let (shape, count) = self.room(shape);
        if !self.draws {
            return self.blank(shape);
        }
        let mut uniform = vec![0.0; count.next_multiple_of(2)];
        (self.uniform)(&mut uniform);
        let mut values = Vec::with_capacity(uniform.len());
        for pair in uniform.chunks_exact(2) {
            let radius = std * (-2.0 * (1.0 - f64::from(pair[0])).ln()).sqrt();
            let (sin, cos) = (TAU * f64::from(pair[1])).sin_cos();
            values.extend([(radius * cos) as f32, (radius * sin) as f32]);
        }
        values.truncate(count);
        Param::from_data(TensorData::new(values, shape), self.device)
    }

    /// A parameter of this shape without numbers of its own.
    fn blank<const D: usize>(&self, shape: [usize; D]) -> Param<Tensor<D>> {
        Param::from_tensor(Tensor::<D>::zeros([1; D], self.device).expand(shape))
    }

    /// A parameter that holds `value` everywhere.
    pub(crate) fn constant<const D: usize>(
        &self,
        shape: [usize; D],
        value: f32,
    ) -> Param<Tensor<D>> {
        if !self.draws {
            return self.blank(shape);
        }
        Param::from_data(TensorData::full(shape, value), self.device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SplitMix64 (Steele et al. 2014), its top 24 bits.
    fn spread() -> impl FnMut(&mut [f32]) {
        let mut state = 0_u64;
        move |out| {
            for v in out {
                state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mut z = state;
                z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                *v = ((z ^ (z >> 31)) >> 40) as f32 / (1 << 24) as f32;
            }
        }
    }

    fn values<const D: usize>(p: &Param<Tensor<D>>) -> Vec<f64> {
        p.val().into_data().try_to_vec::<f32>().unwrap().into_iter().map(f64::from).collect()
    }

    #[test]
    fn fan_in_is_uniform_within_the_bound() {
        let (device, mut source) = (Device::flex(), spread());
        let v = values(&Init::new(&device, &mut source).fan_in([200, 100], 25));
        let variance = v.iter().map(|x| x * x).sum::<f64>() / v.len() as f64;
        assert!(v.iter().all(|x| x.abs() <= 0.2) && v.iter().any(|x| x.abs() > 0.199));
        assert!((variance - 0.2 * 0.2 / 3.0).abs() < 3e-4, "variance {variance}");
    }

    #[test]
    fn normal_has_unit_moments_even_for_odd_counts() {
        let (device, mut source) = (Device::flex(), spread());
        let v = values(&Init::new(&device, &mut source).normal([20001], 1.0));
        let n = v.len() as f64;
        let moment = |k: i32| v.iter().map(|x| x.powi(k)).sum::<f64>() / n;
        assert_eq!(v.len(), 20001);
        assert!(
            moment(1).abs() < 0.03
                && (moment(2) - 1.0).abs() < 0.04
                && (moment(4) - 3.0).abs() < 0.3
        );
    }
}
