//! What pipelines of diffusers do with a scheduler beside what it is made for.

use langevin_core::Level;

use crate::alphas::train_timesteps;
use crate::class::own::OwnPath;
use crate::{Config, Keep, Path, Plan, Request};

impl Plan {
    /// `DDPMPipeline` starts from noise of unit variance and shows the network the states as they are, whatever the scheduler
    /// asks for.
    #[must_use]
    pub fn without_scaling(mut self) -> Self {
        self.init_noise_sigma = 1.0;
        if let Path::Calls(calls) = &mut self.path {
            for call in calls {
                // What the network is to do itself is undone beforehand.
                call.scale = 1.0 / self.prediction.input_scale(call.seen);
            }
        }
        self
    }

    /// `DiTPipeline` starts from noise of unit variance, and its steps start from the scaled state that the network saw.
    #[must_use]
    pub fn stepping_from_seen(mut self) -> Self {
        self.init_noise_sigma = 1.0;
        if let Path::Calls(calls) = &mut self.path {
            for call in calls {
                let scale = self.prediction.input_scale(call.seen);
                if scale != 1.0 {
                    // Scaled here, and shown at a level where the network does not do it again.
                    call.scale = scale;
                    call.seen = Level::new(0.0, 1.0);
                }
                if call.scale != 1.0 && call.keep == Keep::State {
                    call.keep = Keep::Seen;
                }
            }
        }
        self
    }

    /// `LDMPipeline` scales its noise before the steps are set: to the size that the levels of training ask for.
    #[must_use]
    pub fn starting_as_trained(mut self, config: &Config) -> Self {
        if self.init_noise_sigma != 1.0 {
            let trained = train_timesteps(config, 1000)
                .and_then(|steps| Self::new(config, &Request::steps(steps)));
            // Where no such plan can be made, diffusers has no other size either.
            self.init_noise_sigma =
                trained.map_or(self.init_noise_sigma, |plan| plan.init_noise_sigma);
        }
        self
    }

    /// `ScoreSdeVePipeline` tells the network the noise level, and its picture is the mean of the last state, without the
    /// noise that was added to it. Other classes' plans stay as they are.
    #[must_use]
    pub fn as_score_sde_ve(mut self) -> Self {
        if let (Path::Own(OwnPath::ScoreSdeVe(own)), Some(sigmas)) = (&mut self.path, &self.sigmas)
        {
            own.told(sigmas);
            self.timesteps.clone_from(sigmas);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Batch, Network, Noise, Result, RngKind, walk};

    /// Gives back what it is told.
    struct Echo;

    impl Network<Batch> for Echo {
        fn output(&self, x: &Batch, _: Level, timestep: f64) -> Result<Batch> {
            Batch::new(vec![timestep * 1e-3; x.values().len()], x.values().len())
        }
    }

    fn plan(class: &str) -> Plan {
        let config = Config::parse(&format!(r#"{{"_class_name": "{class}"}}"#)).unwrap();
        Plan::new(&config, &Request::steps(4)).unwrap()
    }

    fn ends(plan: &Plan) -> [f64; 2] {
        let start = Batch::new(vec![0.5], 1).unwrap();
        let mut noise = Noise::new(RngKind::Philox, 1, 1, 1);
        let mut told = 0.0;
        let last = walk(plan, &Echo, start, &mut noise, &mut |_, x| {
            told = x.values()[0];
            Ok(())
        });
        [last.unwrap().values()[0], told]
    }

    #[test]
    fn unscaled_networks_see_the_states() {
        let plan = plan("EulerDiscreteScheduler").without_scaling();
        let Path::Calls(calls) = &plan.path else { panic!("calls") };
        assert!(calls.iter().all(|call| call.scale == 1.0) && plan.init_noise_sigma == 1.0);
    }

    #[test]
    fn steps_start_from_the_scaled_state() {
        let [usual, _] = ends(&plan("EulerDiscreteScheduler"));
        let [scaled, _] = ends(&plan("EulerDiscreteScheduler").stepping_from_seen());
        assert!((usual - scaled).abs() > 0.1, "{usual} {scaled}");
        let ddim = plan("DDIMScheduler");
        assert_eq!(ends(&ddim), ends(&ddim.clone().stepping_from_seen()));
    }

    #[test]
    fn networks_that_scale_by_themselves_see_the_same() {
        for class in ["EDMEulerScheduler", "EulerDiscreteScheduler"] {
            let usual = plan(class);
            let seen = |plan: &Plan| {
                let Path::Calls(calls) = &plan.path else { panic!("calls") };
                let scale =
                    |call: &crate::Call| call.scale * plan.prediction.input_scale(call.seen);
                calls.iter().map(scale).collect::<Vec<f64>>()
            };
            assert_eq!(seen(&usual), seen(&usual.clone().stepping_from_seen()), "{class}");
            let unscaled = seen(&usual.without_scaling());
            assert!(unscaled.iter().all(|scale| (scale - 1.0).abs() < 1e-12), "{class}");
        }
    }

    #[test]
    fn noise_is_as_large_as_in_training() {
        let text = r#"{"_class_name": "EulerDiscreteScheduler", "timestep_spacing": "leading"}"#;
        let config = Config::parse(text).unwrap();
        let plan = Plan::new(&config, &Request::steps(4)).unwrap();
        let size = plan.init_noise_sigma;
        assert!(plan.starting_as_trained(&config).init_noise_sigma > size + 1.0);
    }

    #[test]
    fn the_mean_of_the_last_state_is_the_picture() {
        let [last, told] = ends(&plan("ScoreSdeVeScheduler"));
        assert_eq!(last, told);
        let plan = plan("ScoreSdeVeScheduler").as_score_sde_ve();
        assert_eq!(Some(&plan.timesteps), plan.sigmas.as_ref());
        let [mean, told] = ends(&plan);
        assert!(mean != told && (mean - told).abs() < 0.1, "{mean} {told}");
    }
}
