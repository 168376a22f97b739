//! Where an image-to-image run starts: `strength` is the share of the steps that are made, the last ones
//! (Meng et al. 2022, SDEdit; `⌊n · strength⌋` steps as in diffusers).

use crate::{Error, Level, Result};

/// The levels from the one that the image is noised to.
///
/// # Errors
/// Unless `strength` is from 0 to 1.
pub fn start_at(levels: &[Level], strength: f64) -> Result<&[Level]> {
    if !(0.0..=1.0).contains(&strength) {
        let found = strength.to_string();
        return Err(Error::Value { name: "strength", found, expected: "from 0 to 1" });
    }
    let steps = levels.len().saturating_sub(1);
    let made = (steps as f64 * strength) as usize;
    Ok(&levels[steps - made.min(steps)..])
}
