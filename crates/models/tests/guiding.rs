//! The forms of guidance and the bounds of estimates: what they are at their ends, and that a picture stays its own.

mod tiny;

use std::ops::ControlFlow;

use burn::tensor::Device;
use langevin_models::{Bounds, Mixing, SampleConfig, SampleJob, Samples, sample};
use langevin_schedulers::{Config, Plan, Request};

fn job(seeds: std::ops::Range<u64>) -> SampleJob {
    let labels = seeds.clone().map(|seed| (seed % 3) as u32).collect();
    SampleJob { seeds: seeds.collect(), labels: Some(labels), size: None, start: None }
}

fn draw(
    seeds: std::ops::Range<u64>,
    config: &SampleConfig,
) -> Result<Samples, langevin_models::Error> {
    let model = tiny::compact(5);
    sample(&model, &job(seeds), config, &Device::flex(), &mut |_| ControlFlow::Continue(()))
}

fn numbers(config: &SampleConfig) -> Vec<f32> {
    draw(0..3, config).expect("samples").data
}

fn config(mixing: Mixing, bounds: Bounds) -> SampleConfig {
    SampleConfig { steps: 4, guidance: 3.0, mixing, bounds, ..Default::default() }
}

fn furthest(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).fold(0.0, |most, (a, b)| most.max((a - b).abs()))
}

#[test]
fn at_their_ends_all_forms_are_plain_guidance() {
    let plain = numbers(&config(Mixing::Plain, Bounds::Free));
    let largest = plain.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let ends = [
        ("no rescaling", config(Mixing::Rescaled(0.0), Bounds::Free)),
        ("all of the parallel part", config(Mixing::Projected(1.0), Bounds::Free)),
    ];
    for (name, config) in ends {
        let found = furthest(&numbers(&config), &plain);
        assert!(found < 1e-4 * largest, "{name}: {found} of {largest}");
    }
    for (name, mixing) in
        [("rescaled", Mixing::Rescaled(1.0)), ("projected", Mixing::Projected(0.0))]
    {
        let found = furthest(&numbers(&config(mixing, Bounds::Free)), &plain);
        assert!(found > 1e-3 * largest, "{name} changes nothing: {found} of {largest}");
    }
}

/// The last estimate is the picture.
#[test]
fn bounds_hold() {
    let free = numbers(&config(Mixing::Plain, Bounds::Free));
    assert!(free.iter().any(|x| x.abs() > 1.0), "nothing to clip");
    for bounds in [Bounds::Clipped, Bounds::Dynamic(0.9)] {
        let kept = numbers(&config(Mixing::Plain, bounds));
        let largest = kept.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        assert!(largest <= 1.0 + 1e-6, "{bounds:?}: {largest}");
    }
}

#[test]
fn batches_do_not_matter() {
    for mixing in [Mixing::Rescaled(0.7), Mixing::Projected(0.0)] {
        let config = config(mixing, Bounds::Dynamic(0.95));
        let whole = draw(0..5, &config).expect("samples").data;
        let alone = draw(3..4, &SampleConfig { batch: Some(1), ..config }).expect("samples").data;
        assert_eq!(whole[3 * 64..4 * 64], alone[..], "{mixing:?}");
    }
}

#[test]
fn what_a_plan_does_not_know_is_refused() {
    let text = r#"{"_class_name": "DDIMScheduler"}"#;
    let plan = Plan::new(&Config::parse(text).expect("a configuration"), &Request::steps(3));
    let plan = Some(std::sync::Arc::new(plan.expect("a plan")));
    let refused = |mixing, bounds| {
        let config = SampleConfig { plan: plan.clone(), ..config(mixing, bounds) };
        draw(0..1, &config).expect_err("refused").to_string()
    };
    let sentence = refused(Mixing::Projected(0.0), Bounds::Free);
    assert!(sentence.contains("mixing is projected"), "{sentence}");
    let sentence = refused(Mixing::Plain, Bounds::Clipped);
    assert!(sentence.contains("bounds is Clipped"), "{sentence}");
}
