//! Every wrapper against the algebra it stands for: neutral settings give back what is wrapped, exact scores mix as their
//! papers say, and batches are treated sample by sample.

use std::cell::Cell;

use langevin_core::guidance::Classifier as _;
use langevin_core::guidance::{
    AdaptiveProjected, Autoguidance, Branch, Branches, ClassifierFree, ClassifierGuidance,
    DynamicThreshold, Interval, MixtureClassifier, PerpNeg, Rescale,
};
use langevin_core::{Denoiser, Error, GaussianMixture, Level, Prediction, Result, Samples, State};
use proptest::prelude::*;

type Point = Vec<f64>;
type Estimate = Box<dyn Fn(&Point, Level) -> Result<Point>>;

fn component(mean: [f64; 3], std: f64) -> GaussianMixture {
    GaussianMixture::new(vec![1.0], vec![mean.to_vec()], vec![vec![std; 3]]).unwrap()
}

/// A class, everything (of which the class is a third), and another class.
fn models() -> [GaussianMixture; 3] {
    let (one, two) = ([1.5, 0.0, -0.5], [-1.0, 0.7, 0.2]);
    let all = GaussianMixture::new(
        vec![1.0, 2.0],
        vec![one.to_vec(), two.to_vec()],
        vec![vec![0.3; 3], vec![0.6; 3]],
    );
    [component(one, 0.3), all.unwrap(), component(two, 0.6)]
}

fn pair() -> [GaussianMixture; 2] {
    let [one, all, _] = models();
    [one, all]
}

fn constant(value: Point) -> impl Fn(&Point, Level) -> Result<Point> {
    move |_, _| Ok(value.clone())
}

fn close(a: &[f64], b: &[f64], tolerance: f64) -> bool {
    let size = b.iter().fold(1.0_f64, |m, x| m.max(x.abs()));
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance * size)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn minus(a: &[f64], b: &[f64]) -> Point {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn states() -> impl Strategy<Value = (Point, Level)> {
    let x = prop::collection::vec(-3.0..3.0f64, 3);
    (x, 0.05..1.5f64, 0.05..3.0f64).prop_map(|(x, alpha, sigma)| (x, Level::new(alpha, sigma)))
}

proptest! {
    /// Scale 1 is the conditional model, in every kind of guidance that moves away from the unconditional one.
    #[test]
    fn scale_one_is_the_conditional((x, at) in states(), phi in 0.0..1.0f64, radius in 0.1..9.0f64) {
        let expected = pair()[0].clean(&x, at);
        let prediction = Prediction::V;
        let all: [Point; 4] = [
            ClassifierFree::of(pair(), 1.0).denoise(&x, at).unwrap(),
            Autoguidance::new(pair(), 1.0).denoise(&x, at).unwrap(),
            Rescale::new(pair(), prediction, 1.0, phi).unwrap().denoise(&x, at).unwrap(),
            AdaptiveProjected::new(pair(), 1.0, 0.3, radius).unwrap().denoise(&x, at).unwrap(),
        ];
        for found in all {
            prop_assert_eq!(&found, &expected);
        }
    }

    /// Neutral settings of the refinements are plain guidance.
    #[test]
    fn neutral_settings_are_plain_guidance((x, at) in states(), scale in -2.0..9.0f64) {
        let plain = ClassifierFree::of(pair(), scale).denoise(&x, at).unwrap();
        let unscaled = Rescale::new(pair(), Prediction::Noise, scale, 0.0).unwrap();
        prop_assert!(close(&unscaled.denoise(&x, at).unwrap(), &plain, 1e-12));
        let whole = AdaptiveProjected::new(pair(), scale, 1.0, f64::INFINITY).unwrap();
        prop_assert!(close(&whole.denoise(&x, at).unwrap(), &plain, 1e-12));
        let everywhere =
            Interval::new(ClassifierFree::of(pair(), scale), Branch::new(pair(), 0), 0.0, f64::INFINITY);
        prop_assert_eq!(everywhere.unwrap().denoise(&x, at).unwrap(), plain.clone());
        let [one, all, _] = models();
        let no_negative = PerpNeg::new([all, one], scale, vec![]).unwrap();
        prop_assert!(close(&no_negative.denoise(&x, at).unwrap(), &plain, 1e-12));
    }

    /// Guidance mixes scores: `∇ ln p_u + s (∇ ln p_c − ∇ ln p_u)`, exactly, where both are known.
    #[test]
    fn guided_estimates_are_tilted_scores((x, at) in states(), scale in -2.0..9.0f64) {
        let [one, all, _] = models();
        let (c, u) = (one.score(&x, at), all.score(&x, at));
        let score: Point = c.iter().zip(&u).map(|(c, u)| u + scale * (c - u)).collect();
        let tweedie: Point =
            x.iter().zip(&score).map(|(x, s)| (x + at.sigma * at.sigma * s) / at.alpha).collect();
        let guided = ClassifierFree::of(pair(), scale).denoise(&x, at).unwrap();
        prop_assert!(close(&guided, &tweedie, 1e-9), "{guided:?} {tweedie:?}");
    }

    /// Rescaling by all gives the guided output the conditional output's spread; by a share, the mix of both.
    #[test]
    fn rescaled_outputs_have_the_conditional_spread((x, at) in states(), scale in 1.5..9.0f64, phi in 0.0..1.0f64) {
        let row = Prediction::V;
        let (a, b) = row.target(at);
        let output = |clean: &[f64]| -> Point {
            x.iter().zip(clean).map(|(x, c)| a * c + b * (x - at.alpha * c) / at.sigma).collect()
        };
        let std = |x: &[f64]| {
            let mean = x.iter().sum::<f64>() / 3.0;
            (x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 2.0).sqrt()
        };
        let conditional = output(&pair()[0].clean(&x, at));
        let plain = output(&ClassifierFree::of(pair(), scale).denoise(&x, at).unwrap());
        let full = Rescale::new(pair(), row, scale, 1.0).unwrap().denoise(&x, at).unwrap();
        prop_assert!((std(&output(&full)) - std(&conditional)).abs() < 1e-9 * (1.0 + std(&conditional)));
        let part = Rescale::new(pair(), row, scale, phi).unwrap().denoise(&x, at).unwrap();
        let expected: Point = plain
            .iter()
            .map(|g| phi * g * std(&conditional) / std(&plain) + (1.0 - phi) * g)
            .collect();
        prop_assert!(close(&output(&part), &expected, 1e-8), "{:?} {expected:?}", output(&part));
    }

    /// Without its parallel part the guided difference is perpendicular to the conditional estimate, and the norm of the
    /// difference is at most the radius.
    #[test]
    fn projected_guidance_is_perpendicular_and_limited((x, at) in states(), scale in 1.5..9.0f64, radius in 0.01..2.0f64) {
        let c = pair()[0].clean(&x, at);
        let move_of = |parallel: f64| {
            let guided = AdaptiveProjected::new(pair(), scale, parallel, radius).unwrap();
            minus(&guided.denoise(&x, at).unwrap(), &c)
        };
        let (perpendicular, whole) = (move_of(0.0), move_of(1.0));
        prop_assert!(dot(&perpendicular, &c).abs() < 1e-11 * scale * (1.0 + dot(&c, &c)));
        let difference = minus(&c, &pair()[1].clean(&x, at));
        let expected = (scale - 1.0) * dot(&difference, &difference).sqrt().min(radius);
        prop_assert!((dot(&whole, &whole).sqrt() - expected).abs() < 1e-10 * (1.0 + expected));
        // Half-way in the share is half-way between the two.
        let half = move_of(0.5);
        let mean: Point = perpendicular.iter().zip(&whole).map(|(a, b)| 0.5 * (a + b)).collect();
        prop_assert!(close(&half, &mean, 1e-12));
    }

    /// A negative along the positive changes nothing; a perpendicular one is subtracted whole.
    #[test]
    fn only_the_perpendicular_negative_counts(along in -3.0..3.0f64, weight in 0.0..2.0f64, scale in 0.5..9.0f64) {
        let (at, x) = (Level::new(0.8, 0.6), vec![0.0; 3]);
        let unconditional = vec![0.1, -0.2, 0.3];
        let (towards, across) = ([1.0, 2.0, -1.0], [2.0, 0.0, 2.0]);
        let add = |step: &[f64], by: f64| -> Point {
            unconditional.iter().zip(step).map(|(u, s)| u + by * s).collect()
        };
        let negative = minus(&add(&towards, along), &minus(&[0.0; 3], &across));
        let branches: [Estimate; 3] = [
            Box::new(constant(unconditional.clone())),
            Box::new(constant(add(&towards, 1.0))),
            Box::new(constant(negative)),
        ];
        let found = PerpNeg::new(branches, scale, vec![weight]).unwrap().denoise(&x, at).unwrap();
        let expected: Point = add(&towards, scale).iter().zip(across).map(|(g, c)| g - scale * weight * c).collect();
        prop_assert!(close(&found, &expected, 1e-12), "{found:?} {expected:?}");
    }

    /// The exact classifier's gradient is the slope of its log-probability, and guidance by it at scale `s` is
    /// classifier-free guidance at scale `s`, at pure noise too.
    #[test]
    fn exact_classifier_guidance_is_classifier_free((x, at) in states(), scale in 0.0..5.0f64, noise in any::<bool>()) {
        let at = if noise { Level::NOISE } else { at };
        let [one, all, _] = models();
        let classifier = MixtureClassifier::new(all.clone(), one.clone(), 1.0 / 3.0).unwrap();
        let h = 1e-5;
        let gradient = classifier.gradient(&x, at).unwrap();
        for i in 0..3 {
            let moved = |by: f64| {
                let mut x = x.clone();
                x[i] += by;
                classifier.log_probability(&x, at)
            };
            let slope = (moved(h) - moved(-h)) / (2.0 * h);
            let curve = (moved(h) + moved(-h) - 2.0 * moved(0.0)).abs() / h;
            prop_assert!((slope - gradient[i]).abs() < 1e-4 * (1.0 + slope.abs()) + curve, "{slope} {}", gradient[i]);
        }
        let guided = ClassifierGuidance::new(all, classifier, scale).denoise(&x, at).unwrap();
        let free = ClassifierFree::of(pair(), scale).denoise(&x, at).unwrap();
        prop_assert!(close(&guided, &free, 1e-12));
    }

    /// Class probabilities of a partition add up to 1.
    #[test]
    fn class_probabilities_add_up((x, at) in states()) {
        let [one, all, two] = models();
        let probability = |class, share| {
            MixtureClassifier::new(all.clone(), class, share).unwrap().log_probability(&x, at).exp()
        };
        prop_assert!((probability(one, 1.0 / 3.0) + probability(two, 2.0 / 3.0) - 1.0).abs() < 1e-9);
    }

    /// The threshold leaves estimates in range alone, and brings the quantile of others to 1.
    #[test]
    fn thresholds_are_quantiles(values in prop::collection::vec(-4.0..4.0f64, 5), rank in 0usize..5) {
        let at = Level::new(0.8, 0.6);
        // At this quantile no interpolation is needed: it is a number of the sample.
        let quantile = rank as f64 / 4.0;
        let dynamic = DynamicThreshold::new(constant(values.clone()), quantile, f64::INFINITY).unwrap();
        let found = dynamic.denoise(&vec![0.0; 5], at).unwrap();
        let mut sorted: Point = values.iter().map(|v| v.abs()).collect();
        sorted.sort_by(f64::total_cmp);
        let s = sorted[rank].max(1.0);
        let expected: Point = values.iter().map(|v| v.clamp(-s, s) / s).collect();
        prop_assert!(close(&found, &expected, 1e-12));
        let clipped = DynamicThreshold::new(constant(values.clone()), quantile, 1.0).unwrap();
        let expected: Point = values.iter().map(|v| v.clamp(-1.0, 1.0)).collect();
        prop_assert_eq!(clipped.denoise(&vec![0.0; 5], at).unwrap(), expected);
    }
}

/// Inside the interval the guided denoiser alone is called, outside it the plain one alone; the upper end belongs to it.
#[test]
fn the_interval_chooses_one_denoiser() {
    let calls = Cell::new((0, 0));
    let inside = |_: &Point, _: Level| {
        calls.set((calls.get().0 + 1, calls.get().1));
        Ok(vec![1.0])
    };
    let outside = |_: &Point, _: Level| {
        calls.set((calls.get().0, calls.get().1 + 1));
        Ok(vec![0.0])
    };
    let interval = Interval::new(inside, outside, 0.5, 2.0).unwrap();
    for (ratio, guided) in [(0.1, 0.0), (0.5, 0.0), (0.51, 1.0), (2.0, 1.0), (2.1, 0.0)] {
        let found = interval.denoise(&vec![0.0], Level::new(1.0, ratio)).unwrap();
        assert_eq!(found, [guided], "at {ratio}");
    }
    assert_eq!(interval.denoise(&vec![0.0], Level::NOISE).unwrap(), [0.0]);
    assert_eq!(calls.get(), (2, 4));
}

/// The quantile between two numbers is interpolated: half-way between 2 and 4 is 3.
#[test]
fn thresholds_interpolate() {
    let estimate = constant(vec![0.0, -2.0, 4.0]);
    let dynamic = DynamicThreshold::new(estimate, 0.75, 10.0).unwrap();
    let found = dynamic.denoise(&vec![0.0; 3], Level::NOISE).unwrap();
    assert!(close(&found, &[0.0, -2.0 / 3.0, 1.0], 1e-15), "{found:?}");
}

/// A state of two samples, and branches that answer both in one call.
#[derive(Clone, Debug, PartialEq)]
struct Batch([Point; 2]);

impl State for Batch {
    fn combine(terms: &[(f64, &Self)]) -> Result<Self> {
        let part = |i: usize| {
            Point::combine(&terms.iter().map(|(c, x)| (*c, &x.0[i])).collect::<Vec<_>>())
        };
        Ok(Self([part(0)?, part(1)?]))
    }
}

impl Samples for Batch {
    fn samples(&self) -> usize {
        2
    }

    fn numbers(&self) -> Result<Vec<f64>> {
        Ok(self.0.concat())
    }

    fn like(&self, numbers: Vec<f64>) -> Result<Self> {
        let (a, b) = numbers.split_at(numbers.len() / 2);
        Ok(Self([a.to_vec(), b.to_vec()]))
    }
}

struct OneForward {
    models: [GaussianMixture; 2],
    calls: Cell<usize>,
}

impl Branches<Batch, 2> for OneForward {
    fn one(&self, index: usize, x: &Batch, at: Level) -> Result<Batch> {
        let model = &self.models[index];
        Ok(Batch([model.clean(&x.0[0], at), model.clean(&x.0[1], at)]))
    }

    fn all(&self, x: &Batch, at: Level) -> Result<[Batch; 2]> {
        self.calls.set(self.calls.get() + 1);
        Ok([self.one(0, x, at)?, self.one(1, x, at)?])
    }
}

/// Each sample of a batch is guided as it would be alone, and both branches cost one call.
#[test]
fn batches_are_guided_sample_by_sample_in_one_call() {
    let at = Level::new(0.7, 0.5);
    let x = Batch([vec![0.3, -0.4, 1.0], vec![-2.0, 0.5, 0.1]]);
    let branches = OneForward { models: pair(), calls: Cell::new(0) };
    let row = Prediction::Noise;
    let check = |batch: &dyn Denoiser<Batch>, alone: &dyn Denoiser<Point>| {
        let before = branches.calls.get();
        let found = batch.denoise(&x, at).unwrap();
        assert_eq!(branches.calls.get(), before + 1);
        for (found, x) in found.0.iter().zip(&x.0) {
            assert!(close(found, &alone.denoise(x, at).unwrap(), 1e-14));
        }
    };
    check(&ClassifierFree::of(&branches, 3.0), &ClassifierFree::of(pair(), 3.0));
    check(&Autoguidance::new(&branches, 3.0), &Autoguidance::new(pair(), 3.0));
    check(
        &Rescale::new(&branches, row, 3.0, 0.7).unwrap(),
        &Rescale::new(pair(), row, 3.0, 0.7).unwrap(),
    );
    check(
        &AdaptiveProjected::new(&branches, 3.0, 0.2, 0.5).unwrap(),
        &AdaptiveProjected::new(pair(), 3.0, 0.2, 0.5).unwrap(),
    );
    check(
        &DynamicThreshold::new(ClassifierFree::of(&branches, 9.0), 0.9, 9.0).unwrap(),
        &DynamicThreshold::new(ClassifierFree::of(pair(), 9.0), 0.9, 9.0).unwrap(),
    );
    check(
        &PerpNeg::new(&branches, 3.0, vec![]).unwrap(),
        &PerpNeg::new(pair(), 3.0, vec![]).unwrap(),
    );
}

/// Where an estimate or a difference is zero nothing is divided by it.
#[test]
fn zero_directions_are_harmless() {
    let (at, x) = (Level::new(0.8, 0.6), vec![0.0; 3]);
    let zero = || constant(vec![0.0; 3]);
    let found = AdaptiveProjected::new((zero(), zero()), 5.0, 0.0, 1.0).unwrap().denoise(&x, at);
    assert_eq!(found.unwrap(), [0.0; 3]);
    let found = PerpNeg::new([zero(), zero(), zero()], 5.0, vec![1.0]).unwrap().denoise(&x, at);
    assert_eq!(found.unwrap(), [0.0; 3]);
    let flat = Rescale::new((zero(), zero()), Prediction::Clean, 5.0, 1.0).unwrap();
    assert_eq!(flat.denoise(&x, at).unwrap(), [0.0; 3]);
}

#[test]
fn hostile_settings_are_refused() {
    let nan = f64::NAN;
    let zero = || constant(vec![0.0]);
    let sentence = |error: Error| error.to_string();
    let cases = [
        (
            Interval::new(zero(), zero(), 2.0, 1.0).err().map(sentence),
            "guidance interval is (2, 1]",
        ),
        (
            Interval::new(zero(), zero(), nan, 1.0).err().map(sentence),
            "guidance interval is (NaN, 1]",
        ),
        (Rescale::new(pair(), Prediction::V, 2.0, 1.5).err().map(sentence), "phi is 1.5"),
        (AdaptiveProjected::new(pair(), 2.0, nan, 1.0).err().map(sentence), "parallel is NaN"),
        (AdaptiveProjected::new(pair(), 2.0, 0.0, 0.0).err().map(sentence), "radius is 0"),
        (
            PerpNeg::new(pair(), 2.0, vec![1.0]).err().map(sentence),
            "number of negative weights is 1",
        ),
        (PerpNeg::new(models(), 2.0, vec![nan]).err().map(sentence), "negative weight is NaN"),
        (DynamicThreshold::new(zero(), 1.1, 1.0).err().map(sentence), "quantile is 1.1"),
        (DynamicThreshold::new(zero(), 0.9, 0.5).err().map(sentence), "largest threshold is 0.5"),
    ];
    for (found, expected) in cases {
        let found = found.expect(expected);
        assert!(found.starts_with(expected), "{found}");
    }
    let [one, all, _] = models();
    assert!(MixtureClassifier::new(all, one, 0.0).is_err());
}
