//! The scheduler classes: one file each, which knows its keys, its defaults and its quirks.

mod cogvideox;
mod consistency_decoder;
mod consistency_model;
mod cosine_dpm_multistep;
mod ddim;
mod ddim_inverse;
mod ddpm;
mod deis;
mod discrete;
mod dpm_family;
mod dpm_multistep;
mod dpm_multistep_inverse;
mod dpm_sde;
mod dpm_singlestep;
mod edm_dpm_multistep;
mod edm_euler;
mod edm_family;
mod euler;
mod euler_ancestral;
mod flow;
mod flow_map_euler;
mod flow_match_euler;
mod flow_match_heun;
mod flow_match_lcm;
mod heun;
mod karras_family;
mod karras_ve;
mod kdpm2;
mod kdpm2_ancestral;
mod lcm;
mod lms;
mod ltx_euler_ancestral;
mod minimax_h3;
mod not_run;
pub(crate) mod own;
mod pndm;
mod repaint;
mod sa;
mod scm;
mod score_sde_ve;
mod score_sde_vp;
mod tcd;
mod unclip;
mod unipc;
mod wuerstchen;

use langevin_core::Prediction;

use crate::process::Process;
use crate::{Config, Error, Plan, Request, Result};

/// What the rest of the crate knows of a class.
pub(crate) struct Class {
    /// Its name in `_class_name`.
    pub(crate) name: &'static str,
    /// The keys it knows.
    pub(crate) keys: &'static [&'static [&'static str]],
    /// Its translation.
    pub(crate) plan: fn(&Config, &Request) -> Result<Plan>,
    /// Calls for each step but the first.
    pub(crate) order: usize,
    /// The process that its networks are trained on.
    pub(crate) process: Process,
}

/// All classes that are run, by name.
const CLASSES: &[&Class] = &[
    &cogvideox::DDIM,
    &cogvideox::DPM,
    &consistency_decoder::CLASS,
    &consistency_model::CLASS,
    &cosine_dpm_multistep::CLASS,
    &ddim::CLASS,
    &ddim::PARALLEL,
    &ddim_inverse::CLASS,
    &ddpm::CLASS,
    &ddpm::PARALLEL,
    &deis::CLASS,
    &dpm_multistep::CLASS,
    &dpm_multistep_inverse::CLASS,
    &dpm_sde::CLASS,
    &dpm_singlestep::CLASS,
    &euler::CLASS,
    &euler_ancestral::CLASS,
    &flow_map_euler::CLASS,
    &flow_match_euler::CLASS,
    &flow_match_heun::CLASS,
    &flow_match_lcm::CLASS,
    &heun::CLASS,
    &karras_ve::CLASS,
    &kdpm2::CLASS,
    &kdpm2_ancestral::CLASS,
    &lcm::CLASS,
    &lms::CLASS,
    &ltx_euler_ancestral::CLASS,
    &minimax_h3::CLASS,
    &pndm::CLASS,
    &repaint::CLASS,
    &scm::CLASS,
    &score_sde_ve::CLASS,
    &score_sde_vp::CLASS,
    &tcd::CLASS,
    &unclip::CLASS,
    &edm_dpm_multistep::CLASS,
    &edm_euler::CLASS,
    &sa::CLASS,
    &unipc::CLASS,
    &wuerstchen::CLASS,
];

/// Keys that nearly all classes have.
pub(crate) const BETA_KEYS: &[&str] = &[
    "num_train_timesteps",
    "beta_start",
    "beta_end",
    "beta_schedule",
    "trained_betas",
    "prediction_type",
];

/// Keys of timesteps.
pub(crate) const SPACING_KEYS: &[&str] = &["timestep_spacing", "steps_offset"];

/// Keys of the ladders of noise levels. The last two have an effect even in classes that do not declare them.
pub(crate) const LADDER_KEYS: &[&str] =
    &["use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "sigma_min", "sigma_max"];

/// Keys of dynamic thresholding.
pub(crate) const THRESHOLD_KEYS: &[&str] =
    &["thresholding", "dynamic_thresholding_ratio", "sample_max_value"];

/// The classes that are run.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    CLASSES.iter().map(|class| class.name)
}

/// The keys of a class; none for a class that is not run.
pub(crate) fn keys(class: &str) -> Vec<&'static str> {
    let class = CLASSES.iter().find(|known| known.name == class);
    class.map(|class| class.keys.concat()).unwrap_or_default()
}

/// The class of a configuration.
pub(crate) fn of(config: &Config) -> Result<&'static Class> {
    let name = config.class();
    if let Some(class) = CLASSES.iter().find(|class| class.name == name) {
        return Ok(class);
    }
    if let Some(reason) = not_run::reason(name) {
        return Err(Error::NotRun { class: name.to_owned(), reason });
    }
    Err(Error::UnknownClass {
        class: name.to_owned(),
        nearest: langevin_weights::nearest(name, names()),
    })
}

/// The value of `prediction_type`, one of those the class reads.
pub(crate) fn prediction(config: &Config, names: &[&str]) -> Result<Prediction> {
    let name = config.get("prediction_type", names[0].to_owned())?;
    if !names.contains(&name.as_str()) {
        let expected = format!("one of {}", names.join(", "));
        return Err(config.refuse("prediction_type", format!("\"{name}\""), expected));
    }
    Ok(name.parse()?)
}
