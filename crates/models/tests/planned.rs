//! Sampling along a scheduler configuration: the same rules as with the solvers of the core, and the same pictures where
//! both mean the same steps.

mod tiny;

use std::ops::ControlFlow;
use std::sync::Arc;

use burn::tensor::Device;
use langevin_core::{AnySolver, Grid};
use langevin_models::{Error, Mixing, Model, RngKind, SampleConfig, SampleJob, Samples, sample};
use langevin_schedulers::{Config, Plan, Request};

fn plan(text: &str, steps: usize) -> Arc<Plan> {
    let config = Config::parse(text).expect("a configuration");
    Arc::new(Plan::new(&config, &Request::steps(steps)).expect("a plan"))
}

fn job(seeds: std::ops::Range<u64>) -> SampleJob {
    let labels = seeds.clone().map(|seed| (seed % 3) as u32).collect();
    SampleJob { seeds: seeds.collect(), labels: Some(labels), size: None, start: None }
}

fn draw(model: &Model, job: &SampleJob, config: &SampleConfig) -> Samples {
    sample(model, job, config, &Device::flex(), &mut |_| ControlFlow::Continue(()))
        .expect("samples")
}

fn bits(samples: &Samples) -> Vec<u32> {
    samples.data.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn an_image_depends_on_its_seed_alone() {
    let model = tiny::compact(5);
    for (class, rng) in [
        ("DDPMScheduler", RngKind::Philox),
        ("EulerAncestralDiscreteScheduler", RngKind::Torch),
        ("DPMSolverMultistepScheduler", RngKind::Philox),
        ("DPMSolverSDEScheduler", RngKind::Philox),
        ("DPMSolverSDEScheduler", RngKind::Torch),
        ("PNDMScheduler", RngKind::Philox),
        ("ScoreSdeVeScheduler", RngKind::Philox),
    ] {
        let plan = plan(&format!(r#"{{"_class_name": "{class}"}}"#), 5);
        let config = |batch| SampleConfig {
            plan: Some(plan.clone()),
            rng,
            guidance: 2.0,
            batch: Some(batch),
            ..Default::default()
        };
        let whole = bits(&draw(&model, &job(10..15), &config(100)));
        for batch in [1, 2, 3] {
            let parts = bits(&draw(&model, &job(10..15), &config(batch)));
            assert_eq!(whole, parts, "{class} in batches of {batch}");
        }
        let alone = bits(&draw(&model, &job(13..14), &config(1)));
        assert_eq!(whole[3 * 64..4 * 64], alone[..], "{class} alone");
    }
}

#[test]
fn the_observer_sees_every_state() {
    let model = tiny::compact(5);
    for (class, calls) in
        [("HeunDiscreteScheduler", 9), ("PNDMScheduler", 14), ("DDIMScheduler", 5)]
    {
        let plan = plan(&format!(r#"{{"_class_name": "{class}"}}"#), 5);
        let config = SampleConfig { plan: Some(plan), ..Default::default() };
        assert_eq!(config.calls(), calls, "{class}");
        assert_eq!(config.sizes(&model).expect("sizes").len(), calls + 1);
        let mut seen = Vec::new();
        let mut observer = |now: &langevin_models::Progress<'_>| {
            assert_eq!(now.steps, calls);
            seen.push(now.step);
            ControlFlow::Continue(())
        };
        sample(&model, &job(0..1), &config, &Device::flex(), &mut observer).expect("samples");
        assert_eq!(seen, (0..=calls).collect::<Vec<_>>(), "{class}");
        let stopped = sample(&model, &job(0..1), &config, &Device::flex(), &mut |now| {
            if now.step == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(matches!(stopped, Err(Error::Interrupted { done: 0, total: 1 })), "{stopped:?}");
    }
}

/// EDM's Euler steps on its own levels are the same whether the folder's scheduler makes them or the core's solver.
#[test]
fn edm_is_edm_either_way() {
    let mut model = tiny::compact(5);
    let text = r#"{"_class_name": "EDMEulerScheduler"}"#;
    let config = Config::parse(text).expect("a configuration");
    (model.config.schedule, model.config.prediction) =
        langevin_schedulers::process(&config).expect("a process");
    for mixing in [Mixing::Plain, Mixing::Rescaled(0.7)] {
        let guided = SampleConfig { guidance: 1.5, mixing, ..Default::default() };
        let planned = SampleConfig { plan: Some(plan(text, 6)), ..guided.clone() };
        let solved = SampleConfig {
            steps: 6,
            solver: AnySolver::Euler,
            grid: Grid::Karras { rho: 7.0 },
            ..guided
        };
        let (planned, solved) =
            (draw(&model, &job(0..3), &planned), draw(&model, &job(0..3), &solved));
        let largest = solved.data.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        for (ours, expected) in planned.data.iter().zip(&solved.data) {
            assert!((ours - expected).abs() < 1e-3 * largest, "{ours} {expected} of {largest}");
        }
    }
}
