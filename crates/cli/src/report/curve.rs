//! The loss curve as inline SVG: a faint line of means over short stretches, a strong line smoothed over longer ones,
//! on a logarithmic axis.

use std::fmt::Write;

/// The picture's own units.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 52.0;

/// Points of the drawn lines at most.
const STRETCHES: usize = 240;

/// Writes the curve through `points` (step, loss); points that a logarithm cannot show are left out, and nothing is
/// written for fewer than two.
pub(crate) fn render(html: &mut String, points: &[(f64, f64)]) -> std::fmt::Result {
    let raw = means(points);
    let (Some(&(first, begin)), Some(&(last, end))) = (raw.first(), raw.last()) else {
        return Ok(());
    };
    if last <= first {
        return Ok(());
    }
    let low = raw.iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
    let high = raw.iter().map(|p| p.1).fold(0.0, f64::max);
    let (low, high) = (low / 1.1, high * 1.1);
    let x = |step: f64| LEFT + (WIDTH - LEFT - RIGHT) * (step - first) / (last - first);
    let y = |loss: f64| TOP + (HEIGHT - TOP - BOTTOM) * (high / loss).ln() / (high / low).ln();

    let label =
        format!("Training loss from {begin:.3} at step {first} to {end:.3} at step {last}.");
    writeln!(
        html,
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}\"><title>{label}</title>"
    )?;
    for loss in loss_ticks(low, high) {
        let at = y(loss);
        writeln!(
            html,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text x=\"{}\" y=\"{at:.1}\" text-anchor=\"end\" dominant-baseline=\"middle\">{loss}</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
        )?;
    }
    let base = HEIGHT - BOTTOM;
    for step in linear_ticks(first, last) {
        let at = x(step);
        writeln!(
            html,
            "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{step}</text>",
            base + 22.0
        )?;
    }
    writeln!(
        html,
        "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">step</text>",
        WIDTH - RIGHT,
        base + 46.0
    )?;
    for (class, line) in [("raw", &raw), ("smooth", &smoothed(&raw))] {
        let path: Vec<String> =
            line.iter().map(|&(step, loss)| format!("{:.1},{:.1}", x(step), y(loss))).collect();
        writeln!(html, "<polyline class=\"{class}\" points=\"{}\"/>", path.join(" "))?;
    }
    writeln!(html, "</svg>")
}

/// Means over stretches of equal length, without what cannot be shown.
fn means(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let shown: Vec<(f64, f64)> = points
        .iter()
        .copied()
        .filter(|p| p.0.is_finite() && p.1.is_finite() && p.1 > 0.0)
        .collect();
    let length = shown.len().div_ceil(STRETCHES).max(1);
    let mean = |stretch: &[(f64, f64)]| {
        let n = stretch.len() as f64;
        (stretch.iter().map(|p| p.0).sum::<f64>() / n, stretch.iter().map(|p| p.1).sum::<f64>() / n)
    };
    shown.chunks(length).map(mean).collect()
}

/// Geometric means over a window of a twentieth of the curve on either side, narrower at its ends.
fn smoothed(line: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let half = line.len() / 20;
    (0..line.len())
        .map(|i| {
            let reach = half.min(i).min(line.len() - 1 - i);
            let window = &line[i - reach..=i + reach];
            let mean = window.iter().map(|p| p.1.ln()).sum::<f64>() / window.len() as f64;
            (line[i].0, mean.exp())
        })
        .collect()
}

/// 1, 2, 5, 10, … between the ends; where that is fewer than three, evenly spaced round numbers; where it is more than
/// nine, powers of ten.
fn loss_ticks(low: f64, high: f64) -> Vec<f64> {
    let decades = (low.log10().floor() as i32)..=(high.log10().ceil() as i32);
    let inside = |leads: &'static [u32]| {
        let ticks =
            decades.clone().flat_map(|decade| leads.iter().map(move |&lead| round(lead, decade)));
        ticks.filter(|tick| (low..=high).contains(tick)).collect::<Vec<f64>>()
    };
    let (fine, coarse) = (inside(&[1, 2, 5]), inside(&[1]));
    match fine.len() {
        0..3 => linear_ticks(low, high),
        3..10 => fine,
        _ => coarse.iter().copied().step_by(coarse.len() / 9 + 1).collect(),
    }
}

/// `lead · 10^decade` as a decimal reader would round it.
fn round(lead: u32, decade: i32) -> f64 {
    format!("{lead}e{decade}").parse().unwrap_or(f64::NAN)
}

/// Round numbers between the ends, at the widest spacing of 1, 2 or 5 that has at least four of them.
fn linear_ticks(low: f64, high: f64) -> Vec<f64> {
    let top = (high - low).log10().ceil() as i32;
    let steps = (0..3).flat_map(|down| [5, 2, 1].map(|lead| (lead, top - 1 - down)));
    steps
        .map(|(lead, decade)| multiples(low, high, lead, decade))
        .find(|ticks| ticks.len() >= 4)
        .unwrap_or_default()
}

/// The multiples of `lead · 10^decade` between the ends.
fn multiples(low: f64, high: f64, lead: u32, decade: i32) -> Vec<f64> {
    let step = round(lead, decade);
    let digits = usize::try_from(-decade).unwrap_or(0);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    // Printing and reading back takes away the last bits, so that a label is 0.3 and not 0.30000000000000004.
    let exact = |k: i64| format!("{:.digits$}", k as f64 * step).parse().unwrap_or(k as f64 * step);
    (first..=last).map(exact).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(loss_ticks(0.04, 1.2), [0.05, 0.1, 0.2, 0.5, 1.0]);
        assert_eq!(linear_ticks(0.0, 1000.0), [0.0, 200.0, 400.0, 600.0, 800.0, 1000.0]);
        assert_eq!(loss_ticks(0.26, 0.34), [0.26, 0.28, 0.3, 0.32, 0.34]);
        assert_eq!(loss_ticks(0.55, 1.85), [0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8]);
        assert_eq!(loss_ticks(1e-9, 1.5).len(), 5);
    }

    #[test]
    fn infinities_are_left_out_and_few_points_draw_nothing() {
        let mut html = String::new();
        render(&mut html, &[(1.0, f64::NAN), (2.0, 0.5)]).expect("a string takes all");
        assert!(html.is_empty());
        render(&mut html, &[(1.0, 1.0), (2.0, f64::INFINITY), (3.0, 0.5)])
            .expect("a string takes all");
        assert!(html.contains("<polyline") && !html.contains("NaN") && !html.contains("inf"));
    }

    #[test]
    fn long_runs_stay_small() {
        let points: Vec<(f64, f64)> =
            (1..=100_000).map(|i| (f64::from(i), 1.0 / f64::from(i))).collect();
        let mut html = String::new();
        render(&mut html, &points).expect("a string takes all");
        assert!(html.len() < 20_000, "{}", html.len());
    }
}
