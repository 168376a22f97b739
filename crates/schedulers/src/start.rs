//! Where a scheduler of diffusers begins: at the second entry that equals the first timestep, if there is one.
//!
//! That rule is for image-to-image, which starts in the middle of a list with doubled entries.
//! At the start it skips a level, so that the last step reads past the end and diffusers fails (its issue #12771).

use crate::{Config, Mode, Request, Result};

/// Refuses the lists on which diffusers fails; in the fixed mode the way begins at the first entry.
pub(crate) fn check(config: &Config, request: &Request, timesteps: &[f64]) -> Result<()> {
    let twice = timesteps.iter().filter(|&&t| t == timesteps[0]).count() > 1;
    if twice && request.mode == Mode::AsDiffusers {
        return Err(config.impossible(format!(
            "the first timestep, {}, occurs again in its list of {}, so that diffusers skips a level and then runs \
             past the end",
            timesteps[0],
            timesteps.len()
        )));
    }
    Ok(())
}
