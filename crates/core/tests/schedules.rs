//! Schedules: falling signal-to-noise ratio, time and level inverse to each other, both ends, diffusers' tables,
//! serde, and parameters that must be refused.

use langevin_core::{
    AnySchedule, Betas, Cosine, DdpmSchedule, Edm, Level, RectifiedFlow, Schedule, Ve,
};
use proptest::prelude::*;

fn all() -> Vec<AnySchedule> {
    let mut all: Vec<AnySchedule> =
        AnySchedule::NAMES.iter().map(|name| name.parse().unwrap()).collect();
    for betas in [Betas::Linear, Betas::ScaledLinear, Betas::Cosine] {
        for steps in [1, 2, 17, 4000] {
            // 4000 betas up to 0.02 leave alpha_bar at 1e-18.
            all.push(AnySchedule::Ddpm(DdpmSchedule::new(betas, 1e-4, 0.02, steps).unwrap()));
        }
    }
    all.push(AnySchedule::Ddpm(DdpmSchedule::new(Betas::Linear, 0.1, 0.001, 50).unwrap()));
    all.push(AnySchedule::Ve(Ve::new(1e-4, 1e4).unwrap()));
    all.push(AnySchedule::Edm(Edm::new(0.03, 14.0).unwrap()));
    all
}

#[test]
fn the_signal_to_noise_ratio_falls_strictly() {
    for schedule in all() {
        for points in [10, 1000, 9973] {
            let mut before = f64::INFINITY;
            for k in 0..=points {
                let level = schedule.level(k as f64 / points as f64);
                let snr = level.snr();
                assert!(level.alpha >= 0.0 && level.sigma >= 0.0, "{schedule:?} {level:?}");
                assert!(level.alpha.is_finite() && level.sigma.is_finite(), "{schedule:?}");
                assert!(snr < before || (k == 0 && snr == before), "{schedule:?} at {k}/{points}");
                before = snr;
            }
        }
    }
}

/// The process at the paper's levels: variance preserving, straight, or with the signal left alone.
#[test]
fn levels_keep_what_their_process_keeps() {
    for schedule in all() {
        for k in 0..=100 {
            let Level { alpha, sigma } = schedule.level(f64::from(k) / 100.0);
            let kept = match schedule {
                AnySchedule::RectifiedFlow(_) | AnySchedule::ShiftedFlow(_) => alpha + sigma,
                AnySchedule::OtPath(_) => (1.0 - 1e-4) * alpha + sigma,
                AnySchedule::Ve(_) | AnySchedule::Edm(_) => alpha,
                AnySchedule::SubVp(_) => alpha * alpha + sigma,
                _ => alpha * alpha + sigma * sigma,
            };
            assert!((kept - 1.0).abs() < 1e-14, "{schedule:?}: {kept}");
        }
    }
}

#[test]
fn ends() {
    for schedule in all() {
        let (clean, noisiest) = (schedule.level(0.0), schedule.level(1.0));
        match &schedule {
            AnySchedule::Ve(ve) => {
                assert_eq!((clean.sigma, noisiest.sigma), ve.range());
            }
            AnySchedule::Edm(edm) => {
                let (min, max) = edm.range();
                assert!((clean.sigma / min - 1.0).abs() < 1e-14);
                assert!((noisiest.sigma / max - 1.0).abs() < 1e-14);
            }
            AnySchedule::Ddpm(_) | AnySchedule::Vp(_) | AnySchedule::SubVp(_) => {
                assert_eq!(clean, Level::CLEAN);
                assert!(noisiest.alpha > 0.0);
            }
            AnySchedule::OtPath(_) => {
                assert_eq!((clean, noisiest), (Level::new(1.0, 1e-4), Level::NOISE));
            }
            AnySchedule::LogLinear(_) => {
                assert!((clean.half_log_snr() - 6.65).abs() < 1e-12);
                assert!((noisiest.half_log_snr() + 2.5).abs() < 1e-12);
            }
            _ => {
                assert_eq!((clean, noisiest), (Level::CLEAN, Level::NOISE));
            }
        }
        // Times outside are those of the ends, and so are levels outside.
        assert_eq!(schedule.level(-0.5), clean);
        assert_eq!(schedule.level(1.5), noisiest);
        assert_eq!(schedule.time(Level::CLEAN), 0.0, "{schedule:?}");
        assert_eq!(schedule.time(Level::NOISE), 1.0, "{schedule:?}");
        assert!(schedule.timestep(Level::CLEAN).is_finite(), "{schedule:?}");
    }
}

proptest! {
    #[test]
    fn time_inverts_level(t in 0.0..=1.0f64, scale in 0.01..100.0) {
        for schedule in all() {
            let level = schedule.level(t);
            let found = schedule.time(level);
            prop_assert!((found - t).abs() < 1e-11, "{schedule:?}: {t} became {found}");
            // A level's time does not depend on the overall scale of its states.
            let scaled = Level::new(scale * level.alpha, scale * level.sigma);
            prop_assert!((schedule.time(scaled) - t).abs() < 1e-11, "{schedule:?}");
        }
    }

    /// Near the clean end too, relative to the time itself.
    #[test]
    fn small_times_keep_their_digits(exponent in -9.0..-2.0f64) {
        let t = 10f64.powf(exponent);
        for schedule in [
            AnySchedule::Cosine(Cosine),
            AnySchedule::RectifiedFlow(RectifiedFlow),
            AnySchedule::Ddpm(DdpmSchedule::linear()),
            AnySchedule::Ddpm(DdpmSchedule::cosine()),
        ] {
            let found = schedule.time(schedule.level(t));
            prop_assert!((found / t - 1.0).abs() < 1e-6, "{schedule:?}: {t:e} became {found:e}");
        }
    }
}

#[test]
fn levels_are_their_formulae() {
    let t: f64 = 0.3;
    let cosine = Cosine.level(t);
    let f = |t: f64| ((t + 0.008) / 1.008 * std::f64::consts::FRAC_PI_2).cos();
    assert!((cosine.alpha - f(t) / f(0.0)).abs() < 1e-15);
    assert!((cosine.sigma - (1.0 - cosine.alpha.powi(2)).sqrt()).abs() < 1e-14);
    assert_eq!(RectifiedFlow.level(t), Level::new(0.7, 0.3));
    let ve = Ve::new(0.01, 50.0).unwrap();
    assert!((ve.level(t).sigma - 0.01 * 5000f64.powf(0.3)).abs() < 1e-14);
    // Karras et al. 2022, eq. 5, at i = 3 of 10 from the clean end.
    let edm = Edm::default().level(t).sigma;
    let root = |sigma: f64| sigma.powf(1.0 / 7.0);
    let expected = (root(80.0) + 0.7 * (root(0.002) - root(80.0))).powi(7);
    assert!((edm / expected - 1.0).abs() < 1e-14);
}

#[test]
fn ddpm_timesteps_are_products_of_one_minus_beta() {
    for schedule in [DdpmSchedule::linear(), DdpmSchedule::scaled_linear(), DdpmSchedule::cosine()]
    {
        let mut product = 1.0;
        for i in 0..schedule.steps() {
            product *= 1.0 - schedule.beta(i);
            assert!((schedule.alpha_bar(i) / product - 1.0).abs() < 1e-11, "timestep {i}");
            let level = schedule.level(schedule.time_of_timestep(i as f64));
            let expected = Level::from_alpha_bar(product);
            assert!((level.alpha - expected.alpha).abs() < 1e-12, "timestep {i}");
            assert!((level.sigma - expected.sigma).abs() < 1e-12, "timestep {i}");
            assert!((schedule.timestep(level) - i as f64).abs() < 1e-8, "timestep {i}");
        }
    }
}

/// Integer division in `f(i/T)` would give 999 zero betas and one of 0.999.
#[test]
fn cosine_has_no_zero_betas() {
    for steps in [1, 10, 1000, 4000] {
        let schedule = DdpmSchedule::new(Betas::Cosine, 1e-4, 0.02, steps).unwrap();
        let betas: Vec<f64> = (0..steps).map(|i| schedule.beta(i)).collect();
        assert!(betas.iter().all(|&beta| beta > 0.0 && beta <= 0.999), "{steps} steps");
        assert!(betas.windows(2).all(|pair| pair[0] <= pair[1]), "{steps} steps");
        assert_eq!(betas[steps - 1], 0.999, "{steps} steps");
    }
}

/// The table of diffusers is a product of `n` factors that are rounded to f32, as are their betas and the result, so
/// it may differ by `n + 1` roundings of 2^-24 and, where a factor is small, by the rounding of the beta against it.
#[test]
fn alpha_bars_are_those_of_diffusers() {
    let mut schedule = None;
    let mut compared = 0;
    for line in include_str!("golden/alphas_cumprod.txt").lines().filter(|l| !l.starts_with('#')) {
        let fields: Vec<&str> = line.split(' ').collect();
        let number = |i: usize| fields[i].parse::<f64>().unwrap();
        if fields[0] == "schedule" {
            let betas = match fields[1] {
                "linear" => Betas::Linear,
                "scaled_linear" => Betas::ScaledLinear,
                "squaredcos_cap_v2" => Betas::Cosine,
                other => panic!("unknown schedule {other}"),
            };
            let steps = fields[2].parse().unwrap();
            schedule = Some(DdpmSchedule::new(betas, number(3), number(4), steps).unwrap());
            continue;
        }
        let schedule = schedule.as_ref().unwrap();
        let index: usize = fields[0].parse().unwrap();
        let (found, expected) = (schedule.alpha_bar(index), number(1));
        let unit = 2f64.powi(-24);
        let roundings: f64 = (0..=index)
            .map(|i| {
                let (beta, factor) = (schedule.beta(i), 1.0 - schedule.beta(i));
                // Two roundings of the beta (its spacing, then the square or the cast) and one of the factor.
                1.0 + 2.0 * beta / factor
            })
            .sum();
        assert!(
            (found / expected - 1.0).abs() <= unit * (roundings + 1.0),
            "{line} of {schedule:?}: {found}"
        );
        compared += 1;
    }
    assert!(compared >= 50, "only {compared} values compared");
}

#[test]
fn serde_round_trips() {
    for schedule in all() {
        let text = serde_json::to_string(&schedule).unwrap();
        // The table is computed, not written.
        assert!(text.len() < 120, "{text}");
        assert_eq!(serde_json::from_str::<AnySchedule>(&text).unwrap(), schedule, "{text}");
    }
    let text = serde_json::to_string(&AnySchedule::Edm(Edm::default())).unwrap();
    assert_eq!(text, r#"{"kind":"edm","sigma_min":0.002,"sigma_max":80.0}"#);
}

#[test]
fn hostile_parameters_are_refused() {
    let tiny = f64::MIN_POSITIVE;
    let ranges =
        [(0.0, 1.0), (-1.0, 1.0), (1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.1, f64::NAN)];
    let extremes = [(0.1, f64::INFINITY), (tiny, 1.0), (0.1, f64::MAX), (f64::INFINITY, 1.0)];
    for (min, max) in ranges.into_iter().chain(extremes) {
        let errors = [Ve::new(min, max).unwrap_err(), Edm::new(min, max).unwrap_err()];
        for error in errors {
            assert!(error.to_string().starts_with("sigma_m"), "{error}");
        }
    }
    let betas = [0.0, 1.0, -0.1, 1.1, f64::NAN, f64::INFINITY];
    for beta in betas {
        for (start, end) in [(beta, 0.02), (0.02, beta)] {
            let error = DdpmSchedule::new(Betas::Linear, start, end, 10).unwrap_err().to_string();
            assert!(error.starts_with("beta_") && error.contains("between 0 and 1"), "{error}");
        }
    }
    for steps in [0, 1_000_001, usize::MAX] {
        let error = DdpmSchedule::new(Betas::Linear, 1e-4, 0.02, steps).unwrap_err().to_string();
        assert!(error.contains(&steps.to_string()), "{error}");
    }
    // So many or so large betas that no signal is left: levels would be equal.
    for (end, steps) in [(0.02, 1_000_000), (0.999_999, 1000)] {
        let error = DdpmSchedule::new(Betas::Linear, 1e-4, end, steps).unwrap_err().to_string();
        assert!(error.contains("alpha_bar"), "{error}");
    }
    // Betas too small to count.
    let error = DdpmSchedule::new(Betas::Linear, 0.5, 1e-300, 2).unwrap_err().to_string();
    assert!(error.starts_with("beta is") && error.contains("double precision"), "{error}");
}

#[test]
fn hostile_json_is_refused() {
    let hostile = [
        r#"{"kind":"ddpm","betas":"linear","beta_start":0.0,"beta_end":0.02,"steps":1000}"#,
        r#"{"kind":"ddpm","betas":"linear","beta_start":0.1,"beta_end":0.02,"steps":0}"#,
        r#"{"kind":"ddpm","betas":"linear","beta_start":0.1,"beta_end":0.02,"steps":-3}"#,
        r#"{"kind":"ddpm","betas":"sigmoidal","beta_start":0.1,"beta_end":0.02,"steps":10}"#,
        r#"{"kind":"ddpm","betas":"linear","beta_start":0.1}"#,
        r#"{"kind":"ve","sigma_min":1.0,"sigma_max":0.5}"#,
        r#"{"kind":"edm","sigma_min":0.0,"sigma_max":80.0}"#,
        r#"{"kind":"edm","sigma_min":"0.1","sigma_max":80.0}"#,
        r#"{"kind":"linear"}"#,
        r#"{}"#,
    ];
    for text in hostile {
        assert!(serde_json::from_str::<AnySchedule>(text).is_err(), "{text}");
    }
}

#[test]
fn unknown_names_are_refused() {
    let error = "cosin".parse::<AnySchedule>().unwrap_err().to_string();
    assert!(error.contains("\"cosin\"") && error.contains("rectified-flow"), "{error}");
}
