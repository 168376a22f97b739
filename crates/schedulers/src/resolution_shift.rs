//! How far noise levels move with the size of a picture (Esser et al. 2024, section 5.3.2): more tokens hide more noise.

use crate::{Config, Result};

impl Config {
    /// `mu` for a picture of so many tokens: `base_shift` at `base_image_seq_len` tokens, `max_shift` at
    /// `max_image_seq_len`, and on the line through both for any other number; `None` where `use_dynamic_shifting` is off.
    ///
    /// # Errors
    /// Where a key is no number, or both lengths are the same.
    pub fn resolution_shift(&self, tokens: usize) -> Result<Option<f64>> {
        if !self.flag("use_dynamic_shifting", false)? {
            return Ok(None);
        }
        let (base, most): (f64, f64) =
            (self.get("base_image_seq_len", 256.0)?, self.get("max_image_seq_len", 4096.0)?);
        let (low, high): (f64, f64) = (self.get("base_shift", 0.5)?, self.get("max_shift", 1.15)?);
        if base == most {
            return Err(self.refuse(
                "max_image_seq_len",
                most,
                "another number than base_image_seq_len",
            ));
        }
        let slope = (high - low) / (most - base);
        Ok(Some(tokens as f64 * slope + (low - slope * base)))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Config, Levels, Plan, Request};

    #[test]
    fn a_larger_picture_moves_levels_further() {
        let text =
            r#"{"_class_name": "FlowMatchEulerDiscreteScheduler", "use_dynamic_shifting": true}"#;
        let config = Config::parse(text).unwrap();
        let mu = |tokens| config.resolution_shift(tokens).unwrap().unwrap();
        assert!((mu(256) - 0.5).abs() < 1e-12);
        assert!((mu(4096) - 1.15).abs() < 1e-12);
        let plan = |mu| {
            let levels = Levels::Whole;
            Plan::new(&config, &Request { mu, levels, ..Request::steps(4) })
                .unwrap()
                .sigmas
                .unwrap()
        };
        assert_eq!(plan(None), plan(Some(0.5)));
        let moved = plan(Some(1.15));
        for (sigma, even) in moved.iter().zip([1.0, 0.75, 0.5, 0.25]) {
            let scale = 1.15_f64.exp();
            assert!((sigma - scale / (scale + 1.0 / even - 1.0)).abs() < 1e-6);
        }
    }

    #[test]
    fn two_points_are_needed() {
        let text = |dynamic: bool| {
            format!(
                r#"{{"_class_name": "FlowMatchEulerDiscreteScheduler", "max_image_seq_len": 256,
                    "use_dynamic_shifting": {dynamic}}}"#
            )
        };
        assert!(Config::parse(&text(true)).unwrap().resolution_shift(256).is_err());
        assert_eq!(Config::parse(&text(false)).unwrap().resolution_shift(256).unwrap(), None);
    }
}
