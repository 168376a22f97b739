//! Predictions: the row and its inverse at any level, EDM's published coefficients, both ends, names and serde.

use langevin_core::{Level, Prediction};
use proptest::prelude::*;

const ROWS: [Prediction; 7] = [
    Prediction::Clean,
    Prediction::Noise,
    Prediction::V,
    Prediction::Flow,
    Prediction::Score,
    Prediction::Edm { sigma_data: 0.5 },
    Prediction::Edm { sigma_data: 3.0 },
];

/// Levels over the whole quadrant: `sigma/alpha` from 1e-3 to 1e3 at any overall scale.
fn levels() -> impl Strategy<Value = Level> {
    (-3.0..3.0f64, -2.0..2.0f64).prop_map(|(ratio, scale)| {
        let (ratio, scale) = (10f64.powf(ratio), 10f64.powf(scale));
        Level::new(scale / ratio.hypot(1.0), scale * ratio / ratio.hypot(1.0))
    })
}

proptest! {
    #[test]
    fn clean_inverts_target(level in levels(), clean in -3.0..3.0f64, noise in -3.0..3.0f64) {
        let x = level.alpha * clean + level.sigma * noise;
        for row in ROWS {
            let (a, b) = row.target(level);
            let (p, q) = row.clean(level);
            let output = a * clean + b * noise;
            // Rounding enters through each product of the sum.
            let scale = (p * x).abs() + (q * output).abs()
                + q.abs() * ((a * clean).abs() + (b * noise).abs())
                + p.abs() * ((level.alpha * clean).abs() + (level.sigma * noise).abs());
            prop_assert!((p * x + q * output - clean).abs() <= 1e-14 * (1.0 + scale), "{row:?} at {level:?}");
        }
    }

    /// Both pairs at once: the map (clean, noise) → (x, output) → clean is the first row of the identity.
    #[test]
    fn rows_and_inverses_multiply_to_the_identity(level in levels()) {
        for row in ROWS {
            let (a, b) = row.target(level);
            let (p, q) = row.clean(level);
            let on_clean = p * level.alpha + q * a;
            let on_noise = p * level.sigma + q * b;
            let scale = (p * level.sigma).abs() + (q * b).abs();
            prop_assert!((on_clean - 1.0).abs() < 1e-14 * (1.0 + (p * level.alpha).abs()), "{row:?}");
            prop_assert!(on_noise.abs() <= 1e-14 * scale, "{row:?} at {level:?}");
        }
    }

    /// Karras et al. 2022, table 1: `c_skip = d²/(σ² + d²)`, `c_out = σ·d/√(σ² + d²)`, `c_in = 1/√(σ² + d²)`.
    #[test]
    fn edm_row_is_table_1(sigma in 1e-3..1e3f64, data in 0.05..5.0f64) {
        let row = Prediction::Edm { sigma_data: data };
        let level = Level::new(1.0, sigma);
        let variance: f64 = sigma * sigma + data * data;
        let (skip, out) = row.clean(level);
        let close = |found: f64, expected: f64| (found / expected - 1.0).abs() < 1e-14;
        prop_assert!(close(skip, data * data / variance), "c_skip {skip}");
        prop_assert!(close(out, sigma * data / variance.sqrt()), "c_out {out}");
        prop_assert!(close(row.input_scale(level), 1.0 / variance.sqrt()));
        // Eq. 8: the effective target is (clean − c_skip · x)/c_out, here of (clean, noise) = (1, 0) and (0, 1).
        let (a, b) = row.target(level);
        let c_skip = data * data / variance;
        let c_out = sigma * data / variance.sqrt();
        prop_assert!(((1.0 - c_skip) / c_out - a).abs() < 1e-12 * (1.0 + a.abs() * data / sigma));
        prop_assert!(close(b, -c_skip * sigma / c_out));
    }

    /// EDM's network sees unit variance in and out when the data has standard deviation `sigma_data`, at any level.
    #[test]
    fn edm_preconditions_to_unit_variance(level in levels(), data in 0.05..5.0f64) {
        let row = Prediction::Edm { sigma_data: data };
        let (a, b) = row.target(level);
        let input = row.input_scale(level) * (level.alpha * data).hypot(level.sigma);
        prop_assert!((input - 1.0).abs() < 1e-14);
        prop_assert!(((a * data).hypot(b) - 1.0).abs() < 1e-14);
    }
}

#[test]
fn targets_are_their_definitions() {
    let level = Level::new(0.8, 0.6);
    let targets = [
        (Prediction::Clean, (1.0, 0.0)),
        (Prediction::Noise, (0.0, 1.0)),
        (Prediction::V, (-0.6, 0.8)),
        (Prediction::Flow, (-1.0, 1.0)),
        (Prediction::Score, (0.0, -1.0 / 0.6)),
    ];
    for (row, expected) in targets {
        assert_eq!(row.target(level), expected, "{row}");
        assert_eq!(row.input_scale(level), 1.0, "{row}");
    }
}

#[test]
fn both_ends_are_finite() {
    let ends = [Level::NOISE, Level::CLEAN, Level::new(0.0, 80.0), Level::new(0.3, 0.0)];
    for row in ROWS {
        for level in ends {
            let (p, q) = row.clean(level);
            assert!(p.is_finite() && q.is_finite(), "{row:?} at {level:?}: {p}, {q}");
            let (a, b) = row.target(level);
            // Only the score has no finite target, where there is no noise.
            let infinite = row == Prediction::Score && level.sigma == 0.0;
            assert_eq!(a.is_finite() && b.is_finite(), !infinite, "{row:?} at {level:?}: {a}, {b}");
        }
        // Clean data is read off x, whatever the network says.
        assert_eq!(row.clean(Level::CLEAN), (1.0, 0.0), "{row:?}");
    }
    // Pure noise: what knows nothing of the clean data gives the mean of centred data, the rest its own estimate.
    assert_eq!(Prediction::Noise.clean(Level::NOISE), (0.0, 0.0));
    assert_eq!(Prediction::Score.clean(Level::NOISE), (0.0, 0.0));
    assert_eq!(Prediction::V.clean(Level::NOISE), (0.0, -1.0));
    assert_eq!(Prediction::Flow.clean(Level::NOISE), (1.0, -1.0));
    assert_eq!(Prediction::Clean.clean(Level::NOISE), (0.0, 1.0));
    assert_eq!(Prediction::Edm { sigma_data: 0.5 }.clean(Level::NOISE), (0.0, 0.5));
}

#[test]
fn names_round_trip() {
    for &name in Prediction::NAMES {
        let row: Prediction = name.parse().unwrap();
        assert_eq!(row.to_string(), name);
    }
    let theirs = [
        ("sample", "clean"),
        ("epsilon", "noise"),
        ("v_prediction", "v"),
        ("flow_prediction", "flow"),
    ];
    for (theirs, ours) in theirs {
        assert_eq!(theirs.parse::<Prediction>(), ours.parse::<Prediction>());
    }
    let error = "epsilom".parse::<Prediction>().unwrap_err().to_string();
    assert!(error.contains("epsilom") && error.contains("noise, v, flow"), "{error}");
}

#[test]
fn serde_round_trips_and_refuses() {
    for row in ROWS {
        let text = serde_json::to_string(&row).unwrap();
        assert_eq!(serde_json::from_str::<Prediction>(&text).unwrap(), row, "{text}");
    }
    assert_eq!(serde_json::to_string(&Prediction::Noise).unwrap(), "\"noise\"");
    for hostile in ["0.0", "-1.0", "1e999", "null"] {
        let text = format!("{{\"edm\":{{\"sigma_data\":{hostile}}}}}");
        assert!(serde_json::from_str::<Prediction>(&text).is_err(), "{text}");
    }
    let error = serde_json::from_str::<Prediction>(r#"{"edm":{"sigma_data":-1.0}}"#).unwrap_err();
    assert!(error.to_string().contains("sigma_data is -1"), "{error}");
}
