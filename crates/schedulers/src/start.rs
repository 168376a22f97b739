//! Where a scheduler of diffusers begins: at the second entry that equals the first timestep, if there is one.
//!
//! That rule is for image-to-image, which starts in the middle of a list with doubled entries.
//! At the start it skips a level, so that in most classes the last step reads past the end and diffusers fails (its issue
//! #12771).

use crate::{Config, Mode, Request, Result};

/// The index that the way begins at; always 0 in the fixed mode.
pub(crate) fn index(request: &Request, timesteps: &[f64]) -> usize {
    let again = || timesteps.iter().skip(1).position(|t| *t == timesteps[0]);
    if request.mode == Mode::Fixed { 0 } else { again().map_or(0, |at| at + 1) }
}

/// Refuses the lists on which diffusers fails, those with no timestep among them.
pub(crate) fn check(config: &Config, request: &Request, timesteps: &[f64]) -> Result<()> {
    if timesteps.is_empty() {
        return Err(config.impossible("no timestep is left"));
    }
    if index(request, timesteps) > 0 {
        return Err(config.impossible(format!(
            "the first timestep, {}, occurs again in its list of {}, so that diffusers skips a level and then runs \
             past the end",
            timesteps[0],
            timesteps.len()
        )));
    }
    Ok(())
}
