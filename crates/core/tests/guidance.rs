//! Guidance: mixing clean estimates is mixing noise, scales 0 and 1 are the two models themselves, and maps of the
//! estimate are applied at each evaluation.

use std::cell::Cell;

use langevin_core::guidance::{ClassifierFree, Clip};
use langevin_core::{
    AnySolver, Denoiser, Error, GaussianMixture, Grid, Level, NoNoise, Prediction, RectifiedFlow,
    Result, Trajectory,
};
use proptest::prelude::*;

/// One class, and all data.
fn models() -> (GaussianMixture, GaussianMixture) {
    let one = GaussianMixture::new(vec![1.0], vec![vec![1.5]], vec![vec![0.3]]).unwrap();
    let all = GaussianMixture::new(
        vec![0.5, 0.5],
        vec![vec![-1.0], vec![1.5]],
        vec![vec![0.4], vec![0.3]],
    )
    .unwrap();
    (one, all)
}

proptest! {
    /// Ho and Salimans 2022, eq. 6, on what networks output: noise, v, velocity and score are affine in the clean data at
    /// a state, so the same mix of any of them is the same guided estimate.
    #[test]
    fn any_prediction_may_be_mixed(
        log in -3.0..3.0f64,
        size in 0.3..3.0f64,
        x in -4.0..4.0f64,
        scale in -2.0..10.0f64,
    ) {
        let at = Level::new(size, size * log.exp());
        let (one, all) = models();
        let guided = ClassifierFree::new(&one_of(&one), &one_of(&all), scale)
            .denoise(&vec![x], at)
            .unwrap()[0];
        let (conditional, unconditional) = (one.clean(&[x], at)[0], all.clean(&[x], at)[0]);
        prop_assert!((guided - (unconditional + scale * (conditional - unconditional))).abs() < 1e-12);
        for row in [
            Prediction::Noise,
            Prediction::V,
            Prediction::Flow,
            Prediction::Score,
            Prediction::Edm { sigma_data: 0.5 },
        ] {
            let (a, b) = row.target(at);
            let output = |clean: f64| a * clean + b * (x - at.alpha * clean) / at.sigma;
            let mixed = output(unconditional) + scale * (output(conditional) - output(unconditional));
            let (p, q) = row.clean(at);
            let error = (p * x + q * mixed - guided).abs();
            prop_assert!(error < 1e-11 * (1.0 + (p * x).abs() + (q * mixed).abs()), "{row}");
        }
    }
}

fn one_of(data: &GaussianMixture) -> impl Fn(&Vec<f64>, Level) -> Result<Vec<f64>> + '_ {
    |x, at| data.denoise(x, at)
}

/// At scale 1 and 0 one model is enough, and the other is not called.
#[test]
fn scales_one_and_zero_are_the_models_themselves() {
    let (one, all) = models();
    let (x, at) = (vec![0.7], Level::new(0.8, 0.6));
    for (scale, alone, calls) in [(1.0, &one, (1, 0)), (0.0, &all, (0, 1))] {
        let counts = Cell::new((0, 0));
        let conditional = |x: &Vec<f64>, at: Level| {
            counts.set((counts.get().0 + 1, counts.get().1));
            one.denoise(x, at)
        };
        let unconditional = |x: &Vec<f64>, at: Level| {
            counts.set((counts.get().0, counts.get().1 + 1));
            all.denoise(x, at)
        };
        let guided = ClassifierFree::new(conditional, unconditional, scale).denoise(&x, at);
        assert_eq!(guided, alone.denoise(&x, at), "scale {scale}");
        assert_eq!(counts.get(), calls, "scale {scale}");
    }
}

#[test]
fn errors_of_either_model_are_returned() {
    let (one, _) = models();
    let fails = |_: &Vec<f64>, _: Level| Err(Error::Denoiser("no weights".to_owned()));
    let expected = Err(Error::Denoiser("no weights".to_owned()));
    let at = Level::new(0.8, 0.6);
    let first = ClassifierFree::new(fails, one_of(&one), 2.0).denoise(&vec![0.0], at);
    assert_eq!(first, expected);
    let second = ClassifierFree::new(one_of(&one), fails, 2.0).denoise(&vec![0.0], at);
    assert_eq!(second, expected);
}

/// Guidance towards a class ends in the class, further along the stronger it is.
#[test]
fn guidance_moves_samples_to_the_class() {
    let (one, all) = models();
    let end = |scale: f64| {
        let guided = ClassifierFree::new(one_of(&one), one_of(&all), scale);
        let levels = Grid::Uniform.levels(&RectifiedFlow, 50).unwrap();
        // A start whose unguided end is the other class.
        Trajectory::new(vec![-0.5], levels, AnySolver::Heun, 0.0, &guided, &NoNoise).run().unwrap()
            [0]
    };
    assert!((end(0.0) + 1.0).abs() < 0.6, "{}", end(0.0));
    assert!((end(1.0) - 1.5).abs() < 0.3, "{}", end(1.0));
    assert!(end(3.0) > end(1.0));
}

#[test]
fn clip_maps_each_estimate() {
    let (_, all) = models();
    let (x, at) = (vec![9.0], Level::new(0.9, 0.4));
    let plain = all.denoise(&x, at).unwrap();
    assert!(plain[0] > 1.0);
    let clamp = |x: Vec<f64>| x.into_iter().map(|x| x.clamp(-1.0, 1.0)).collect();
    let clipped = Clip::new(one_of(&all), clamp);
    assert_eq!(clipped.denoise(&x, at).unwrap(), [1.0]);
    // Wrappers stack: clip inside guidance, clip around it.
    let inside = ClassifierFree::new(
        Clip::new(one_of(&all), clamp),
        |_: &Vec<f64>, _: Level| Ok(vec![0.0]),
        3.0,
    );
    assert_eq!(inside.denoise(&x, at).unwrap(), [3.0]);
    assert_eq!(Clip::new(inside, clamp).denoise(&x, at).unwrap(), [1.0]);
    // All states a clipped sampler ends in are in range.
    for start in [-3.0, -0.4, 0.0, 2.5] {
        let levels = Grid::Uniform.levels(&RectifiedFlow, 20).unwrap();
        let end = Trajectory::new(vec![start], levels, AnySolver::Heun, 0.0, &clipped, &NoNoise)
            .run()
            .unwrap();
        assert!(end[0].abs() <= 1.0, "{start} ends at {}", end[0]);
    }
}
