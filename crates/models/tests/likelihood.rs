//! Likelihoods against closed forms: a fresh network outputs zero, so that its flow moves nothing and knows no more than
//! the prior.

mod tiny;

use burn::tensor::Device;
use langevin_core::likelihood::{Dequantisation, UniformDequantisation};
use langevin_core::rng::Philox;
use langevin_models::{Error, LikelihoodMethod, Model, Subjects, likelihood};

const SIZE: usize = 64;

fn fresh() -> Model {
    Model::init(tiny::compact(5).config, 1, &Device::flex()).expect("a model")
}

/// Pixels of 256 values from −1 to 1.
fn pixels() -> Vec<f32> {
    (0..3 * SIZE).map(|i| ((i * 37) % 256) as f32 / 127.5 - 1.0).collect()
}

fn of(model: &Model, first: usize, count: usize, method: LikelihoodMethod) -> Vec<f64> {
    let all = pixels();
    let labels = [0, 1, 2];
    let images = Subjects {
        values: &all[first * SIZE..(first + count) * SIZE],
        shape: [count, 1, 8, 8],
        labels: Some(&labels[first..first + count]),
        seed: 40 + first as u64,
    };
    likelihood(model, &images, method, &Device::flex()).expect("a likelihood")
}

fn bits(nats: f64) -> f64 {
    nats / (SIZE as f64 * std::f64::consts::LN_2)
}

/// The state that nothing moves is as probable as under the prior, `N(0, 1)`.
#[test]
fn a_flow_that_moves_nothing_has_the_priors_density() {
    let method = LikelihoodMethod::Flow { steps: 60, probes: 1 };
    let found = of(&fresh(), 0, 3, method);
    let width = UniformDequantisation { width: 2.0 / 255.0 };
    for (i, (found, image)) in found.iter().zip(pixels().chunks(SIZE)).enumerate() {
        let image: Vec<f64> = image.iter().copied().map(f64::from).collect();
        let noised = width.draw(&image, &mut Philox::new(40 + i as u64, 0xB175, 0)).unwrap();
        // The first level is 1/1000 of the way to noise, the last as far from it, where states of unit data have this size.
        let (alpha, size) = (0.999_f64, 0.999_f64.hypot(0.001));
        let log = std::f64::consts::TAU.ln();
        let prior: f64 =
            noised.x.iter().map(|x| 0.5 * ((alpha * x / size).powi(2) + log)).sum::<f64>();
        let log_volume = SIZE as f64 * (alpha / size).ln();
        let expected = bits(prior - log_volume - noised.log_weight);
        assert!((found - expected).abs() < 2e-4, "{found} {expected}");
    }
}

/// `E[−ln p(value | value + r · noise)]` among 256 values from −1 to 1, by even sums over the noise.
fn reconstruction(value: f64, r: f64) -> f64 {
    let h = 0.1;
    let loss = |n: f64| {
        let near = |v: f64| (-0.5 * (n + (value - v) / r).powi(2) + 0.5 * n * n).exp();
        (0..256).map(|i| near(f64::from(i) / 127.5 - 1.0)).sum::<f64>().ln()
    };
    let density = |n: f64| (-0.5 * n * n).exp() / std::f64::consts::TAU.sqrt();
    (-60..=60).map(|k| f64::from(k) * h).map(|n| h * density(n) * loss(n)).sum()
}

/// An estimate that is the state itself errs by `σ (noise − clean)`, so the integrand is `½ α² ‖noise − clean‖²`, whose
/// integral over `γ` is `(‖clean‖² + D) · [−α − ln(1 − α)]` between the ends.
#[test]
fn the_bound_of_an_idle_network_is_known() {
    let found = of(&fresh(), 0, 3, LikelihoodMethod::Elbo { draws: 400 });
    let primitive = |alpha: f64| -alpha - (1.0 - alpha).ln();
    let first = 4.0 / 255.0;
    let integral = primitive(1.0 / (1.0 + first)) - primitive(0.001);
    for (found, image) in found.iter().zip(pixels().chunks(SIZE)) {
        let square: f64 = image.iter().map(|&x| f64::from(x).powi(2)).sum();
        let last: f64 = image.iter().map(|&x| reconstruction(f64::from(x), first)).sum();
        let middle = bits((square + SIZE as f64) * integral);
        let expected = middle + bits(last);
        // Each of 64 squares of unit noise has a relative deviation of √2, and some sixty levels count; the
        // reconstruction is one draw of 64 numbers, each off by about 0.7 nats.
        let error = 4.5 * (2.0_f64 / (64.0 * 60.0)).sqrt().mul_add(middle, bits(0.7 * 8.0));
        assert!((found - expected).abs() < error, "{found} {expected} ± {error}");
    }
}

#[test]
fn an_image_does_not_depend_on_its_neighbours() {
    let model = tiny::compact(5);
    for method in
        [LikelihoodMethod::Elbo { draws: 7 }, LikelihoodMethod::Flow { steps: 2, probes: 2 }]
    {
        let all = of(&model, 0, 3, method);
        assert_eq!(all[1..], of(&model, 1, 2, method)[..], "{method:?}");
        assert!(all.iter().all(|bits| bits.is_finite()), "{all:?}");
    }
}

#[test]
fn other_shapes_are_refused() {
    let values = vec![0.0; 3 * SIZE];
    let images = Subjects { values: &values, shape: [1, 3, 8, 8], labels: None, seed: 0 };
    let method = LikelihoodMethod::Elbo { draws: 1 };
    let refused = likelihood(&fresh(), &images, method, &Device::flex());
    assert!(matches!(refused, Err(Error::Shape { name: "images", .. })), "{refused:?}");
}
