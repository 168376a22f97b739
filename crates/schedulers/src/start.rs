//! Where a way begins.
//!
//! Unless its pipeline says, a scheduler of diffusers begins at the second entry that equals the first timestep, if there
//! is one. That rule is for image-to-image, which starts in the middle of a list with doubled entries.
//! At the start it skips a level, so that in most classes the last step reads past the end and diffusers fails (its issue
//! #12771).

use crate::{Config, Error, Mode, Path, Plan, Request, Result};

/// Where a way begins.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Start {
    /// At the first timestep, as the class finds it in its list.
    #[default]
    First,
    /// At the first timestep that is left when this many steps are left out; what such a step would have added to a
    /// multistep history is missing.
    After(usize),
    /// At this share of the timesteps, the noisiest left out before they are thinned; for the classes that were distilled
    /// from more steps.
    Share(f64),
}

impl Request {
    /// How many steps are left out.
    pub(crate) fn left_out(&self) -> usize {
        match self.start {
            Start::After(steps) => steps,
            Start::First | Start::Share(_) => 0,
        }
    }

    /// How many calls before the one with this index are made.
    pub(crate) fn made(&self, index: usize) -> usize {
        index.saturating_sub(self.left_out())
    }
}

/// The index that the way begins at; always 0 in the fixed mode, or where a pipeline says it.
pub(crate) fn index(request: &Request, timesteps: &[f64]) -> usize {
    let again = || timesteps.iter().skip(1).position(|t| *t == timesteps[0]);
    match (request.mode, request.start) {
        (Mode::Fixed, _) | (_, Start::After(_)) => 0,
        _ => again().map_or(0, |at| at + 1),
    }
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

impl Plan {
    /// The plan without what the request leaves out; a step is `order` calls. Histories have been cut by the class.
    pub(crate) fn starting(
        mut self,
        config: &Config,
        request: &Request,
        order: usize,
    ) -> Result<Self> {
        let first = request.left_out().saturating_mul(order);
        let own = matches!(self.path, Path::Own(_));
        if let Start::Share(_) = request.start
            && !["LCMScheduler", "TCDScheduler"].contains(&config.class())
        {
            return Err(config.impossible(
                "it was not distilled from more steps, of which a share could be taken",
            ));
        }
        if first == 0 {
            return Ok(self);
        }
        if first >= self.timesteps.len() {
            return Err(Error::Number {
                name: "the number of steps left out",
                found: request.left_out().to_string(),
                expected: format!("fewer than the {} that there are", request.steps),
            });
        }
        match &mut self.path {
            Path::Calls(calls) => drop(calls.drain(..first.min(calls.len()))),
            Path::Own(own) => own.leave_out(config, first)?,
        }
        self.timesteps.drain(..first);
        if let Some(sigmas) = self.sigmas.as_mut().filter(|_| !own) {
            sigmas.drain(..first.min(sigmas.len()));
        }
        Ok(self)
    }
}
