//! Langevin dynamics on a Gaussian, where the error of each method is known, and on a mixture, where modes must be found.

use langevin_core::rng::Philox;
use langevin_core::{GaussianMixture, Level};

use crate::langevin::{Baoab, Mala, Ula, Walk};
use crate::picture::{Axis, Figure, Legend, Mark, Panel, Series};
use crate::statistics::mean_and_error;
use crate::{Bench, Result, Table};

/// Standard deviation of the Gaussian.
const STD: f64 = 1.0;
const HALF_WIDTH: f64 = 3.4;

pub(crate) fn run(bench: &mut Bench<'_>) -> Result<()> {
    let variances = variances(bench)?;
    let modes = modes(bench)?;
    bench.picture("langevin.png", &Figure::new(vec![variances, modes], 2, (980, 440)))?;
    animation(bench)
}

/// Stationary variances by step size, each from many independent walks.
fn variances(bench: &mut Bench<'_>) -> Result<Panel> {
    let target = GaussianMixture::new(vec![1.0], vec![vec![0.0]], vec![vec![STD]])?;
    let exact = |h: f64| STD * STD / (1.0 - h / (2.0 * STD * STD));
    let mut table =
        Table::new(&["step h", "ULA", "S²/(1 − h/(2S²))", "MALA", "accepted", "BAOAB", "S²"]);
    let mut points = [const { Vec::new() }; 3];
    for (index, h) in [0.1, 0.3, 0.5, 0.8, 1.1, 1.4].into_iter().enumerate() {
        let chains = 4000;
        let mut squares = [const { Vec::new() }; 3];
        let mut accepted = 0;
        let steps = 60 + (6.0 / h) as usize;
        for chain in 0..chains {
            let mut random = Philox::new(bench.seed(), index as u64, chain);
            let start = STD * random.normal();
            let mut mala = Mala { step: h, accepted: 0 };
            // The kinetic walk's step is the root: h = step²/2 makes both move equally far.
            let velocity = vec![random.normal()];
            let mut baoab = Baoab { step: (2.0 * h).sqrt(), friction: 1.0, velocity };
            let mut end = |walk: &mut dyn Walk| {
                let mut x = vec![start];
                (0..steps).for_each(|_| walk.step(&mut x, &target, &mut random));
                x[0] * x[0]
            };
            squares[0].push(end(&mut Ula { step: h }));
            squares[1].push(end(&mut mala));
            squares[2].push(end(&mut baoab));
            accepted += mala.accepted;
        }
        let found = [0, 1, 2].map(|m| mean_and_error(&squares[m]));
        let truth = [exact(h), STD * STD, STD * STD];
        for (method, name) in ["ULA", "MALA", "BAOAB"].into_iter().enumerate() {
            let (value, error) = found[method];
            bench.check(format!("{name} variance, h = {h}"), value, truth[method], 4.5 * error);
            points[method].push((h, value));
        }
        let share = accepted as f64 / (chains as f64 * steps as f64);
        let cell = |m: usize| format!("{:.3} ± {:.3}", found[m].0, found[m].1);
        table.row(vec![
            format!("{h}"),
            cell(0),
            format!("{:.3}", truth[0]),
            cell(1),
            format!("{:.0} %", 100.0 * share),
            cell(2),
            format!("{:.3}", STD * STD),
        ]);
    }
    bench.table("langevin.md", &table)?;
    let [ula, mala, baoab] = points;
    let curve = (0..=100).map(|i| f64::from(i) * 0.015).map(|h| (h, exact(h))).collect();
    let series = vec![
        Series::new("ULA in theory", Mark::Line, 0, curve),
        Series::new("ULA", Mark::Dots(8), 1, ula),
        Series::new("MALA", Mark::Dots(8), 2, mala),
        Series::new("underdamped (BAOAB)", Mark::Dots(8), 3, baoab),
    ];
    let (x, y) = (Axis::linear("step h", 0.0, 1.5), Axis::linear("stationary variance", 0.0, 4.0));
    Ok(Panel::new("N(0, 1): the variance each walk keeps", x, y, series)
        .with_legend(Legend::UpperLeft))
}

/// Three modes in the plane.
fn mixture() -> Result<GaussianMixture> {
    let means = vec![vec![-1.4, -0.8], vec![1.4, -0.8], vec![0.0, 1.5]];
    let stds = vec![vec![0.55, 0.55], vec![0.5, 0.7], vec![0.7, 0.45]];
    Ok(GaussianMixture::new(vec![0.5, 0.3, 0.2], means, stds)?)
}

/// Which mode a point most probably belongs to.
fn nearest(mixture: &GaussianMixture, x: &[f64]) -> usize {
    let shares = mixture.responsibilities(x, Level::CLEAN);
    (0..shares.len()).max_by(|a, b| shares[*a].total_cmp(&shares[*b])).unwrap_or(0)
}

fn map(mixture: &GaussianMixture) -> Series {
    let cells = 48;
    let width = 2.0 * HALF_WIDTH / f64::from(cells);
    let centre = |i: i32| -HALF_WIDTH + (f64::from(i) + 0.5) * width;
    let density = |x: f64, y: f64| mixture.log_density(&[x, y], Level::CLEAN).exp();
    let all: Vec<_> = (0..cells)
        .flat_map(|i| (0..cells).map(move |j| (centre(i), centre(j))))
        .map(|(x, y)| (x, y, density(x, y)))
        .collect();
    let max = all.iter().map(|c| c.2).fold(0.0, f64::max);
    // Few shades, and none where the density is negligible: pictures stay small.
    let shade = |d: f64| (d / max * 10.0).ceil().min(10.0) / 10.0 * 0.55;
    let seen = all.into_iter().filter(|c| c.2 > 0.01 * max);
    let shaded: Vec<_> = seen.map(|(x, y, d)| (x, y, shade(d))).collect();
    Series::map(0, width, width, &shaded)
}

fn plane(title: &str, series: Vec<Series>) -> Panel {
    let axis = |name: &str| Axis::linear(name, -HALF_WIDTH, HALF_WIDTH);
    Panel::new(title, axis("x₁"), axis("x₂"), series)
}

/// The share of walks that end in each mode, all of which began in the first.
fn modes(bench: &mut Bench<'_>) -> Result<Panel> {
    let target = mixture()?;
    let count = 3000;
    let ends: Vec<Vec<f64>> = (0..count)
        .map(|chain| {
            let mut random = Philox::new(bench.seed(), 100, chain);
            let mut walk = Mala { step: 0.2, accepted: 0 };
            let mut x = vec![-1.4, -0.8];
            (0..600).for_each(|_| walk.step(&mut x, &target, &mut random));
            x
        })
        .collect();
    // The exact share of each region, from draws of the mixture itself.
    let mut random = Philox::new(bench.seed(), 101, 0);
    let draws: Vec<Vec<f64>> = (0..40 * count).map(|_| target.draw(&mut random)).collect();
    for mode in 0..3 {
        let share = |points: &[Vec<f64>]| {
            let hits: Vec<f64> =
                points.iter().map(|x| f64::from(u8::from(nearest(&target, x) == mode))).collect();
            mean_and_error(&hits)
        };
        let ((found, error), (truth, small)) = (share(&ends), share(&draws));
        bench.check(
            format!("MALA, share of mode {}", mode + 1),
            found,
            truth,
            4.5 * error.hypot(small),
        );
    }
    let points = ends.iter().take(900).map(|x| (x[0], x[1])).collect();
    let series = vec![map(&target), Series::new("ends of MALA walks", Mark::Dots(3), 1, points)];
    Ok(plane("A mixture: all walks began in the lower left mode", series))
}

/// Unadjusted walks that leave one point and find all modes.
fn animation(bench: &mut Bench<'_>) -> Result<()> {
    let target = mixture()?;
    let count = 200;
    let mut walks: Vec<(Vec<f64>, Philox)> =
        (0..count).map(|k| (vec![-1.4, -0.8], Philox::new(bench.seed(), 102, k))).collect();
    let mut frames = Vec::new();
    let background = map(&target);
    for frame in 0..20 {
        let points = walks.iter().map(|(x, _)| (x[0], x[1])).collect();
        let time = f64::from(frame) * 7.0 * 0.04;
        let title = format!("ULA, 200 walks from one point, t = {time:.2}");
        let series = vec![background.clone(), Series::new("", Mark::Dots(3), 1, points)];
        frames.push(Figure::new(vec![plane(&title, series)], 1, (380, 360)));
        for (x, random) in &mut walks {
            (0..7).for_each(|_| Ula { step: 0.04 }.step(x, &target, random));
        }
    }
    bench.animation("langevin.gif", &frames, 12)
}
