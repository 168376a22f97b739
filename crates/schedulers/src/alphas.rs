//! `alpha_bar_t = Π (1 − beta_i)` as diffusers holds it: float32 betas, their product accumulated in float64 and rounded.
//!
//! `1 − beta` in float32 costs `beta_0 = 1e-4` three digits, so levels near clean data are those of the rounded numbers.
//! The rescaling to a zero terminal signal-to-noise ratio is Lin et al. 2024, algorithm 1.

use crate::numpy::torch_linspace;
use crate::{Config, Result};

/// The defaults of a class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Betas {
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) schedule: &'static str,
    /// The names of `beta_schedule` that the class knows.
    pub(crate) schedules: &'static [(&'static str, Curve)],
}

/// How the betas run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    /// Evenly.
    Linear,
    /// With evenly spaced roots.
    Scaled,
    /// `alpha_bar(t) = cos²(π/2 · (t + 0.008)/1.008)` (Nichol and Dhariwal 2021, eq. 17).
    Cosine,
    /// `alpha_bar(t) = e^(−12 t)`.
    Exponential,
    /// `alpha_bar(t)` from a Laplace distribution of the log signal-to-noise ratio (Hang et al. 2024).
    Laplace,
    /// `1/(1 + e^(−b))` with `b` from −6 to 6, scaled to the range (GeoDiff, Xu et al. 2022).
    Sigmoid,
}

/// The curves of most classes.
pub(crate) const CURVES: &[(&str, Curve)] = &[
    ("linear", Curve::Linear),
    ("scaled_linear", Curve::Scaled),
    ("squaredcos_cap_v2", Curve::Cosine),
];

impl Betas {
    /// 1e-4 to 0.02, linear: the defaults of most classes.
    pub(crate) const DDPM: Self =
        Self { start: 1e-4, end: 0.02, schedule: "linear", schedules: CURVES };
    /// 0.00085 to 0.012, linear: those of the second-order classes of k-diffusion's lineage.
    pub(crate) const LATENT: Self =
        Self { start: 8.5e-4, end: 0.012, schedule: "linear", schedules: CURVES };
}

/// What becomes of the last entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Terminal {
    /// The class has no such setting.
    AsTrained,
    /// `rescale_betas_zero_snr` leaves no signal at the last timestep.
    Zero,
    /// `rescale_betas_zero_snr`, and the last entry is then 2⁻²⁴, so that the level stays finite.
    Tiny,
}

/// `alphas_cumprod` of a configuration.
pub(crate) fn alphas_cumprod(
    config: &Config,
    defaults: &Betas,
    terminal: Terminal,
) -> Result<Vec<f32>> {
    let mut betas = betas(config, defaults)?;
    let rescale =
        terminal != Terminal::AsTrained && config.flag("rescale_betas_zero_snr", false)?;
    if rescale {
        betas = rescale_zero_terminal_snr(&betas);
    }
    let mut bars = cumprod(betas.iter().map(|beta| 1.0 - beta));
    if rescale && terminal == Terminal::Tiny {
        *bars.last_mut().expect("there is at least one beta") = 2.0f32.powi(-24);
    }
    if let Some(bar) = bars.iter().find(|bar| !bar.is_finite()) {
        return Err(config.impossible(format!("its alpha_bar reaches {bar}")));
    }
    Ok(bars)
}

/// The number of training timesteps.
pub(crate) fn train_timesteps(config: &Config, default: usize) -> Result<usize> {
    const MOST: usize = 1_000_000;
    let count = config.get("num_train_timesteps", default)?;
    if count == 0 || count > MOST {
        return Err(config.refuse("num_train_timesteps", count, format!("from 1 to {MOST}")));
    }
    Ok(count)
}

pub(crate) fn betas(config: &Config, defaults: &Betas) -> Result<Vec<f32>> {
    let count = train_timesteps(config, 1000)?;
    if let Some(trained) = config.optional::<Vec<f64>>("trained_betas")? {
        if trained.is_empty() {
            return Err(config.refuse("trained_betas", "empty", "at least one number"));
        }
        return Ok(trained.into_iter().map(|beta| beta as f32).collect());
    }
    let curve = config.choice("beta_schedule", defaults.schedule, defaults.schedules)?;
    let start: f64 = config.get("beta_start", defaults.start)?;
    let end: f64 = config.get("beta_end", defaults.end)?;
    Ok(match curve {
        Curve::Linear => torch_linspace(start, end, count),
        Curve::Scaled => {
            torch_linspace(start.sqrt(), end.sqrt(), count).into_iter().map(|b| b * b).collect()
        }
        Curve::Sigmoid => {
            let sigmoid = |b: f32| 1.0 / (1.0 + (-b).exp());
            let (start, end) = (start, end);
            torch_linspace(-6.0, 6.0, count)
                .into_iter()
                .map(|b| sigmoid(b) * (end - start) as f32 + start as f32)
                .collect()
        }
        Curve::Cosine => cosine(count),
        Curve::Exponential => from_alpha_bar(count, |t| (-12.0 * t).exp()),
        Curve::Laplace => from_alpha_bar(count, |t| {
            let side = if t > 0.5 { -1.0 } else { 1.0 };
            let log_snr = -0.5 * side * (1.0 - 2.0 * (0.5 - t).abs() + 1e-6).ln();
            let snr = log_snr.exp();
            (snr / (1.0 + snr)).sqrt()
        }),
    })
}

fn cosine(count: usize) -> Vec<f32> {
    from_alpha_bar(count, |t| ((t + 0.008) / 1.008 * std::f64::consts::FRAC_PI_2).cos().powi(2))
}

/// `alphas_cumprod` of the cosine schedule.
pub(crate) fn cosine_cumprod(count: usize) -> Vec<f32> {
    cumprod(cosine(count).into_iter().map(|beta| 1.0 - beta))
}

/// `beta_i = min(1 − alpha_bar((i + 1)/T)/alpha_bar(i/T), 0.999)`.
fn from_alpha_bar(count: usize, alpha_bar: impl Fn(f64) -> f64) -> Vec<f32> {
    let time = |i: usize| i as f64 / count as f64;
    (0..count)
        .map(|i| (1.0 - alpha_bar(time(i + 1)) / alpha_bar(time(i))).min(0.999) as f32)
        .collect()
}

/// Products of the first factors, accumulated in float64.
pub(crate) fn cumprod(factors: impl Iterator<Item = f32>) -> Vec<f32> {
    let product = |product: &mut f64, factor: f32| {
        *product *= f64::from(factor);
        Some(*product as f32)
    };
    factors.scan(1.0, product).collect()
}

/// Betas whose product leaves no signal at the last timestep.
pub(crate) fn rescale_zero_terminal_snr(betas: &[f32]) -> Vec<f32> {
    let bars = without_signal(&cumprod(betas.iter().map(|beta| 1.0 - beta)));
    let factor = |i: usize| if i == 0 { bars[0] } else { bars[i] / bars[i - 1] };
    (0..bars.len()).map(|i| 1.0 - factor(i)).collect()
}

/// Roots of `alpha_bar` shifted to end at 0 and scaled to start where they did.
pub(crate) fn without_signal(bars: &[f32]) -> Vec<f32> {
    let roots: Vec<f32> = bars.iter().copied().map(crate::torch_sqrt::sqrt).collect();
    let (first, last) = (roots[0], roots[roots.len() - 1]);
    let factor = first / (first - last);
    roots.iter().map(|root| ((root - last) * factor).powi(2)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(text: &str) -> Vec<f32> {
        let config = Config::parse(text).unwrap();
        alphas_cumprod(&config, &Betas::DDPM, Terminal::Tiny).unwrap()
    }

    #[test]
    fn the_product_falls() {
        let bars = bars(r#"{"_class_name": "EulerDiscreteScheduler"}"#);
        assert_eq!(bars.len(), 1000);
        assert!(bars.windows(2).all(|pair| pair[1] < pair[0]));
        assert!((bars[999] - 4.0358e-5).abs() < 1e-8, "{}", bars[999]);
    }

    #[test]
    fn rescaling_leaves_a_trace_of_signal() {
        let bars =
            bars(r#"{"_class_name": "EulerDiscreteScheduler", "rescale_betas_zero_snr": true}"#);
        assert_eq!(bars[999], 2.0f32.powi(-24));
        assert!((bars[0] - 0.9999).abs() < 1e-6);
    }

    #[test]
    fn wrong_betas_are_refused() {
        for (text, sentence) in [
            (r#""num_train_timesteps": 0"#, "num_train_timesteps"),
            (r#""beta_schedule": "cubic""#, "one of linear, scaled_linear, squaredcos_cap_v2"),
            (r#""beta_end": "much""#, "expected a number"),
            (r#""trained_betas": []"#, "at least one number"),
        ] {
            let text = format!(r#"{{"_class_name": "EulerDiscreteScheduler", {text}}}"#);
            let config = Config::parse(&text).unwrap();
            let error = alphas_cumprod(&config, &Betas::DDPM, Terminal::Tiny).unwrap_err();
            assert!(error.to_string().contains(sentence), "{error}");
        }
    }
}
