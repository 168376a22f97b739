//! Classifier guidance (Dhariwal and Nichol 2021, eq. 14): `∇ ln p(x) + s · ∇ ln p(class | x)`, which in the clean estimate
//! is `E[clean | x] + s · sigma²/alpha · ∇ ln p(class | x)`.

use std::marker::PhantomData;

use crate::{Denoiser, GaussianMixture, Level, Result, State};

/// What a classifier of noisy states knows.
pub trait Classifier<X: State> {
    /// `∇ ln p(class | x)` at level `at`.
    ///
    /// # Errors
    /// What keeps it from being computed.
    fn gradient(&self, x: &X, at: Level) -> Result<X>;

    /// `sigma²/alpha · ∇ ln p(class | x)`, by which guidance of scale 1 moves the clean estimate.
    ///
    /// At pure noise, where this form is `∞ · 0`, it is no move; a classifier that knows the limit returns that.
    ///
    /// # Errors
    /// What keeps it from being computed.
    fn shift(&self, x: &X, at: Level) -> Result<X> {
        if at.alpha == 0.0 {
            return X::combine(&[(0.0, x)]);
        }
        X::combine(&[(at.sigma * at.sigma / at.alpha, &self.gradient(x, at)?)])
    }
}

/// Moves a denoiser's estimate to where a classifier is surer; scale 0 is none, 1 samples the class.
#[derive(Clone, Copy, Debug)]
pub struct ClassifierGuidance<X, D, C> {
    denoiser: D,
    classifier: C,
    scale: f64,
    state: PhantomData<fn(&X)>,
}

impl<X: State, D: Denoiser<X>, C: Classifier<X>> ClassifierGuidance<X, D, C> {
    /// Guides `denoiser` (of all classes) by `classifier` (which knows the wanted one).
    pub fn new(denoiser: D, classifier: C, scale: f64) -> Self {
        Self { denoiser, classifier, scale, state: PhantomData }
    }
}

impl<X: State, D: Denoiser<X>, C: Classifier<X>> Denoiser<X> for ClassifierGuidance<X, D, C> {
    fn denoise(&self, x: &X, at: Level) -> Result<X> {
        let clean = self.denoiser.denoise(x, at)?;
        if self.scale == 0.0 {
            return Ok(clean);
        }
        X::combine(&[(1.0, &clean), (self.scale, &self.classifier.shift(x, at)?)])
    }
}

/// The exact classifier of a mixture whose class is a mixture too:
/// `ln p(class | x) = ln share + ln p(x | class) − ln p(x)` at every level.
#[derive(Clone, Debug)]
pub struct MixtureClassifier {
    all: GaussianMixture,
    class: GaussianMixture,
    share: f64,
}

impl MixtureClassifier {
    /// The classifier of `class`, which makes up `share` of `all`.
    ///
    /// # Errors
    /// Where the dimensions differ, or `share` is not above 0 and at most 1.
    pub fn new(all: GaussianMixture, class: GaussianMixture, share: f64) -> Result<Self> {
        if all.dimension() != class.dimension() {
            return Err(crate::Error::Shapes(all.dimension(), class.dimension()));
        }
        if !(share > 0.0 && share <= 1.0) {
            let expected = "above 0 and at most 1";
            let found = share.to_string();
            return Err(crate::Error::Value { name: "share of the class", found, expected });
        }
        Ok(Self { all, class, share })
    }

    /// `ln p(class | x)` at level `at`.
    ///
    /// # Panics
    /// Where `x` has another dimension.
    pub fn log_probability(&self, x: &[f64], at: Level) -> f64 {
        self.share.ln() + self.class.log_density(x, at) - self.all.log_density(x, at)
    }
}

impl Classifier<Vec<f64>> for MixtureClassifier {
    fn gradient(&self, x: &Vec<f64>, at: Level) -> Result<Vec<f64>> {
        if x.len() != self.all.dimension() {
            return Err(crate::Error::Shapes(x.len(), self.all.dimension()));
        }
        let (class, all) = (self.class.score(x, at), self.all.score(x, at));
        Ok(class.iter().zip(all).map(|(class, all)| class - all).collect())
    }

    /// By Tweedie's formula the difference of two clean estimates, which is finite at pure noise.
    fn shift(&self, x: &Vec<f64>, at: Level) -> Result<Vec<f64>> {
        State::combine(&[(1.0, &self.class.denoise(x, at)?), (-1.0, &self.all.denoise(x, at)?)])
    }
}
