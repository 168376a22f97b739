//! Restart sampling: at a low level the state is brought back to a high one and denoised again, several times
//! (Xu et al. 2023, algorithm 1, with the interval's steps even in `s^(1/7)`, `s = sigma/alpha`).

use super::{Move, steps};
use crate::{Error, Level, Result};

/// One interval of restarts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Restart {
    /// `sigma/alpha` at which the state goes back; the nearest level of the grid is taken.
    pub min: f64,
    /// `sigma/alpha` that it goes back to.
    pub max: f64,
    /// How often.
    pub times: usize,
    /// Steps from `max` to `min`.
    pub steps: usize,
}

/// The steps through `levels` with restarts.
///
/// # Errors
/// Unless `0 < min < max`, both finite, there is a step, and the grid comes near `min`.
pub fn restart(levels: &[Level], restarts: &[Restart]) -> Result<Vec<Move>> {
    let mut moves = Vec::new();
    let mut at = 0;
    let mut sorted = restarts.to_vec();
    sorted.sort_by(|a, b| b.min.total_cmp(&a.min));
    for restart in sorted {
        let error = |name, found: String, expected| Err(Error::Value { name, found, expected });
        if !(restart.min > 0.0 && restart.max > restart.min && restart.max.is_finite()) {
            let found = format!("{} to {}", restart.min, restart.max);
            return error("interval of a restart", found, "positive, rising and finite");
        }
        if restart.steps == 0 {
            return error("number of steps of a restart", "0".to_owned(), "at least 1");
        }
        let distance = |level: &Level| (level.ratio() / restart.min).ln().abs();
        let nearest = (0..levels.len())
            .filter(|&i| distance(&levels[i]).is_finite())
            .min_by(|&a, &b| distance(&levels[a]).total_cmp(&distance(&levels[b])));
        let Some(nearest) = nearest else {
            return error("number of levels", levels.len().to_string(), "enough for restarts");
        };
        moves.extend(steps(&levels[at..=nearest.max(at)]));
        at = nearest.max(at);
        let back = interval(levels[at], levels[levels.len() - 1], restart);
        for _ in 0..restart.times {
            moves.push(Move::Rise { to: back[0], scale: 1.0 });
            moves.extend(steps(&back));
        }
    }
    moves.extend(steps(&levels[at..]));
    Ok(moves)
}

/// From the interval's upper end down to `to`, on the curve of `to` and `last`.
fn interval(to: Level, last: Level, restart: Restart) -> Vec<Level> {
    let (high, low) = (restart.max.powf(1.0 / 7.0), to.ratio().powf(1.0 / 7.0));
    let inner = (0..restart.steps).map(|k| {
        let share = k as f64 / restart.steps as f64;
        Level::between(to, last, ((1.0 - share) * high + share * low).powi(7))
    });
    inner.chain([to]).collect()
}
