//! Strong orders along exact paths, weak orders by exact moments, the Ornstein–Uhlenbeck process, and a diffusion run
//! backwards in time.

use langevin_core::rng::Philox;
use langevin_core::sde::{Increment, Ito, Scheme};
use langevin_core::{GaussianMixture, Level};

use crate::picture::{Axis, Figure, Legend, Mark, Panel, Series};
use crate::statistics::{mean_and_error, order};
use crate::{Bench, Result, Table};

/// Drift and noise of geometric Brownian motion `dX = μ X dt + ν X dW`.
const GROWTH: (f64, f64) = (0.5, 0.8);
/// Pull and noise of the Ornstein–Uhlenbeck process `dX = −k X dt + g dW`.
const PULL: (f64, f64) = (1.5, 1.0);

/// `dX = drift · X dt + noise · X dW`.
struct Geometric;

impl Ito for Geometric {
    fn drift(&self, _: f64, x: &[f64]) -> Vec<f64> {
        x.iter().map(|x| GROWTH.0 * x).collect()
    }

    fn diffusion(&self, _: f64, x: &[f64]) -> Vec<f64> {
        x.iter().map(|x| GROWTH.1 * x).collect()
    }

    fn diffusion_slope(&self, _: f64, x: &[f64]) -> Vec<f64> {
        vec![GROWTH.1; x.len()]
    }
}

/// An equation with additive noise.
struct Additive {
    drift: fn(f64) -> f64,
    noise: f64,
}

impl Ito for Additive {
    fn drift(&self, _: f64, x: &[f64]) -> Vec<f64> {
        x.iter().map(|x| (self.drift)(*x)).collect()
    }

    fn diffusion(&self, _: f64, x: &[f64]) -> Vec<f64> {
        vec![self.noise; x.len()]
    }

    fn diffusion_slope(&self, _: f64, x: &[f64]) -> Vec<f64> {
        vec![0.0; x.len()]
    }
}

/// `dX = cos(2X) dt + 2 dW`, which is not linear.
const WAVE: Additive = Additive { drift: |x| (2.0 * x).cos(), noise: 2.0 };
/// The Ornstein–Uhlenbeck process.
const OU: Additive = Additive { drift: |x| -PULL.0 * x, noise: PULL.1 };

/// Each path has this many fine steps in unit time.
const FINE: usize = 2048;
const COARSE: [usize; 6] = [8, 16, 32, 64, 128, 256];

pub(crate) fn run(bench: &mut Bench<'_>) -> Result<()> {
    let strong = strong(bench)?;
    let weak = weak(bench);
    bench.picture("sde.png", &Figure::new(vec![strong, weak], 2, (980, 440)))?;
    ornstein_uhlenbeck(bench);
    backwards(bench)
}

/// One step of Brownian motion on each path: its increment, its integral, and `∫ e^(−k(h−s)) dW`, jointly normal.
fn brownian(h: f64, paths: &mut [Philox]) -> (Increment, Vec<f64>) {
    let (mut by, mut decayed) = (Increment { w: Vec::new(), area: Vec::new() }, Vec::new());
    for random in paths {
        let [w, area, i] = brownian_step(h, random);
        by.w.push(w);
        by.area.push(area);
        decayed.push(i);
    }
    (by, decayed)
}

fn brownian_step(h: f64, random: &mut Philox) -> [f64; 3] {
    let k = PULL.0;
    let decay = (-k * h).exp();
    let (n1, n2, n3) = (random.normal(), random.normal(), random.normal());
    let w = h.sqrt() * n1;
    // Z given W has mean h W/2 and variance h³/12.
    let z = 0.5 * h * w + (h.powi(3) / 12.0).sqrt() * n2;
    let (iw, iz) = ((1.0 - decay) / k, (1.0 - decay * (1.0 + k * h)) / (k * k));
    let ii = (1.0 - decay * decay) / (2.0 * k);
    // The regression of the third on the other two, and what it leaves.
    let on_w = iw / h;
    let rest = (iz - 0.5 * h * iw) / (h.powi(3) / 12.0);
    let left = (ii - iw * iw / h - rest * rest * h.powi(3) / 12.0).max(0.0);
    let i = on_w * w + rest * (z - 0.5 * h * w) + left.sqrt() * n3;
    [w, z, i]
}

/// Mean error at time 1 of each method along the same exact paths.
fn strong(bench: &mut Bench<'_>) -> Result<Panel> {
    let paths = 500;
    let (mu, nu) = GROWTH;
    let names = [
        ("Euler–Maruyama, multiplicative", 0.5),
        ("Milstein, multiplicative", 1.0),
        ("Euler–Maruyama, additive", 1.0),
        ("SRA1, additive", 1.5),
    ];
    let methods: [(&dyn Ito, Scheme); 4] = [
        (&Geometric, Scheme::EulerMaruyama),
        (&Geometric, Scheme::Milstein),
        (&WAVE, Scheme::EulerMaruyama),
        (&WAVE, Scheme::Sra1),
    ];
    let mut random: Vec<_> = (0..paths).map(|path| Philox::new(bench.seed(), 0, path)).collect();
    let fine = 1.0 / FINE as f64;
    let steps: Vec<Increment> = (0..FINE).map(|_| brownian(fine, &mut random).0).collect();
    let start = vec![1.0; random.len()];
    let growth: Vec<f64> = (0..random.len())
        .map(|path| steps.iter().map(|by| by.w[path]).sum::<f64>())
        .map(|w| ((mu - 0.5 * nu * nu) + nu * w).exp())
        .collect();
    // Of the equation with additive noise the finest path serves as the exact one: its error is 8^1.5 times smaller.
    let wavy =
        steps.iter().fold(start.clone(), |x, by| Scheme::Sra1.step(&WAVE, 0.0, &x, fine, by));
    let mut errors = [[0.0; COARSE.len()]; 4];
    for (column, coarse) in COARSE.into_iter().enumerate() {
        let mut x = [const { Vec::new() }; 4];
        x.fill(start.clone());
        for part in steps.chunks(FINE / coarse) {
            let (first, rest) = part.split_first().expect("chunks are not empty");
            let by = rest.iter().fold(first.clone(), |sum, next| sum.then(next, fine));
            for (x, (sde, scheme)) in x.iter_mut().zip(methods) {
                *x = scheme.step(sde, 0.0, x, 1.0 / coarse as f64, &by);
            }
        }
        for (method, truth) in [&growth, &growth, &wavy, &wavy].into_iter().enumerate() {
            let off = x[method].iter().zip(truth).map(|(x, truth)| (x - truth).abs());
            errors[method][column] = off.sum::<f64>() / paths as f64;
        }
    }
    let mut table = Table::new(&[
        "method",
        "h = 1/8",
        "1/16",
        "1/32",
        "1/64",
        "1/128",
        "1/256",
        "strong order",
        "theory",
    ]);
    let mut series = Vec::new();
    for (method, (name, theory)) in names.into_iter().enumerate() {
        let points: Vec<(f64, f64)> =
            COARSE.iter().zip(errors[method]).map(|(n, e)| (1.0 / *n as f64, e)).collect();
        let found = order(&points[2..]);
        bench.check(format!("strong order, {name}"), found, theory, 0.1);
        let cells = errors[method].iter().map(|e| format!("{e:.2e}"));
        let ends = [format!("{found:.2}"), format!("{theory}")];
        table.row([name.to_owned()].into_iter().chain(cells).chain(ends).collect());
        series.push(Series::new(name, Mark::Dotted, method, points));
    }
    bench.table("sde.md", &table)?;
    let (x, y) = (Axis::log("step h", 1e-3, 1.0), Axis::log("mean error at time 1", 1e-6, 1.0));
    Ok(Panel::new("Strong: along one path", x, y, series).with_legend(Legend::LowerRight))
}

/// Errors of mean and second moment of geometric Brownian motion without sampling: a step multiplies the state, so the
/// moments after `n` steps are powers of those after one, and these are sums over the nodes `0, ±√(3h)` of ΔW, which
/// are exact for polynomials of degree five.
fn weak(bench: &mut Bench<'_>) -> Panel {
    let (mu, nu) = GROWTH;
    let steps = [8.0, 16.0, 32.0, 64.0, 128.0, 256.0_f64];
    let moment = |scheme: Scheme, power: i32, n: f64| -> f64 {
        let h = 1.0 / n;
        let w = vec![-(3.0 * h).sqrt(), 0.0, (3.0 * h).sqrt()];
        let by = Increment { area: vec![0.0; w.len()], w };
        let ends = scheme.step(&Geometric, 0.0, &[1.0; 3], h, &by);
        let weights = [1.0 / 6.0, 2.0 / 3.0, 1.0 / 6.0];
        ends.iter().zip(weights).map(|(x, weight)| weight * x.powi(power)).sum::<f64>().powf(n)
    };
    let curve = |scheme: Scheme, power: i32, exact: f64| -> Vec<(f64, f64)> {
        steps.iter().map(|n| (1.0 / n, (moment(scheme, power, *n) - exact).abs())).collect()
    };
    let square = (2.0 * mu + nu * nu).exp();
    let mean = curve(Scheme::EulerMaruyama, 1, mu.exp());
    let second = curve(Scheme::EulerMaruyama, 2, square);
    let milstein = curve(Scheme::Milstein, 2, square);
    for (name, points) in [
        ("mean, Euler–Maruyama", &mean),
        ("square, Euler–Maruyama", &second),
        ("square, Milstein", &milstein),
    ] {
        bench.check(format!("weak order, {name}"), order(&points[2..]), 1.0, 0.05);
    }
    let series = vec![
        Series::new("mean, Euler–Maruyama", Mark::Dotted, 0, mean),
        Series::new("square, Euler–Maruyama", Mark::Dotted, 1, second),
        Series::new("square, Milstein", Mark::Dotted, 2, milstein),
    ];
    let (x, y) =
        (Axis::log("step h", 1e-3, 1.0), Axis::log("error of the moment at time 1", 1e-4, 10.0));
    Panel::new("Weak: of moments (exact recursion)", x, y, series).with_legend(Legend::UpperLeft)
}

/// The exact transition, and Euler–Maruyama's own stationary variance `g²/(2k − k² h)`.
fn ornstein_uhlenbeck(bench: &mut Bench<'_>) {
    let ((k, g), h) = (PULL, 0.25);
    let mut random: Vec<_> = (0..20_000).map(|path| Philox::new(bench.seed(), 1, path)).collect();
    let (mut exact, mut euler) = (vec![1.0; random.len()], vec![0.0; random.len()]);
    for step in 0..60 {
        let (by, decayed) = brownian(h, &mut random);
        euler = Scheme::EulerMaruyama.step(&OU, 0.0, &euler, h, &by);
        if step < 4 {
            exact.iter_mut().zip(decayed).for_each(|(x, i)| *x = (-k * h).exp() * *x + g * i);
        }
    }
    euler.iter_mut().for_each(|x| *x *= *x);
    let (mean, error) = mean_and_error(&exact);
    bench.check("Ornstein–Uhlenbeck, mean at time 1", mean, (-k).exp(), 4.5 * error);
    let squares: Vec<f64> = exact.iter().map(|x| (x - (-k).exp()).powi(2)).collect();
    let (variance, error) = mean_and_error(&squares);
    let truth = g * g * (1.0 - (-2.0 * k).exp()) / (2.0 * k);
    bench.check("Ornstein–Uhlenbeck, variance at time 1", variance, truth, 4.5 * error);
    let (variance, error) = mean_and_error(&euler);
    let truth = g * g / (2.0 * k - k * k * h);
    bench.check("Euler–Maruyama, stationary variance", variance, truth, 4.5 * error);
}

/// The reverse-time equation of the variance-preserving process, `dx = (−½βx − β∇ln p) dt + √β dW̄` (Anderson 1982;
/// Song et al. 2021, eq. 6), in the time `τ` in which `β = 2`, from `τ = 5` (noise) to 0.
fn backwards(bench: &mut Bench<'_>) -> Result<()> {
    const HALF_WIDTH: f64 = 3.2;
    let data = GaussianMixture::new(
        vec![0.5, 0.3, 0.2],
        vec![vec![-1.3, -0.8], vec![1.4, -0.6], vec![0.1, 1.5]],
        vec![vec![0.35, 0.35], vec![0.3, 0.5], vec![0.5, 0.25]],
    )?;
    let (count, steps) = (2000, 1000);
    let h = 5.0 / f64::from(steps);
    let mut walks: Vec<(Vec<f64>, Philox)> = (0..count)
        .map(|path| {
            let mut random = Philox::new(bench.seed(), 2, path);
            (vec![random.normal(), random.normal()], random)
        })
        .collect();
    let mut frames = Vec::new();
    for step in 0..=steps {
        let tau = 5.0 - f64::from(step) * h;
        // Frames are denser towards the end, where the modes appear.
        let shown = 1.0 - f64::from(frames.len() as u32) / 26.0;
        if tau <= 4.0 * shown * shown + 1e-9 {
            let points = walks.iter().take(500).map(|(x, _)| (x[0], x[1])).collect();
            let axis = |name: &str| Axis::linear(name, -HALF_WIDTH, HALF_WIDTH);
            let title = format!("Reverse-time SDE, t = {tau:.2}");
            let series = vec![Series::new("", Mark::Dots(3), 0, points)];
            let panel = Panel::new(&title, axis("x₁"), axis("x₂"), series);
            frames.push(Figure::new(vec![panel], 1, (380, 380)));
        }
        if step == steps {
            break;
        }
        let alpha = (-tau).exp();
        let at = Level::new(alpha, (1.0 - alpha * alpha).sqrt());
        for (x, random) in &mut walks {
            let score = data.score(x, at);
            for (x, score) in x.iter_mut().zip(score) {
                *x += h * (*x + 2.0 * score) + (2.0 * h).sqrt() * random.normal();
            }
        }
    }
    for i in 0..2 {
        let moment = |power: i32| -> f64 {
            let part =
                |mean: f64, std: f64| if power == 1 { mean } else { mean * mean + std * std };
            data.components().map(|(w, mean, std)| w * part(mean[i], std[i])).sum()
        };
        for power in [1, 2] {
            let values: Vec<f64> = walks.iter().map(|(x, _)| x[i].powi(power)).collect();
            let (found, error) = mean_and_error(&values);
            let name = format!("reverse-time SDE, moment {power} of x{}", i + 1);
            bench.check(name, found, moment(power), 4.5 * error);
        }
    }
    bench.animation("sde.gif", &frames, 10)
}
