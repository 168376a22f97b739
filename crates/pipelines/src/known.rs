//! A picture as the latents that a way starts from, and that it is held to where a mask says so.
//!
//! `x = alpha · latents + sigma · noise` at the first level of the way.
//! With a mask, what is known is put back after each step, noised to the level that the state has reached (Lugmayr et al.
//! 2022, eq. 8); or the network is told the mask and what lies outside of it, and paints to match (Rombach et al. 2022,
//! section 4.5).

use burn::tensor::{Device, Tensor};
use langevin_core::{Level, State};
use langevin_models::PlanNoise;
use langevin_nn::AutoencoderKLConfig;
use langevin_nn::autoencoder_kl::{Posterior, Tiling};
use langevin_schedulers::{Network, NoiseSource, Plan};

use crate::{Decoding, Error, Init, OnDemand, Result, Task};

/// What a mask means to the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Masking {
    /// Nothing: what is known is put back after each step.
    Kept,
    /// It is told the mask and what is left of the picture.
    Told,
}

impl Masking {
    /// What it is to a network that takes so many channels, where latents have so many; none for a network of another kind.
    pub(crate) fn of(channels: usize, latents: usize) -> Option<Self> {
        match channels {
            _ if channels == latents => Some(Self::Kept),
            _ if channels == 2 * latents + 1 => Some(Self::Told),
            _ => None,
        }
    }

    /// Refuses tasks that a network which is told the mask was not trained for.
    pub(crate) fn check(self, task: Task) -> Result<()> {
        let found = match (self, task) {
            (Self::Told, Task::Text) => "words alone",
            (Self::Told, Task::Picture) => "a picture without a mask",
            (Self::Told, Task::Mask) | (Self::Kept, _) => return Ok(()),
        };
        Err(Error::Value {
            name: "what pictures are made from",
            found: found.to_owned(),
            expected: "a picture and a mask: this network was trained to paint into pictures"
                .to_owned(),
        })
    }
}

/// How pictures become latents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encoding<'a> {
    pub(crate) vae: &'a OnDemand<AutoencoderKLConfig>,
    pub(crate) decoding: Decoding,
    pub(crate) device: &'a Device,
}

impl Encoding<'_> {
    /// The distribution of the latents of pictures `[1, 3, H, W]`.
    fn latents(&self, pixels: Tensor<4>) -> Result<Posterior> {
        let vae = self.vae.get()?;
        Ok(match self.decoding {
            Decoding::Whole => vae.encode(pixels)?,
            Decoding::Tiles => vae.encode_tiled(pixels, &Tiling::new(vae.config())?)?,
        })
    }
}

/// A picture as an autoencoder sees it.
#[derive(Clone, Debug)]
pub struct Known {
    vae: AutoencoderKLConfig,
    /// The distribution of its latents, where they are used.
    picture: Option<Posterior>,
    mask: Option<Mask>,
    /// Whether the way starts from noise alone.
    from_noise: bool,
}

#[derive(Clone, Debug)]
struct Mask {
    /// `[1, 1, h, w]`, 1 where latents are drawn anew.
    anew: Tensor<4>,
    /// The latents of the picture without what is masked, where the network is told them.
    rest: Option<Posterior>,
}

/// The state that a way starts from.
#[derive(Debug)]
pub(crate) struct Begun {
    /// `[1, C, h, w]`.
    pub(crate) x: Tensor<4>,
    /// The mask and the latents outside of it, `[1, 1 + C, h, w]`, where the network is told them.
    pub(crate) told: Option<Tensor<4>>,
    /// What is put back after each step.
    pub(crate) kept: Option<Kept>,
}

/// What is known of the last state, and the noise that hides it before.
#[derive(Debug)]
pub(crate) struct Kept {
    anew: Tensor<4>,
    latents: Tensor<4>,
    noise: Tensor<4>,
    levels: Vec<Level>,
}

impl Known {
    /// The picture of `init` at this size. With a mask a way of full strength starts from noise alone.
    pub(crate) fn new(
        encoding: &Encoding<'_>,
        init: &Init,
        size: [usize; 2],
        masking: Masking,
    ) -> Result<Self> {
        let (config, device) = (encoding.vae.config().clone(), encoding.device);
        let pixels = init.pixels(size, device)?;
        let mask = init.mask(size, config.reduction(), device)?;
        let from_noise = mask.is_some() && init.strength() == 1.0;
        let used = !from_noise || masking == Masking::Kept;
        let picture = used.then(|| encoding.latents(pixels.clone())).transpose()?;
        let rest = match (init.mask(size, 1, device)?, masking) {
            (Some(mask), Masking::Told) => Some(encoding.latents(pixels * (mask * -1.0 + 1.0))?),
            _ => None,
        };
        let mask = mask.map(|anew| Mask { anew, rest });
        Ok(Self { vae: config, picture, mask, from_noise })
    }

    /// Whether a part of it is drawn anew.
    pub(crate) fn is_masked(&self) -> bool {
        self.mask.is_some()
    }

    /// The same where a way of full strength starts from the picture at the first level, however little is left of it.
    pub(crate) fn at_first_level(self) -> Self {
        Self { from_noise: false, ..self }
    }

    /// The state that the way of `plan` starts from, drawn as diffusers draws: the latents of the picture, the noise,
    /// the latents of what is left of it.
    pub(crate) fn begin(&self, plan: &Plan, noise: &mut PlanNoise<'_>) -> Result<Begun> {
        let latents = |posterior: &Posterior, drawn| self.vae.to_diffusion(posterior.sample(drawn));
        let picture = match &self.picture {
            Some(picture) => Some(latents(picture, noise.draw()?)),
            None => None,
        };
        let drawn: Tensor<4> = noise.draw()?;
        let levels = plan.beside();
        let x = match &picture {
            Some(picture) if !self.from_noise => at(levels[0], picture, &drawn)?,
            _ => drawn.clone() * plan.init_noise_sigma,
        };
        let Some(mask) = &self.mask else { return Ok(Begun { x, told: None, kept: None }) };
        let last = noise.draw()?;
        if let Some(rest) = &mask.rest {
            let told = Tensor::cat(vec![mask.anew.clone(), latents(rest, last)], 1);
            return Ok(Begun { x, told: Some(told), kept: None });
        }
        let anew = mask.anew.clone();
        let kept = picture.map(|latents| Kept { anew, latents, noise: drawn, levels });
        Ok(Begun { x, told: None, kept })
    }
}

/// `alpha · clean + sigma · noise`.
fn at(level: Level, clean: &Tensor<4>, noise: &Tensor<4>) -> Result<Tensor<4>> {
    Ok(State::combine(&[(level.alpha, clean), (level.sigma, noise)])?)
}

/// A network whose states are held to what is known.
pub(crate) struct Holding<'a> {
    pub(crate) network: &'a dyn Network<Tensor<4>>,
    pub(crate) kept: &'a Kept,
}

impl Network<Tensor<4>> for Holding<'_> {
    fn output(
        &self,
        x: &Tensor<4>,
        level: Level,
        timestep: f64,
    ) -> langevin_schedulers::Result<Tensor<4>> {
        self.network.output(x, level, timestep)
    }

    fn settle(&self, done: usize, x: Tensor<4>) -> langevin_schedulers::Result<Tensor<4>> {
        let Kept { anew, latents, noise, levels } = self.kept;
        let level = levels.get(done).copied().unwrap_or(Level::CLEAN);
        let known = State::combine(&[(level.alpha, latents), (level.sigma, noise)])?;
        Ok((anew.clone() * -1.0 + 1.0) * known + anew.clone() * x)
    }
}
