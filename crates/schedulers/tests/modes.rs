//! Where the fixed mode differs from diffusers: the known bugs, and nothing else.

use langevin_core::solver::Curvature;
use langevin_core::{GaussianMixture, Level};
use langevin_schedulers::{
    Batch, Call, Config, ExactNetwork, Method, Mode, Noise, Path, Plan, Request, Result, RngKind,
    run,
};

fn plan(text: &str, steps: usize, mode: Mode) -> Result<Plan> {
    Plan::new(&Config::parse(text)?, &Request { mode, ..Request::steps(steps) })
}

fn calls(text: &str, steps: usize, mode: Mode) -> Vec<Call> {
    match plan(text, steps, mode).unwrap().path {
        Path::Calls(calls) => calls,
        Path::Own(_) => panic!("{text} has a path of its own"),
    }
}

/// Whether each step begins where the one before ended.
fn joined(calls: &[Call]) -> bool {
    let near = |a: Level, b: Level| (a.alpha - b.alpha).abs() + (a.sigma - b.sigma).abs() < 1e-6;
    calls.windows(2).all(|pair| near(pair[0].to, pair[1].from))
}

#[test]
fn ddim_goes_to_the_next_timestep_of_its_list() {
    let text = r#"{"_class_name": "DDIMScheduler", "timestep_spacing": "linspace"}"#;
    assert!(!joined(&calls(text, 7, Mode::AsDiffusers)));
    assert!(joined(&calls(text, 7, Mode::Fixed)));
    // Without a bug to mend, the modes agree.
    let text = r#"{"_class_name": "DDIMScheduler"}"#;
    assert_eq!(calls(text, 10, Mode::AsDiffusers), calls(text, 10, Mode::Fixed));
}

#[test]
fn cogvideox_goes_to_the_next_timestep_of_its_list() {
    for class in ["CogVideoXDDIMScheduler", "CogVideoXDPMScheduler"] {
        let text = format!(r#"{{"_class_name": "{class}", "timestep_spacing": "linspace"}}"#);
        assert!(!joined(&calls(&text, 7, Mode::AsDiffusers)));
        assert!(joined(&calls(&text, 7, Mode::Fixed)));
    }
}

#[test]
fn unclip_goes_to_the_next_timestep_of_its_list() {
    let text = r#"{"_class_name": "UnCLIPScheduler"}"#;
    assert!(!joined(&calls(text, 25, Mode::AsDiffusers)));
    assert!(joined(&calls(text, 25, Mode::Fixed)));
}

#[test]
fn the_logarithm_of_a_large_variance_is_refused() {
    let text = r#"{"_class_name": "DDPMScheduler", "variance_type": "fixed_large_log"}"#;
    let error = plan(text, 10, Mode::AsDiffusers).unwrap_err().to_string();
    assert!(error.contains("fixed_large_log"), "{error}");
    let large = r#"{"_class_name": "DDPMScheduler", "variance_type": "fixed_large"}"#;
    assert_eq!(calls(text, 10, Mode::Fixed), calls(large, 10, Mode::Fixed));
}

/// The figures of diffusers issue 13243: with shift 3 the smallest level is 0.002994, and 0.008929 after a second shift.
#[test]
fn flow_levels_are_shifted_once() {
    let text = r#"{"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0}"#;
    for (mode, expected) in [(Mode::AsDiffusers, 0.008_929), (Mode::Fixed, 0.002_994)] {
        let sigmas = plan(text, 20, mode).unwrap().sigmas.unwrap();
        assert!((sigmas[19] - expected).abs() < 1e-6, "{mode:?}: {}", sigmas[19]);
    }
}

#[test]
fn karras_ve_runs_on_levels_and_not_on_their_squares() {
    let text = r#"{"_class_name": "KarrasVeScheduler", "s_churn": 0}"#;
    let mixture = GaussianMixture::new(vec![1.0], vec![vec![0.3]], vec![vec![0.5]]).unwrap();
    let end = |mode| {
        let plan = plan(text, 60, mode).unwrap();
        let network = ExactNetwork::new(&mixture, plan.prediction);
        let start = Batch::new(vec![plan.init_noise_sigma], 1).unwrap();
        let mut noise = Noise::new(RngKind::Philox, 0, 1, 1);
        run(&plan, &network, start, &mut noise).unwrap().last().unwrap().values()[0]
    };
    // One deviation of noise 100 is one deviation of the data, 0.8, where the way starts at level 100; taken to be at
    // level 100² it is next to none, and the mean.
    assert!((end(Mode::Fixed) - 0.8).abs() < 0.01, "{}", end(Mode::Fixed));
    assert!((end(Mode::AsDiffusers) - 0.3).abs() < 0.02, "{}", end(Mode::AsDiffusers));
}

#[test]
fn a_consistency_model_ends_at_its_smallest_level() {
    // As float32 this level lies below itself, and so does its square.
    let below = (1..1000).map(|k| 0.002 + 1e-6 * f64::from(k)).find(|min| {
        let single = *min as f32;
        single * single < (min * min) as f32
    });
    let text = format!(
        r#"{{"_class_name": "CMStochasticIterativeScheduler", "sigma_min": {}}}"#,
        below.unwrap()
    );
    let error = plan(&text, 4, Mode::AsDiffusers).unwrap_err().to_string();
    assert!(error.contains("sigma_min"), "{error}");
    assert_eq!(calls(&text, 4, Mode::Fixed)[3].added, 0.0);
}

/// The last number of the last state of one sample from noise 1.
fn end(text: &str, steps: usize, mode: Mode) -> f64 {
    let mixture = GaussianMixture::new(
        vec![0.4, 0.6],
        vec![vec![-1.0], vec![0.7]],
        vec![vec![0.3], vec![0.2]],
    )
    .unwrap();
    let plan = plan(text, steps, mode).unwrap();
    let network = ExactNetwork::new(&mixture, plan.prediction);
    let start = Batch::new(vec![1.0], 1).unwrap();
    let mut noise = Noise::new(RngKind::Torch, 0, 1, 1);
    run(&plan, &network, start, &mut noise).unwrap().last().unwrap().values()[0]
}

/// DPM-Solver++(3M) of diffusers counts half of the second moment, which makes it a method of second order.
#[test]
fn the_second_moment_is_counted_whole() {
    let text = r#"{"_class_name": "DPMSolverMultistepScheduler", "solver_order": 3}"#;
    let third = calls(text, 30, Mode::Fixed)[10].method;
    assert!(
        matches!(third, Method::DpmMultistep(m) if m.order == 3 && m.curvature == Curvature::EXACT),
        "{third:?}"
    );
    assert!(matches!(calls(text, 30, Mode::AsDiffusers)[10].method, Method::Weighted(_)));
    let difference = end(text, 30, Mode::AsDiffusers) - end(text, 30, Mode::Fixed);
    assert!(difference.abs() > 1e-5, "{difference}");
}

/// Coefficients in float32 cost digits only where steps are many and short.
#[test]
fn coefficients_keep_their_digits() {
    for class in ["DEISMultistepScheduler", "SASolverScheduler", "DPMSolverMultistepScheduler"] {
        let text = format!(r#"{{"_class_name": "{class}"}}"#);
        let difference =
            |steps| (end(&text, steps, Mode::AsDiffusers) - end(&text, steps, Mode::Fixed)).abs();
        assert!(difference(10) < 1e-5, "{class}: {}", difference(10));
        assert!(difference(900) > 1e-7, "{class}: {}", difference(900));
    }
}

/// With Karras levels at many steps, the second timestep is rounded to the first (diffusers issue 12771).
#[test]
fn a_doubled_first_timestep_is_no_obstacle() {
    let settings = r#""use_karras_sigmas": true, "num_train_timesteps": 100"#;
    let text = format!(r#"{{"_class_name": "DPMSolverMultistepScheduler", {settings}}}"#);
    let error = plan(&text, 1000, Mode::AsDiffusers).err().unwrap().to_string();
    assert!(error.contains("the first timestep, 99, occurs again"), "{error}");
    assert!(joined(&calls(&text, 1000, Mode::Fixed)));
    // Where there is room at the end of the list, diffusers skips levels and goes on.
    let text = format!(r#"{{"_class_name": "KDPM2DiscreteScheduler", {settings}}}"#);
    let first = |mode| calls(&text, 1000, mode)[0].from;
    assert!(first(Mode::AsDiffusers).sigma < first(Mode::Fixed).sigma);
}

/// Few long steps: the level before the noise is a small difference of large squares.
#[test]
fn ancestral_levels_keep_their_digits() {
    let text = r#"{"_class_name": "KDPM2AncestralDiscreteScheduler", "num_train_timesteps": 958}"#;
    let level = |mode| calls(text, 3, mode)[0].to.sigma;
    let (theirs, ours) = (level(Mode::AsDiffusers), level(Mode::Fixed));
    assert!((theirs / ours - 1.0).abs() > 1e-7, "{theirs} {ours}");
    assert!((theirs / ours - 1.0).abs() < 1e-2, "{theirs} {ours}");
}
