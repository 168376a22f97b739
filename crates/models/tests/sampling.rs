//! Sampling: an image depends on its seed alone, and what cannot be sampled is refused in one sentence.

mod tiny;

use std::ops::ControlFlow;

use burn::tensor::Device;
use langevin_core::{AnySolver, Grid};
use langevin_models::{Error, RngKind, SampleConfig, SampleJob, Samples, sample};

fn job(seeds: std::ops::Range<u64>) -> SampleJob {
    let labels = seeds.clone().map(|seed| (seed % 3) as u32).collect();
    SampleJob { seeds: seeds.collect(), labels: Some(labels), size: None, start: None }
}

fn draw(job: &SampleJob, config: &SampleConfig) -> Samples {
    let model = tiny::compact(5);
    sample(&model, job, config, &Device::flex(), &mut |_| ControlFlow::Continue(()))
        .expect("samples")
}

fn bits(samples: &Samples) -> Vec<u32> {
    samples.data.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn an_image_depends_on_its_seed_alone() {
    for (solver, eta, rng) in [
        (AnySolver::Euler, 0.0, RngKind::Philox),
        (AnySolver::Euler, 0.7, RngKind::Philox),
        (AnySolver::Dpm2M, 0.0, RngKind::Philox),
        (AnySolver::HeunFlow, 0.0, RngKind::Philox),
        (AnySolver::Ancestral, 0.0, RngKind::Torch),
    ] {
        let config = |batch| SampleConfig {
            steps: 4,
            solver,
            eta,
            rng,
            batch: Some(batch),
            guidance: 2.0,
            ..Default::default()
        };
        let whole = bits(&draw(&job(10..17), &config(100)));
        for batch in [1, 2, 3] {
            assert_eq!(
                whole,
                bits(&draw(&job(10..17), &config(batch))),
                "{solver} in batches of {batch}"
            );
        }
        // Image 3 of seeds 10… is image 0 of seeds 13….
        let size = 64;
        assert_eq!(
            whole[3 * size..4 * size],
            bits(&draw(&job(13..14), &config(1)))[..],
            "{solver} alone"
        );
    }
}

#[test]
fn threads_do_not_matter() {
    let config = SampleConfig { steps: 3, guidance: 1.5, ..Default::default() };
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| bits(&draw(&job(0..5), &config)))
    };
    assert_eq!(with(1), with(2));
    assert_eq!(with(1), with(7));
}

#[test]
fn a_given_start_replaces_the_drawn_noise() {
    let config = SampleConfig { steps: 2, ..Default::default() };
    let start = SampleJob { start: Some(vec![0.25; 2 * 64]), ..job(0..2) };
    let first = draw(&start, &config);
    let other_seeds = SampleJob { seeds: vec![8, 9], ..start };
    assert_eq!(bits(&first), bits(&draw(&other_seeds, &config)));
}

#[test]
fn the_observer_sees_each_step_and_can_stop() {
    let model = tiny::compact(5);
    let config = SampleConfig { steps: 3, batch: Some(2), ..Default::default() };
    let mut seen = Vec::new();
    sample(&model, &job(0..3), &config, &Device::flex(), &mut |progress| {
        seen.push((progress.first, progress.step));
        ControlFlow::Continue(())
    })
    .expect("samples");
    assert_eq!(seen, [(0, 0), (0, 1), (0, 2), (0, 3), (2, 0), (2, 1), (2, 2), (2, 3)]);

    let stopped = sample(&model, &job(0..3), &config, &Device::flex(), &mut |progress| {
        if progress.first == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(stopped, Err(Error::Interrupted { done: 2, total: 3 })), "{stopped:?}");
}

#[test]
fn what_cannot_be_sampled_is_refused() {
    let model = tiny::compact(5);
    let refused = |job: SampleJob, config: SampleConfig| {
        sample(&model, &job, &config, &Device::flex(), &mut |_| ControlFlow::Continue(()))
            .expect_err("refused")
            .to_string()
    };
    let fine = SampleConfig { steps: 2, ..Default::default() };
    let says = |text: String, what: &str| assert!(text.contains(what), "{text}");
    says(refused(job(0..1), SampleConfig { steps: 0, ..fine.clone() }), "steps is 0");
    says(refused(job(0..1), SampleConfig { batch: Some(0), ..fine.clone() }), "batch is 0");
    says(refused(job(0..1), SampleConfig { eta: 1.5, ..fine.clone() }), "eta is 1.5");
    says(refused(job(0..1), SampleConfig { eta: f64::NAN, ..fine.clone() }), "eta is NaN");
    says(
        refused(job(0..1), SampleConfig { guidance: f64::INFINITY, ..fine.clone() }),
        "guidance is inf",
    );
    says(
        refused(job(0..1), SampleConfig { grid: Grid::Trailing, steps: 1001, ..fine.clone() }),
        "1001",
    );
    says(
        refused(SampleJob { labels: Some(vec![7]), ..job(0..1) }, fine.clone()),
        "class 7 does not exist",
    );
    says(
        refused(
            SampleJob { labels: None, ..job(0..1) },
            SampleConfig { guidance: 2.0, ..fine.clone() },
        ),
        "guidance 2 needs a model with classes",
    );
    says(
        refused(SampleJob { start: Some(vec![0.0; 3]), ..job(0..1) }, fine),
        "start has shape [3]",
    );
}
