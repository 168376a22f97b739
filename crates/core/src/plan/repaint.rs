//! RePaint's resampling: every `jump` levels the state goes back up by `jump` levels and down again, `times` times in all
//! (Lugmayr et al. 2022, appendix B; with `jump = 1` their algorithm 1).

use super::Move;
use crate::{Error, Level, Result};

/// The steps through `levels`, the last of which is clean data, with resampling.
///
/// The rises go level by level, each with its own noise, as the paper's code does.
///
/// # Errors
/// Where `jump` or `times` is 0.
pub fn repaint(levels: &[Level], jump: usize, times: usize) -> Result<Vec<Move>> {
    for (name, found) in [("jump length", jump), ("number of resamplings", times)] {
        if found == 0 {
            let expected = "at least 1";
            return Err(Error::Value { name, found: "0".to_owned(), expected });
        }
    }
    let noisy = levels.len().saturating_sub(1);
    // How often the state has still to go back from each level; level `noisy − 1 − t` is timestep `t` of the paper.
    let mut left = vec![0; noisy];
    for t in (0..noisy.saturating_sub(jump)).step_by(jump) {
        left[noisy - 1 - t] = times - 1;
    }
    let mut moves = Vec::new();
    let mut at = 0;
    while at + 1 < levels.len() {
        if at >= jump && left[at] > 0 {
            left[at] -= 1;
            for _ in 0..jump {
                at -= 1;
                moves.push(Move::Rise { to: levels[at], scale: 1.0 });
            }
        }
        at += 1;
        moves.push(Move::Step(levels[at]));
    }
    Ok(moves)
}
