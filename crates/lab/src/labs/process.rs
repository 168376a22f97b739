//! Forward processes `dx = f x dt + g dW`, `f = (ln alpha)'`, `g² = (sigma²)' − 2 f sigma²`: their levels, their marginals, and the
//! Fokker–Planck equation `∂p/∂t = −∂(f x p)/∂x + ½ g² ∂²p/∂x²` that those solve.

use langevin_core::rng::Philox;
use langevin_core::sde::Forward;
use langevin_core::{
    Cosine, DdpmSchedule, Edm, GaussianMixture, Level, RectifiedFlow, Schedule, Ve,
};

use crate::picture::{Axis, Figure, Legend, Mark, Panel, Series};
use crate::statistics::histogram;
use crate::{Bench, Result, Table};

const HALF_WIDTH: f64 = 3.5;

pub(crate) fn run(bench: &mut Bench<'_>) -> Result<()> {
    let ve = Ve::new(0.01, 50.0)?;
    let (ddpm, edm) = (DdpmSchedule::linear(), Edm::default());
    let schedules: [(&str, &dyn Schedule); 5] = [
        ("DDPM, linear betas", &ddpm),
        ("cosine", &Cosine),
        ("rectified flow", &RectifiedFlow),
        ("VE", &ve),
        ("EDM", &edm),
    ];
    fokker_planck(bench, &schedules)?;
    let frames = diffuse(bench)?;
    let levels = levels_panel(&schedules);
    let ratios = ratio_panel(&schedules);
    bench.picture("process.png", &Figure::new(vec![levels, ratios], 2, (980, 440)))?;
    bench.animation("process.gif", &frames, 12)
}

/// `t` from 0 to 1, with a value at each.
fn curve(f: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    (0..=200).map(|i| f64::from(i) / 200.0).map(|t| (t, f(t))).collect()
}

fn levels_panel(schedules: &[(&str, &dyn Schedule)]) -> Panel {
    let bounded = schedules.iter().take(3).enumerate();
    let series = bounded
        .flat_map(|(i, (name, schedule))| {
            [
                Series::new(name, Mark::Line, i, curve(|t| schedule.level(t).alpha)),
                Series::new("", Mark::Line, i, curve(|t| schedule.level(t).sigma)),
            ]
        })
        .collect();
    let (x, y) = (
        Axis::linear("time t", 0.0, 1.0),
        Axis::linear("alpha (falling) and sigma (rising)", 0.0, 1.4),
    );
    Panel::new("Signal and noise", x, y, series)
}

fn ratio_panel(schedules: &[(&str, &dyn Schedule)]) -> Panel {
    let all = schedules.iter().enumerate();
    let series = all
        .map(|(i, (name, schedule))| {
            let ratio = |t: f64| schedule.level(t).ratio();
            let seen = curve(ratio).into_iter().filter(|(_, r)| (1e-3..=1e3).contains(r));
            Series::new(name, Mark::Line, i, seen.collect())
        })
        .collect();
    let (x, y) = (Axis::linear("time t", 0.0, 1.0), Axis::log("sigma / alpha", 1e-3, 1e3));
    Panel::new("Noise per signal", x, y, series).with_legend(Legend::LowerRight)
}

/// The data: two components on a line.
fn mixture() -> Result<GaussianMixture> {
    let means = vec![vec![-1.0], vec![1.2]];
    Ok(GaussianMixture::new(vec![0.6, 0.4], means, vec![vec![0.25], vec![0.35]])?)
}

/// How well the exact marginals of each process solve its Fokker–Planck equation.
fn fokker_planck(bench: &mut Bench<'_>, schedules: &[(&str, &dyn Schedule)]) -> Result<()> {
    let data = mixture()?;
    let mut table = Table::new(&[
        "process",
        "f at t = ½",
        "g² at t = ½",
        "largest residual of Fokker–Planck, relative",
    ]);
    for (name, schedule) in schedules {
        let mut worst: f64 = 0.0;
        let sde = Forward::new(*schedule);
        // Between two timesteps of the discrete schedule, which is smooth there.
        for t in [0.2005, 0.5005, 0.8005] {
            let (f, g2) = (sde.drift(t), sde.variance_rate(t));
            let at = schedule.level(t);
            let spread = (2.0 * at.alpha).hypot(at.sigma);
            let (h, dx) = (1e-5, 1e-3 * spread);
            let p = |x: f64, at: Level| data.log_density(&[x], at).exp();
            let mut largest: f64 = 0.0;
            let mut residual: f64 = 0.0;
            for i in -30..=30 {
                let x = 0.1 * f64::from(i) * spread;
                let change =
                    (p(x, schedule.level(t + h)) - p(x, schedule.level(t - h))) / (2.0 * h);
                let flux = |x: f64| f * x * p(x, at);
                let drift = (flux(x + dx) - flux(x - dx)) / (2.0 * dx);
                let noise = 0.5 * g2 * (p(x + dx, at) - 2.0 * p(x, at) + p(x - dx, at)) / (dx * dx);
                residual = residual.max((change + drift - noise).abs());
                largest = largest.max(change.abs().max(drift.abs()).max(noise.abs()));
            }
            worst = worst.max(residual / largest);
        }
        // The differences in x are right to (dx/width)²/12 of the fourth derivative.
        bench.check(format!("Fokker–Planck residual, {name}"), worst, 0.0, 1e-4);
        let (f, g2) = (sde.drift(0.5005), sde.variance_rate(0.5005));
        table.row(vec![
            (*name).to_owned(),
            format!("{f:.4}"),
            format!("{g2:.4}"),
            format!("{worst:.1e}"),
        ]);
    }
    let ddpm = DdpmSchedule::linear();
    // Within a timestep the table's logarithm is linear: f = ½ T ln(1 − β), g² = −2 f.
    let beta = ddpm.beta(500);
    let sde = Forward::new(&ddpm);
    bench.check("DDPM's drift from its betas", sde.drift(0.5005), 500.0 * (-beta).ln_1p(), 1e-6);
    let noise = sde.variance_rate(0.5005);
    bench.check("DDPM's noise from its betas", noise, -1000.0 * (-beta).ln_1p(), 1e-6);
    bench.table("process.md", &table)
}

/// Particles under the variance-preserving equation with Euler–Maruyama, against the exact marginal; the frames of it.
fn diffuse(bench: &mut Bench<'_>) -> Result<Vec<Figure>> {
    let (data, count) = (mixture()?, 20_000);
    let mut particles: Vec<(f64, Philox)> = (0..count)
        .map(|k| {
            let mut random = Philox::new(bench.seed(), 0, k);
            (data.draw(&mut random)[0], random)
        })
        .collect();
    // In the time in which beta = 2: x' = −x + √2 noise, alpha = e^(−τ).
    let (h, per_frame) = (0.01, 8);
    let mut frames = Vec::new();
    for frame in 0..=25 {
        let tau = f64::from(frame * per_frame) * h;
        // Euler–Maruyama's own marginal: it multiplies by 1 − h and adds the variance 2h.
        let alpha = (1.0 - h).powi(frame * per_frame);
        let sigma = ((1.0 - alpha * alpha) / (1.0 - 0.5 * h)).sqrt();
        let at = Level::new(alpha, sigma);
        let positions: Vec<f64> = particles.iter().map(|(x, _)| *x).collect();
        let bins = histogram(&positions, (-HALF_WIDTH, HALF_WIDTH), 56);
        if frame % 5 == 0 {
            let width = 2.0 * HALF_WIDTH / 56.0;
            // Pearson's statistic of the bins that expect at least 10; mean and variance of χ² give its error.
            let (mut statistic, mut used) = (0.0, 0.0);
            for (centre, density) in &bins {
                let parts = 20;
                let mass: f64 = (0..parts)
                    .map(|i| centre + width * ((f64::from(i) + 0.5) / f64::from(parts) - 0.5))
                    .map(|x| data.log_density(&[x], at).exp() * width / f64::from(parts))
                    .sum();
                let expected = mass * count as f64;
                if expected >= 10.0 {
                    let found = density * width * count as f64;
                    statistic += (found - expected).powi(2) / (expected * (1.0 - mass));
                    used += 1.0;
                }
            }
            let error = (2.0_f64 * used).sqrt();
            bench.check(
                format!("histogram at time {tau:.2}, chi-squared"),
                statistic,
                used,
                4.5 * error,
            );
        }
        let exact = Level::new((-tau).exp(), (-(-2.0 * tau).exp_m1()).sqrt());
        let line = (-175..=175).map(|i| f64::from(i) * 0.02);
        let density = line.map(|x| (x, data.log_density(&[x], exact).exp())).collect();
        let series = vec![
            Series::new("20 000 particles", Mark::Bars, 1, bins),
            Series::new("exact marginal", Mark::Line, 0, density),
        ];
        let title = format!("dx = −x dt + √2 dW, t = {tau:.2}");
        let (x, y) =
            (Axis::linear("x", -HALF_WIDTH, HALF_WIDTH), Axis::linear("density", 0.0, 1.05));
        frames.push(Figure::new(vec![Panel::new(&title, x, y, series)], 1, (480, 320)));
        for (x, random) in &mut particles {
            for _ in 0..per_frame {
                *x += -h * *x + (2.0 * h).sqrt() * random.normal();
            }
        }
    }
    Ok(frames)
}
