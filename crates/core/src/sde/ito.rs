//! Itô equations `dX = a(t, X) dt + b(t, X) dW` with independent noise per coordinate, and their one-step methods
//! (Kloeden and Platen 1992, §§10.2, 10.3; Rößler 2010 for the method of strong order 1.5).

/// An equation on vectors of numbers.
pub trait Ito {
    /// `a(t, x)`.
    fn drift(&self, t: f64, x: &[f64]) -> Vec<f64>;

    /// `b_i(t, x)` for each coordinate.
    fn diffusion(&self, t: f64, x: &[f64]) -> Vec<f64>;

    /// `∂b_i/∂x_i` for each coordinate; 0 where the noise is additive.
    fn diffusion_slope(&self, t: f64, x: &[f64]) -> Vec<f64>;
}

/// A method of fixed steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Strong order 1/2, or 1 with additive noise; weak order 1: `x + a h + b ΔW`.
    EulerMaruyama,
    /// Strong order 1: with `b b' (ΔW² − h)/2` added.
    Milstein,
    /// SRA1: strong order 3/2 with additive noise, two evaluations of the drift.
    Sra1,
}

/// The random numbers of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Increment {
    /// `ΔW`, of variance `h`.
    pub w: Vec<f64>,
    /// `∫ (W(s) − W(t)) ds` over the step, of variance `h³/3` and covariance `h²/2` with `ΔW`; only SRA1 reads it.
    pub area: Vec<f64>,
}

impl Increment {
    /// From two standard normal numbers per coordinate.
    pub fn new(h: f64, first: &[f64], second: &[f64]) -> Self {
        let w = first.iter().map(|z| h.abs().sqrt() * z).collect();
        let area = (first.iter().zip(second))
            .map(|(a, b)| 0.5 * h * h.abs().sqrt() * (a + b / 3f64.sqrt()))
            .collect();
        Self { w, area }
    }

    /// This step and then one of length `h`, as one step.
    pub fn then(&self, next: &Self, h: f64) -> Self {
        let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a + b).collect::<Vec<_>>();
        let risen: Vec<f64> = self.w.iter().map(|w| w * h).collect();
        Self { w: sum(&self.w, &next.w), area: sum(&sum(&self.area, &risen), &next.area) }
    }
}

impl Scheme {
    /// The state after a step of length `h`.
    pub fn step(self, sde: &dyn Ito, t: f64, x: &[f64], h: f64, by: &Increment) -> Vec<f64> {
        let (a, b) = (sde.drift(t, x), sde.diffusion(t, x));
        match self {
            Self::EulerMaruyama => (0..x.len()).map(|i| x[i] + a[i] * h + b[i] * by.w[i]).collect(),
            Self::Milstein => {
                let slope = sde.diffusion_slope(t, x);
                (0..x.len())
                    .map(|i| {
                        let correction = 0.5 * b[i] * slope[i] * (by.w[i].powi(2) - h);
                        x[i] + a[i] * h + b[i] * by.w[i] + correction
                    })
                    .collect()
            }
            Self::Sra1 => {
                // The second stage at 3/4 of the step, with the noise 3/2 · area/h of the end's diffusion.
                let end = sde.diffusion(t + h, x);
                let inner: Vec<f64> = (0..x.len())
                    .map(|i| x[i] + 0.75 * a[i] * h + 1.5 * end[i] * by.area[i] / h)
                    .collect();
                let second = sde.drift(t + 0.75 * h, &inner);
                (0..x.len())
                    .map(|i| {
                        let drift = h * (a[i] + 2.0 * second[i]) / 3.0;
                        // ∫ b dW for b linear over the step: b₁ ΔW − (b₁ − b₀) area/h.
                        x[i] + drift + end[i] * by.w[i] - (end[i] - b[i]) * by.area[i] / h
                    })
                    .collect()
            }
        }
    }
}
