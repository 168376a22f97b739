//! Langevin dynamics on a Gaussian, where the error of each method is known, and on a mixture, where modes must be found.

use langevin_core::langevin::{Chain, mala, ula, underdamped};
use langevin_core::rng::Philox;
use langevin_core::{GaussianMixture, Level};

use crate::picture::{Axis, Figure, Legend, Mark, Panel, Series};
use crate::statistics::mean_and_error;
use crate::{Bench, Result, Table};

/// Standard deviation of the Gaussian.
const STD: f64 = 1.0;
const HALF_WIDTH: f64 = 3.4;

fn normals(random: &mut Philox, count: usize) -> Vec<f64> {
    (0..count).map(|_| random.normal()).collect()
}

/// The end of an unadjusted walk.
fn ula_walk(
    target: &GaussianMixture,
    mut x: Vec<f64>,
    h: f64,
    steps: usize,
    random: &mut Philox,
) -> Result<Vec<f64>> {
    for _ in 0..steps {
        let score = target.score(&x, Level::CLEAN);
        x = ula(&x, &score, h, &normals(random, x.len()))?;
    }
    Ok(x)
}

/// The end of a Metropolis-adjusted walk, and how many of its steps were accepted.
fn mala_walk(
    target: &GaussianMixture,
    x: Vec<f64>,
    h: f64,
    steps: usize,
    random: &mut Philox,
) -> Result<(Vec<f64>, usize)> {
    let density = |x: &[f64]| (target.log_density(x, Level::CLEAN), target.score(x, Level::CLEAN));
    let (log_density, score) = density(&x);
    let (mut chain, mut accepted) = (Chain { x, log_density, score }, 0);
    for _ in 0..steps {
        let noise = normals(random, chain.x.len());
        let (next, moved) = mala(&chain, h, &noise, random.uniform(), &density)?;
        chain = next;
        accepted += usize::from(moved);
    }
    Ok((chain.x, accepted))
}

/// The end of an underdamped walk of friction 1 from a velocity of unit variance.
fn underdamped_walk(
    target: &GaussianMixture,
    mut x: Vec<f64>,
    h: f64,
    steps: usize,
    random: &mut Philox,
) -> Result<Vec<f64>> {
    let mut v = normals(random, x.len());
    let score = |x: &Vec<f64>| Ok(target.score(x, Level::CLEAN));
    let mut slope = target.score(&x, Level::CLEAN);
    for _ in 0..steps {
        let noise = normals(random, x.len());
        (x, v, slope) = underdamped((&x, &v, &slope), h, 1.0, &noise, &score)?;
    }
    Ok(x)
}

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
            let start = vec![STD * random.normal()];
            let unadjusted = ula_walk(&target, start.clone(), h, steps, &mut random)?;
            let (adjusted, moves) = mala_walk(&target, start.clone(), h, steps, &mut random)?;
            // The kinetic walk's step is the root: h = step²/2 makes both move equally far.
            let kinetic = underdamped_walk(&target, start, (2.0 * h).sqrt(), steps, &mut random)?;
            for (squares, end) in squares.iter_mut().zip([unadjusted, adjusted, kinetic]) {
                squares.push(end[0] * end[0]);
            }
            accepted += moves;
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
    let ends = (0..count)
        .map(|chain| {
            let mut random = Philox::new(bench.seed(), 100, chain);
            Ok(mala_walk(&target, vec![-1.4, -0.8], 0.2, 600, &mut random)?.0)
        })
        .collect::<Result<Vec<Vec<f64>>>>()?;
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
            *x = ula_walk(&target, std::mem::take(x), 0.04, 7, random)?;
        }
    }
    bench.animation("langevin.gif", &frames, 12)
}
