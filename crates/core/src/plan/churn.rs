//! EDM's stochastic churn: before each step the noise rises by a factor `1 + γ`
//! (Karras et al. 2022, algorithm 2: `γ = min(S_churn/N, √2 − 1)` where `S_min ≤ s ≤ S_max`, `s = sigma/alpha`).

use super::Move;
use crate::Level;

/// The four numbers of the paper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Churn {
    /// `S_churn`: the rises of all steps together; 0 is none.
    pub amount: f64,
    /// `S_min`: no churn below.
    pub min: f64,
    /// `S_max`: no churn above.
    pub max: f64,
    /// `S_noise`: a factor on the noise that is added.
    pub noise: f64,
}

impl Default for Churn {
    /// No churn.
    fn default() -> Self {
        Self { amount: 0.0, min: 0.0, max: f64::INFINITY, noise: 1.0 }
    }
}

impl Churn {
    /// `γ` at this level of a sampler of `steps` steps.
    pub fn gamma(self, from: Level, steps: usize) -> f64 {
        let s = from.ratio();
        if !s.is_finite() || s < self.min || s > self.max {
            return 0.0;
        }
        (self.amount / steps as f64).clamp(0.0, std::f64::consts::SQRT_2 - 1.0)
    }
}

/// The steps through `levels`, each after its rise; levels risen to are on the same curve as `levels` themselves.
pub fn churn(levels: &[Level], churn: Churn) -> Vec<Move> {
    let steps = levels.len().saturating_sub(1);
    let mut moves = Vec::with_capacity(2 * steps);
    for pair in levels.windows(2) {
        let gamma = churn.gamma(pair[0], steps);
        if gamma > 0.0 {
            let to = Level::between(pair[0], levels[steps], pair[0].ratio() * (1.0 + gamma));
            moves.push(Move::Rise { to, scale: churn.noise });
        }
        moves.push(Move::Step(pair[1]));
    }
    moves
}
