//! Densities and bounds of a mixture and of a Gaussian, whose true densities are known.

use std::f64::consts::{E, TAU};

use langevin_core::likelihood::{
    DdpmBound, Dequantisation, Divergence, FixedVariance, FlowDensity, Hutchinson, OptimalVariance,
    Probe, ReverseVariance, UniformDequantisation, VdmBound, importance_weighted,
    log_normal_interval,
};
use langevin_core::rng::Philox;
use langevin_core::{
    Cosine, GaussianMixture, Level, RectifiedFlow, Result as CoreResult, Schedule,
};

use crate::picture::{Axis, Figure, Legend, Mark, Panel, Series};
use crate::statistics::mean_and_error;
use crate::{Bench, Result, Table};

/// Standard deviation of the Gaussian.
const STD: f64 = 0.6;
/// Where the flow takes the prior for granted.
const PRIOR: Level = Level::new(1e-6, 1.0);

pub(crate) fn run(bench: &mut Bench<'_>) -> Result<()> {
    let mut table = Table::new(&["quantity", "computed", "truth"]);
    flow(bench, &mut table)?;
    traces(bench, &mut table)?;
    continuous(bench, &mut table)?;
    discrete(bench, &mut table)?;
    let density = density_panel()?;
    let gaps = gaps(bench, &mut table)?;
    bench.table("likelihood.md", &table)?;
    bench.picture("likelihood.png", &Figure::new(vec![density, gaps], 2, (980, 440)))
}

/// Three components in `d` dimensions.
fn mixture(d: usize) -> CoreResult<GaussianMixture> {
    let mean = |k: usize, i: usize| 1.5 * ((3 * k + 2 * i) as f64).sin();
    let std = |k: usize, i: usize| 0.25 + 0.1 * ((k + i) % 3) as f64;
    let table = |f: &dyn Fn(usize, usize) -> f64| {
        (0..3).map(|k| (0..d).map(|i| f(k, i)).collect()).collect()
    };
    GaussianMixture::new(vec![0.5, 0.3, 0.2], table(&mean), table(&std))
}

fn noisy_draw(data: &GaussianMixture, at: Level, random: &mut Philox) -> Vec<f64> {
    let clean = data.draw(random);
    clean.into_iter().map(|c| at.alpha * c + at.sigma * random.normal()).collect()
}

/// The flow's density against the mixture's.
fn flow(bench: &mut Bench<'_>, table: &mut Table) -> Result<()> {
    let at = Level::new(1.0, 0.02);
    let flow = FlowDensity::new(at, PRIOR, 400)?;
    for d in [2, 8] {
        let data = mixture(d)?;
        let mut worst: f64 = 0.0;
        for index in 0..100 {
            let x = noisy_draw(&data, at, &mut Philox::new(bench.seed(), d as u64, index));
            let found = flow.encode(&x, &data)?.log_density[0];
            worst = worst.max((found - data.log_density(&x, at)).abs());
        }
        bench.check(format!("flow density, {d} dimensions, largest error"), worst, 0.0, 1e-4);
        let name = format!("flow density, {d}-D mixture, largest error of 100 (nats)");
        table.row(vec![name, format!("{worst:.1e}"), "0".to_owned()]);
    }
    Ok(())
}

/// Hutchinson's estimates of one point's density.
fn traces(bench: &mut Bench<'_>, table: &mut Table) -> Result<()> {
    let (data, at) = (mixture(8)?, Level::new(1.0, 0.2));
    let x = noisy_draw(&data, at, &mut Philox::new(bench.seed(), 20, 0));
    let flow = FlowDensity::new(at, PRIOR, 120)?;
    let truth = data.log_density(&x, at);
    for (probe, name) in [(Probe::Rademacher, "Rademacher"), (Probe::Gaussian, "Gaussian")] {
        let one = |seed: u64| -> Result<f64> {
            let estimate = Hutchinson::new(mixture(8)?, probe, 1, bench.seed() + seed);
            Ok(flow.encode(&x, &estimate as &dyn Divergence<Vec<f64>>)?.log_density[0])
        };
        let all: Vec<f64> = (0..300).map(one).collect::<Result<_>>()?;
        let (mean, error) = mean_and_error(&all);
        bench.check(format!("Hutchinson, {name}, mean density"), mean, truth, 4.5 * error);
        let name = format!("flow density by Hutchinson, {name}, mean of 300 (nats)");
        table.row(vec![name, format!("{mean:.3} ± {error:.3}"), format!("{truth:.3}")]);
    }
    Ok(())
}

/// The bound of continuous time between the same two levels on two schedules.
fn continuous(bench: &mut Bench<'_>, table: &mut Table) -> Result<()> {
    let data = one_dimensional()?;
    let (x, parts) = (vec![0.3], 4000);
    let one = |schedule: &dyn Schedule| -> Result<f64> {
        let ends = (Level::new(1.0, 0.003), Level::new(1.0, 1e3));
        let bound = VdmBound::new(schedule, &data, ends.0, ends.1)?;
        let (from, to) = bound.times();
        let mut total = bound.prior(&x)?[0];
        let normals = (-80..=80).map(|k| f64::from(k) * 0.1);
        for noise in normals {
            let weight = 0.1 * (-0.5 * noise * noise).exp() / TAU.sqrt();
            total += weight * bound.reconstruction(&x, &vec![noise])?[0];
            for k in 0..parts {
                // Dense at both ends of time, where the levels change fastest.
                let angle = std::f64::consts::FRAC_PI_2 * (f64::from(k) + 0.5) / f64::from(parts);
                let t = from + (to - from) * angle.sin().powi(2);
                let rate = (to - from) * (2.0 * angle).sin() * std::f64::consts::FRAC_PI_2;
                total += weight * rate / f64::from(parts) * bound.loss_at(t, &x, &vec![noise])?[0];
            }
        }
        Ok(total)
    };
    let (straight, cosine) = (one(&RectifiedFlow)?, one(&Cosine)?);
    let truth = -data.log_density(&x, Level::CLEAN);
    // Of the order of the first level's variance times the curvature of the density.
    bench.check("continuous bound, straight path", straight, truth, 1e-3);
    bench.check("continuous bound, cosine minus straight", cosine - straight, 0.0, 1e-4);
    for (name, found) in [("straight path", straight), ("cosine", cosine)] {
        let name = format!("continuous bound, {name} (nats)");
        table.row(vec![name, format!("{found:.4}"), format!("{truth:.4}")]);
    }
    Ok(())
}

/// Bits of a mixture's bins by uniform noise, once and many times.
fn discrete(bench: &mut Bench<'_>, table: &mut Table) -> Result<()> {
    let (data, width, value) = (one_dimensional()?, 0.5, [1.5]);
    let masses = data.components().map(|(weight, mean, std)| {
        let at = |side: f64| (value[0] + side * 0.5 * width - mean[0]) / std[0];
        weight * log_normal_interval(at(-1.0), at(1.0)).exp()
    });
    let truth = masses.sum::<f64>().ln();
    let noise = UniformDequantisation { width };
    let bound = |draws: usize, seed: u64| -> Result<(f64, f64)> {
        let one = |index: u64| -> Result<f64> {
            let mut random = Philox::new(seed, 30, index);
            let weight = |_| -> Result<f64> {
                let noised = noise.draw(&value, &mut random)?;
                Ok(data.log_density(&noised.x, Level::CLEAN) + noised.log_weight)
            };
            Ok(importance_weighted(&(0..draws).map(weight).collect::<Result<Vec<_>>>()?))
        };
        Ok(mean_and_error(&(0..400).map(one).collect::<Result<Vec<_>>>()?))
    };
    for draws in [1, 10, 1000] {
        let (found, error) = bound(draws, bench.seed())?;
        if draws == 1000 {
            // The bias that is left is half the weights' relative variance over their number.
            bench.check("1000 weighted draws, ln P of a bin", found, truth, 4.5 * error + 1e-3);
        }
        let name = format!("ln P of a bin, {draws} uniform draws");
        table.row(vec![name, format!("{found:.4} ± {error:.4}"), format!("{truth:.4}")]);
    }
    Ok(())
}

fn one_dimensional() -> CoreResult<GaussianMixture> {
    let means = vec![vec![-1.2], vec![0.4], vec![1.5]];
    GaussianMixture::new(vec![0.4, 0.4, 0.2], means, vec![vec![0.25], vec![0.4], vec![0.2]])
}

/// `ln p` along a line: the truth, and what the flow says.
fn density_panel() -> Result<Panel> {
    let (data, at) = (one_dimensional()?, Level::new(1.0, 0.02));
    let flow = FlowDensity::new(at, PRIOR, 300)?;
    let line = (0..=240).map(|i| -2.4 + 0.02 * f64::from(i));
    let truth = line.map(|x| (x, data.log_density(&[x], at))).collect();
    let found = (0..=32)
        .map(|i| -2.4 + 0.15 * f64::from(i))
        .map(|x| Ok((x, flow.encode(&vec![x], &data)?.log_density[0])))
        .collect::<Result<Vec<_>>>()?;
    let series = vec![
        Series::new("ln p, true", Mark::Line, 0, truth),
        Series::new("along the flow", Mark::Dots(7), 1, found),
    ];
    let (x, y) = (Axis::linear("x", -2.5, 2.5), Axis::linear("ln p(x), nats", -12.0, 2.0));
    Ok(Panel::new("A mixture's density by the probability flow", x, y, series))
}

/// Gaps of the chain's bound on Gaussian data, by the number of steps and the choice of variance.
///
/// All terms are quadratic, so data `±S` and noise `±1` give their expectations exactly.
fn gaps(bench: &mut Bench<'_>, table: &mut Table) -> Result<Panel> {
    let data = GaussianMixture::new(vec![1.0], vec![vec![0.0]], vec![vec![STD]])?;
    let entropy = 0.5 * (TAU * E * STD * STD).ln();
    let spread = |_: &Vec<f64>, at: Level| -> CoreResult<Vec<f64>> {
        Ok(vec![(STD * at.sigma).powi(2) / ((at.alpha * STD).powi(2) + at.sigma.powi(2))])
    };
    let optimal = OptimalVariance(spread);
    let choices: [(&str, &dyn ReverseVariance<Vec<f64>>); 3] = [
        ("small, the posterior's", &FixedVariance::Small),
        ("large, the step's", &FixedVariance::Large),
        ("optimal", &optimal),
    ];
    let mut series = Vec::new();
    for (index, (name, variance)) in choices.into_iter().enumerate() {
        let mut points = Vec::new();
        for steps in [4, 10, 30, 100, 300, 1000] {
            let levels: Vec<Level> =
                (1..=steps).map(|i| Cosine.level(0.999 * i as f64 / steps as f64)).collect();
            let last = levels[steps - 1];
            let prior = (last.alpha * STD).powi(2) + last.sigma.powi(2);
            let bound = DdpmBound::new(levels.clone(), &data, variance)?.with_prior(prior);
            let mut mean = 0.0;
            for (x, noise) in [(STD, 1.0), (STD, -1.0), (-STD, 1.0), (-STD, -1.0)] {
                mean += 0.25 * bound.terms(&vec![x], |_| Ok(vec![noise]))?[0].total();
            }
            // The sum of the divergences between the true reverse steps and the model's.
            let mut expected = 0.0;
            for (i, &from) in levels.iter().enumerate() {
                let to = if i == 0 { Level::CLEAN } else { levels[i - 1] };
                let total = |at: Level| (at.alpha * STD).powi(2) + at.sigma.powi(2);
                let truth = total(to) - (from.alpha / to.alpha * total(to)).powi(2) / total(from);
                let ratio = truth / variance.variances(&vec![0.0], from, to, 1)?[0];
                expected += 0.5 * (ratio - 1.0 - ratio.ln());
            }
            bench.check(
                format!("gap of the bound, {name}, {steps} steps"),
                mean - entropy,
                expected,
                1e-8,
            );
            points.push((steps as f64, mean - entropy));
            if steps == 100 {
                let row = format!("gap of the chain's bound, {name}, 100 steps (nats)");
                table.row(vec![row, format!("{:.2e}", mean - entropy), format!("{expected:.2e}")]);
            }
        }
        series.push(Series::new(
            name,
            Mark::Dotted,
            index,
            points.into_iter().map(|(n, gap)| (n, gap.abs().max(1e-16))).collect(),
        ));
    }
    let (x, y) = (
        Axis::log("steps of the chain", 3.0, 2000.0),
        Axis::log("gap of the bound, nats", 1e-16, 100.0),
    );
    Ok(Panel::new("N(0, 0.6²): how loose the chain's bound is", x, y, series)
        .with_legend(Legend::MiddleRight))
}
