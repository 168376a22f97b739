//! One mechanism for all processes: rates are the derivatives of levels, and drift and diffusion have the levels as their
//! marginals.

use langevin_core::sde::Forward;
use langevin_core::{
    AnySchedule, Betas, Cosine, DdpmSchedule, Edm, GaussianMixture, Learned, Level, LogLinear,
    OtPath, Rates, RectifiedFlow, Schedule, ShiftedFlow, Sigmoid, SubVp, Table, Ve, Vp,
};

fn schedules() -> Vec<AnySchedule> {
    let hidden = vec![(3.0, -1.0, 0.8), (6.0, -4.0, 1.5), (0.0, 1.0, 2.0)];
    let betas: Vec<f64> = (0..100).map(|i| 0.001 + 0.0015 * f64::from(i)).collect();
    let table = Table::from_betas(&betas).unwrap();
    let ddpm = |kind| AnySchedule::Ddpm(DdpmSchedule::new(kind, 1e-3, 0.3, 60).unwrap());
    vec![
        ddpm(Betas::Linear),
        ddpm(Betas::ScaledLinear),
        ddpm(Betas::Cosine),
        ddpm(Betas::Exponential),
        ddpm(Betas::Laplace),
        ddpm(Betas::Sigmoid),
        AnySchedule::Cosine(Cosine),
        AnySchedule::RectifiedFlow(RectifiedFlow),
        AnySchedule::Ve(Ve::new(0.01, 50.0).unwrap()),
        AnySchedule::Edm(Edm::default()),
        AnySchedule::Vp(Vp::default()),
        AnySchedule::SubVp(SubVp::default()),
        AnySchedule::Sigmoid(Sigmoid),
        AnySchedule::LogLinear(LogLinear::default()),
        AnySchedule::Learned(Learned::new(-13.3, 5.0, 0.7, hidden).unwrap()),
        AnySchedule::Table(table.with_zero_terminal_snr().unwrap()),
        AnySchedule::Table(table),
        AnySchedule::ShiftedFlow(ShiftedFlow::new(3.0).unwrap()),
        AnySchedule::OtPath(OtPath::new(0.1).unwrap()),
    ]
}

/// Times inside `(0, 1)`, none of them a timestep of the discrete schedules.
fn times() -> impl Iterator<Item = f64> {
    (0..40).map(|k| 0.0131 + 0.0243 * f64::from(k))
}

#[test]
fn signal_falls_and_times_round_trip() {
    for schedule in schedules() {
        let mut before = f64::NEG_INFINITY;
        for t in times() {
            let level = schedule.level(t);
            assert!(level.ratio() > before, "{schedule:?} at {t}");
            before = level.ratio();
            assert!((schedule.time(level) - t).abs() < 1e-9, "{schedule:?} at {t}: {level:?}");
        }
        let end = schedule.time(schedule.level(1.0));
        assert!((end - 1.0).abs() < 1e-12, "{schedule:?}: {end}");
    }
}

#[test]
fn rates_are_derivatives() {
    for schedule in schedules() {
        for t in times() {
            let (known, numeric) = (schedule.rates(t), Rates::numeric(&schedule, t));
            let close = |a: f64, b: f64| (a - b).abs() < 2e-7 * (1.0 + a.abs().max(b.abs()));
            assert!(
                close(known.log_alpha, numeric.log_alpha),
                "{schedule:?} at {t}: {known:?} {numeric:?}"
            );
            assert!(
                close(known.variance, numeric.variance),
                "{schedule:?} at {t}: {known:?} {numeric:?}"
            );
        }
    }
}

/// Mean and variance of the linear equation: `dm/dt = f m`, `dv/dt = 2 f v + g²`, by RK4 between two times inside one
/// timestep of the discrete schedules or across a smooth stretch of the others.
#[test]
fn drift_and_diffusion_have_the_levels_as_marginals() {
    for schedule in schedules() {
        let sde = Forward::new(&schedule);
        let discrete = matches!(schedule, AnySchedule::Ddpm(_) | AnySchedule::Table(_));
        let (from, to) = if discrete { (0.5005, 0.5095) } else { (0.2, 0.7) };
        let start = schedule.level(from);
        let n = 2000;
        let h = (to - from) / f64::from(n);
        let slope = |t: f64, [m, v]: [f64; 2]| {
            let f = sde.drift(t);
            [f * m, 2.0 * f * v + sde.diffusion(t).powi(2)]
        };
        let mut y = [start.alpha, start.sigma.powi(2)];
        for k in 0..n {
            let t = from + f64::from(k) * h;
            let moved = |y: [f64; 2], k: [f64; 2], h: f64| [y[0] + h * k[0], y[1] + h * k[1]];
            let a = slope(t, y);
            let b = slope(t + h / 2.0, moved(y, a, h / 2.0));
            let c = slope(t + h / 2.0, moved(y, b, h / 2.0));
            let d = slope(t + h, moved(y, c, h));
            for i in 0..2 {
                y[i] += h / 6.0 * (a[i] + 2.0 * b[i] + 2.0 * c[i] + d[i]);
            }
        }
        let exact = schedule.level(to);
        assert!((y[0] / exact.alpha - 1.0).abs() < 1e-9, "{schedule:?}: {y:?} {exact:?}");
        assert!((y[1] / exact.sigma.powi(2) - 1.0).abs() < 1e-9, "{schedule:?}: {y:?} {exact:?}");
        let (keep, noise) = sde.transition(from, to);
        let variance = (keep * start.sigma).powi(2) + noise.powi(2);
        assert!((variance.sqrt() - exact.sigma).abs() < 1e-14 * exact.sigma.max(1.0) * 10.0);
    }
}

/// Textbook forms: VE `g = sigma √(2 ln(max/min))`, VP `g = √β`, sub-VP `g² = β (1 − alpha_bar²)`.
#[test]
fn the_three_processes_of_the_paper() {
    let (vp, sub_vp, ve) = (Vp::default(), SubVp::default(), Ve::new(0.01, 50.0).unwrap());
    for t in times() {
        let beta = 0.1 + 19.9 * t;
        let alpha_bar = (-0.1 * t - 0.5 * 19.9 * t * t).exp();
        let check = |schedule: &dyn Schedule, drift: f64, variance: f64| {
            let sde = Forward::new(schedule);
            assert!((sde.drift(t) - drift).abs() < 1e-12 * (1.0 + drift.abs()));
            assert!((sde.variance_rate(t) - variance).abs() < 1e-11 * (1.0 + variance));
        };
        check(&vp, -0.5 * beta, beta);
        check(&sub_vp, -0.5 * beta, beta * (1.0 - alpha_bar * alpha_bar));
        check(&ve, 0.0, 2.0 * 5000f64.ln() * (0.01 * 5000f64.powf(t)).powi(2));
    }
}

/// On Gaussian data the reverse drift keeps the variance: `dv/dt = 2 a v` for the ODE, and with noise
/// `dv/dt = 2 a v − λ² g²` (time runs down), both the forward process's.
#[test]
fn reverse_equations_keep_the_marginals() {
    let std = 0.6f64;
    let data = GaussianMixture::new(vec![1.0], vec![vec![0.0]], vec![vec![std]]).unwrap();
    for schedule in schedules() {
        let sde = Forward::new(&schedule);
        for t in times() {
            let Level { alpha, sigma } = schedule.level(t);
            let variance = (alpha * std).powi(2) + sigma.powi(2);
            let exact = 2.0 * sde.drift(t) * variance + sde.variance_rate(t);
            for noise in [0.0, 0.5, 1.0] {
                let reverse = sde.reverse(noise);
                let clean = data.clean(&[1.0], Level { alpha, sigma });
                let gain = reverse.drift(&vec![1.0], &clean, t).unwrap()[0];
                let found = 2.0 * gain * variance - reverse.diffusion(t).powi(2);
                let scale = exact.abs() + sde.variance_rate(t);
                assert!((found - exact).abs() < 1e-9 * scale, "{schedule:?} at {t}, λ {noise}");
            }
            let score =
                sde.score(&vec![0.3], &data.clean(&[0.3], Level { alpha, sigma }), t).unwrap();
            assert!((score[0] + 0.3 / variance).abs() < 1e-9 / variance, "{schedule:?} at {t}");
        }
    }
}

#[test]
fn configurations_round_trip() {
    for schedule in schedules() {
        let text = serde_json::to_string(&schedule).unwrap();
        let read: AnySchedule = serde_json::from_str(&text).unwrap();
        for t in times() {
            let (a, b) = (schedule.level(t), read.level(t));
            assert!(
                (a.alpha - b.alpha).abs() < 1e-13
                    && (a.sigma - b.sigma).abs() < 1e-13 * a.sigma.max(1.0)
            );
        }
    }
    assert!(
        serde_json::from_str::<AnySchedule>(r#"{"kind":"vp","beta_min":2,"beta_max":1}"#).is_err()
    );
    assert!(
        serde_json::from_str::<AnySchedule>(r#"{"kind":"table","alpha_bars":[0.5,0.6]}"#).is_err()
    );
    assert!(serde_json::from_str::<AnySchedule>(r#"{"kind":"ot-path","sigma_min":1.0}"#).is_err());
}
