//! A million two-dimensional states, 50 steps each, on all cores: `cargo run --release -p langevin-core --example million`.
//!
//! Each thread takes chunks of states that stay in its cache; a chunk is one vector of numbers, and the denoiser of the
//! mixture is applied to each of its points. Also prints what a step of the solver itself costs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use langevin_core::rng::Philox;
use langevin_core::{
    AnySolver, Denoiser, GaussianMixture, Grid, Level, NoNoise, RectifiedFlow, Result, Trajectory,
};

const STATES: usize = 1_000_000;
const STEPS: usize = 50;
const CHUNK: usize = 2048;

/// A mixture of isotropic Gaussians in the plane, on `f32` points that lie one after another.
struct Plane {
    means: [[f32; 2]; 8],
    variance: f32,
}

impl Denoiser<Vec<f32>> for Plane {
    fn denoise(&self, x: &Vec<f32>, at: Level) -> Result<Vec<f32>> {
        let (alpha, sigma) = (at.alpha as f32, at.sigma as f32);
        let total = (alpha * alpha).mul_add(self.variance, sigma * sigma);
        let gain = alpha * self.variance / total;
        let mut clean = vec![0.0; x.len()];
        for (point, out) in x.chunks_exact(2).zip(clean.chunks_exact_mut(2)) {
            let distance = |m: &[f32; 2]| {
                let (a, b) = (point[0] - alpha * m[0], point[1] - alpha * m[1]);
                (a * a + b * b) / (2.0 * total)
            };
            let distances: [f32; 8] = std::array::from_fn(|k| distance(&self.means[k]));
            let least = distances.iter().copied().fold(f32::INFINITY, f32::min);
            let mut weight = 0.0;
            let mut mean = [0.0; 2];
            for (d, m) in distances.iter().zip(&self.means) {
                let w = (least - d).exp();
                weight += w;
                mean[0] += w * m[0];
                mean[1] += w * m[1];
            }
            for i in 0..2 {
                let mean = mean[i] / weight;
                out[i] = mean + gain * (point[i] - alpha * mean);
            }
        }
        Ok(clean)
    }
}

#[allow(clippy::print_stdout)]
fn main() -> Result<()> {
    let turn = |k: usize| std::f32::consts::TAU * k as f32 / 8.0;
    let means = std::array::from_fn(|k| [turn(k).cos(), turn(k).sin()]);
    let data = Plane { means, variance: 0.01 };
    let levels = Grid::Uniform.levels(&RectifiedFlow, STEPS)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    for solver in [AnySolver::Euler, AnySolver::Dpm2M, AnySolver::UniPc3] {
        let (next, begin) = (AtomicUsize::new(0), Instant::now());
        let near = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    loop {
                        let chunk = next.fetch_add(1, Ordering::Relaxed);
                        let size = CHUNK.min(STATES.saturating_sub(chunk * CHUNK));
                        if size == 0 {
                            break;
                        }
                        let mut start = vec![0.0f32; 2 * size];
                        Philox::new(0, 0, chunk as u64).fill_normal(&mut start);
                        let run =
                            Trajectory::new(start, levels.clone(), solver, 0.0, &data, &NoNoise);
                        let end = run.run().expect("states of one length");
                        let ring = |p: &[f32]| (p[0].hypot(p[1]) - 1.0).abs() < 0.4;
                        near.fetch_add(
                            end.chunks_exact(2).filter(|p| ring(p)).count(),
                            Ordering::Relaxed,
                        );
                    }
                });
            }
        });
        let seconds = begin.elapsed().as_secs_f64();
        let share = near.into_inner() as f64 / STATES as f64;
        println!(
            "{solver}: {STATES} states, {STEPS} steps, {threads} threads: {seconds:.2} s, {:.2}% on the ring",
            100.0 * share
        );
    }
    overhead(&levels)
}

/// What a step costs beside the denoiser, on a state of the size of a 3 × 32 × 32 image, where the denoiser does nothing.
#[allow(clippy::print_stdout)]
fn overhead(levels: &[Level]) -> Result<()> {
    let nothing = |x: &Vec<f32>, _: Level| Ok(x.clone());
    for solver in [AnySolver::Euler, AnySolver::Dpm2M, AnySolver::UniPc3, AnySolver::Lms] {
        let runs = 200;
        let begin = Instant::now();
        for _ in 0..runs {
            Trajectory::new(vec![0.5; 3072], levels.to_vec(), solver, 0.0, &nothing, &NoNoise)
                .run()?;
        }
        let each = begin.elapsed().as_secs_f64() / f64::from(runs) / STEPS as f64;
        println!("{solver}: {:.1} µs per step of 3072 numbers", 1e6 * each);
    }
    // The exact mixture in double precision, for comparison with the denoiser above.
    let mixture = GaussianMixture::new(vec![1.0], vec![vec![0.0; 2]], vec![vec![1.0; 2]])?;
    let begin = Instant::now();
    for _ in 0..1000 {
        let run = Trajectory::new(
            vec![0.1, 0.2],
            levels.to_vec(),
            AnySolver::Euler,
            0.0,
            &mixture,
            &NoNoise,
        );
        run.run()?;
    }
    let each = begin.elapsed().as_secs_f64() / 1000.0 / STEPS as f64;
    println!("one state of a mixture, one at a time: {:.2} µs per step", 1e6 * each);
    Ok(())
}
