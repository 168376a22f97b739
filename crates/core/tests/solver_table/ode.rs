//! Orders of the deterministic solvers: end points on a mixture of three Gaussians in the plane, against RK4 in 16,384
//! steps. Multistep methods get their first evaluations from RK4, so that the order measured is that of the method.

use langevin_core::solver::{
    Curvature, Deis, Dpm2M, Dpm2Stage, DpmMultistep, DpmSinglestep, Euler, Form, Heun, HeunFlow,
    Lms, Output, Plms, PrkStage, Rk4, Sa, Slope, UniPc,
};
use langevin_core::{Denoiser, Eval, GaussianMixture, Level, Solver, Step};

use super::page::{Row, order};

type State = Vec<f64>;

/// Evaluations of one step, made by stages: (stage, where it goes: share of the step in `ln s` or in `s`).
type Stages = Vec<(Box<dyn Solver<State>>, Place)>;

#[derive(Clone, Copy)]
enum Place {
    /// The middle in `ln s`.
    Geometric,
    /// The middle in `s`.
    Arithmetic,
    End,
}

enum Method {
    Steps(Box<dyn Solver<State>>),
    Stages(Stages),
}

/// Levels that the order is measured on.
#[derive(Clone, Copy)]
enum Levels {
    /// Even in `s^(1/7)` from 20 to 0.05.
    Karras,
    /// The same backwards: inversion.
    Rising,
    /// Even in `s` from 2 to 0.5.
    Even,
    /// Even in flow time from 0.9 to 0.1.
    Flow,
}

impl Levels {
    fn make(self, steps: usize) -> Vec<Level> {
        let share = |k: usize| k as f64 / steps as f64;
        let mix = |a: f64, b: f64, k: usize| (1.0 - share(k)) * a + share(k) * b;
        let level = |k: usize| match self {
            Self::Karras => {
                Level::new(1.0, mix(20f64.powf(1.0 / 7.0), 0.05f64.powf(1.0 / 7.0), k).powi(7))
            }
            Self::Rising => {
                Level::new(1.0, mix(0.05f64.powf(1.0 / 7.0), 20f64.powf(1.0 / 7.0), k).powi(7))
            }
            Self::Even => Level::new(1.0, mix(2.0, 0.5, k)),
            Self::Flow => {
                let t = mix(0.9, 0.1, k);
                Level::new(1.0 - t, t)
            }
        };
        (0..=steps).map(level).collect()
    }

    fn start(self) -> State {
        match self {
            Self::Karras => vec![-4.0, 17.0],
            Self::Rising => vec![-0.9, 0.6],
            Self::Even => vec![0.4, 1.9],
            Self::Flow => vec![0.6, -1.1],
        }
    }
}

fn data() -> GaussianMixture {
    GaussianMixture::new(
        vec![0.5, 0.3, 0.2],
        vec![vec![-1.0, 0.3], vec![1.2, 0.8], vec![0.4, -1.5]],
        vec![vec![0.4, 0.3], vec![0.3, 0.5], vec![0.5, 0.4]],
    )
    .unwrap()
}

fn evaluate(data: &GaussianMixture, level: Level, x: State) -> Eval<State> {
    Eval { level, clean: data.denoise(&x, level).unwrap(), x }
}

fn run(method: &Method, data: &GaussianMixture, levels: &[Level], start: &[f64]) -> State {
    let mut x = start.to_vec();
    let mut past: Vec<Eval<State>> = Vec::new();
    for (k, pair) in levels.windows(2).enumerate() {
        let step = Step { to: pair[1], fresh: 0.0 };
        past.push(evaluate(data, pair[0], x.clone()));
        x = match method {
            Method::Steps(solver) => {
                let warm = k + 1 < solver.memory();
                if k + 1 > solver.memory()
                    && let Some(corrected) = solver.correct(&past).unwrap()
                {
                    *past.last_mut().unwrap() = corrected;
                }
                let from = past.len().saturating_sub(solver.memory());
                let history = &past[from..];
                if warm { Rk4.step(history, step, data) } else { solver.step(history, step, data) }
                    .unwrap()
            }
            Method::Stages(stages) => {
                let mut inner = vec![past.pop().unwrap()];
                for (stage, place) in &stages[..stages.len() - 1] {
                    let (from, to) = (pair[0].sigma, pair[1].sigma);
                    let sigma = match place {
                        Place::Geometric => (from * to).sqrt(),
                        Place::Arithmetic => 0.5 * (from + to),
                        Place::End => to,
                    };
                    let level = Level::new(1.0, sigma);
                    let x = stage.step(&inner, Step { to: level, fresh: 0.0 }, data).unwrap();
                    inner.push(evaluate(data, level, x));
                }
                stages[stages.len() - 1].0.step(&inner, step, data).unwrap()
            }
        };
    }
    x
}

fn measure(method: &Method, levels: Levels, expected: f64) -> f64 {
    let data = data();
    let start = levels.start();
    // Few enough steps that rounding does not count, more of them for lower orders.
    let counts: [usize; 3] = if expected > 3.5 { [128, 192, 256] } else { [512, 768, 1024] };
    let reference = Method::Steps(Box::new(Rk4));
    let exact = run(&reference, &data, &levels.make(16_384), &start);
    let errors = counts.map(|n| {
        let found = run(method, &data, &levels.make(n), &start);
        let error = found.iter().zip(&exact).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        (n as f64, error)
    });
    order(&errors)
}

pub(super) fn rows() -> Vec<Row> {
    let multi = |order, form, slope, curvature| {
        Method::Steps(Box::new(DpmMultistep { order, form, slope, curvature }))
    };
    let single = |order, form| {
        Method::Steps(Box::new(DpmSinglestep { order, form, slope: Slope::Midpoint }))
    };
    let unipc = |predictor, corrector, form, slope| {
        Method::Steps(Box::new(UniPc { predictor, corrector, form, slope }))
    };
    let sa = |predictor, corrector| {
        Method::Steps(Box::new(Sa {
            predictor,
            corrector,
            tau: 0.0,
            form: Form::Data,
            slope: Slope::Exact,
        }))
    };
    let plms = |order| Method::Steps(Box::new(Plms { order, output: Output::Noise }));
    let prk = |stage, place| -> (Box<dyn Solver<State>>, Place) {
        (Box::new(PrkStage { stage, output: Output::Noise }), place)
    };
    let (exact, half) = (Curvature::EXACT, Curvature::HALF);
    let (data, noise) = (Form::Data, Form::Noise);
    let (mid, b1) = (Slope::Midpoint, Slope::Half);
    let steps = |solver: Box<dyn Solver<State>>| Method::Steps(solver);
    let dpm2: Stages = vec![
        (Box::new(Euler), Place::Geometric),
        (Box::new(Dpm2Stage { form: noise }), Place::End),
    ];
    let prk4 = vec![
        prk(1, Place::Arithmetic),
        prk(2, Place::Arithmetic),
        prk(3, Place::End),
        prk(4, Place::End),
    ];
    use Levels::{Even, Flow, Karras, Rising};
    let list: Vec<(&str, &str, f64, f64, Levels, Method)> = vec![
        (
            "Euler, DDIM (`euler`)",
            "Song et al. 2021 (DDIM), eq. 12",
            1.0,
            1.0,
            Karras,
            steps(Box::new(Euler)),
        ),
        (
            "DDIM inversion",
            "Song et al. 2021 (DDIM), §4.3",
            1.0,
            1.0,
            Rising,
            steps(Box::new(Euler)),
        ),
        ("Heun (`heun`)", "Karras et al. 2022, alg. 1", 2.0, 2.0, Karras, steps(Box::new(Heun))),
        (
            "Heun in flow time (`heun-flow`)",
            "Lipman et al. 2023, §5",
            2.0,
            2.0,
            Flow,
            steps(Box::new(HeunFlow)),
        ),
        ("RK4 (`rk4`)", "Kutta 1901", 4.0, 4.0, Karras, steps(Box::new(Rk4))),
        (
            "DPM-Solver-2 (`dpm-2`)",
            "Lu et al. 2022 (DPM-Solver), alg. 1",
            2.0,
            2.0,
            Karras,
            single(2, noise),
        ),
        (
            "DPM-Solver-3 (`dpm-3`)",
            "Lu et al. 2022 (DPM-Solver), alg. 2",
            3.0,
            3.0,
            Karras,
            single(3, noise),
        ),
        (
            "DPM-Solver++(2S) (`dpm-2s`)",
            "Lu et al. 2022 (DPM-Solver++), alg. 1",
            2.0,
            2.0,
            Karras,
            single(2, data),
        ),
        (
            "DPM-Solver++(3S)",
            "Lu et al. 2022 (DPM-Solver++), app. B",
            3.0,
            3.0,
            Karras,
            single(3, data),
        ),
        ("DPM2, in stages", "Karras et al. 2022, alg. 3", 2.0, 2.0, Karras, Method::Stages(dpm2)),
        (
            "DPM-Solver(2M)",
            "Lu et al. 2022 (DPM-Solver), eq. 3.6",
            1.0,
            2.0,
            Karras,
            multi(2, noise, mid, exact),
        ),
        (
            "DPM-Solver(3M)",
            "Lu et al. 2022 (DPM-Solver), eq. 3.6",
            1.0,
            3.0,
            Karras,
            multi(3, noise, mid, exact),
        ),
        (
            "DPM-Solver++(2M) (`dpm-2m`)",
            "Lu et al. 2022 (DPM-Solver++), alg. 2",
            1.0,
            2.0,
            Karras,
            steps(Box::new(Dpm2M)),
        ),
        (
            "DPM-Solver++(3M) (`dpm-3m`)",
            "Lu et al. 2022 (DPM-Solver++), eq. 3.5",
            1.0,
            3.0,
            Karras,
            multi(3, data, mid, exact),
        ),
        (
            "DPM-Solver++(3M), published code",
            "Lu et al. 2022 (DPM-Solver++), code",
            1.0,
            2.0,
            Karras,
            multi(3, data, mid, half),
        ),
        ("UniP-2, B₂", "Zhao et al. 2023, alg. 2", 1.0, 2.0, Karras, unipc(2, 0, data, mid)),
        ("UniP-3, B₂", "Zhao et al. 2023, alg. 2", 1.0, 3.0, Karras, unipc(3, 0, data, mid)),
        ("UniPC-1, B₂", "Zhao et al. 2023, alg. 3", 1.0, 2.0, Karras, unipc(1, 1, data, mid)),
        (
            "UniPC-2, B₂ (`unipc-2`)",
            "Zhao et al. 2023, alg. 3",
            1.0,
            3.0,
            Karras,
            unipc(2, 2, data, mid),
        ),
        (
            "UniPC-3, B₂ (`unipc-3`)",
            "Zhao et al. 2023, alg. 3",
            1.0,
            4.0,
            Karras,
            unipc(3, 3, data, mid),
        ),
        (
            "UniPC-2, B₁, noise",
            "Zhao et al. 2023, alg. 1",
            1.0,
            3.0,
            Karras,
            unipc(2, 2, noise, b1),
        ),
        (
            "DEIS-1",
            "Zhang and Chen 2023, eq. 16",
            1.0,
            1.0,
            Karras,
            steps(Box::new(Deis { order: 1 })),
        ),
        (
            "DEIS-2",
            "Zhang and Chen 2023, eq. 16",
            1.0,
            2.0,
            Karras,
            steps(Box::new(Deis { order: 2 })),
        ),
        (
            "DEIS-3 (`deis`)",
            "Zhang and Chen 2023, eq. 16",
            1.0,
            3.0,
            Karras,
            steps(Box::new(Deis { order: 3 })),
        ),
        (
            "LMS-2",
            "Hairer et al. 1993, §III.5",
            1.0,
            2.0,
            Karras,
            steps(Box::new(Lms { order: 2 })),
        ),
        (
            "LMS-3",
            "Hairer et al. 1993, §III.5",
            1.0,
            3.0,
            Karras,
            steps(Box::new(Lms { order: 3 })),
        ),
        (
            "LMS-4 (`lms`)",
            "Hairer et al. 1993, §III.5",
            1.0,
            4.0,
            Karras,
            steps(Box::new(Lms { order: 4 })),
        ),
        ("PLMS-2, steps even in s", "Liu et al. 2022 (PNDM), eq. 12", 1.0, 2.0, Even, plms(2)),
        ("PLMS-3, steps even in s", "Liu et al. 2022 (PNDM), eq. 12", 1.0, 3.0, Even, plms(3)),
        (
            "PLMS-4, iPNDM, steps even in s (`plms`)",
            "Liu et al. 2022 (PNDM), eq. 12",
            1.0,
            4.0,
            Even,
            plms(4),
        ),
        (
            "PRK, in stages",
            "Liu et al. 2022 (PNDM), eq. 13",
            4.0,
            4.0,
            Karras,
            Method::Stages(prk4),
        ),
        ("SA-Predictor-3, τ = 0", "Xue et al. 2023, eq. 14", 1.0, 3.0, Karras, sa(3, 0)),
        (
            "SA-Solver-3, corrector of 4 points, τ = 0",
            "Xue et al. 2023, alg. 1",
            1.0,
            4.0,
            Karras,
            sa(3, 4),
        ),
    ];
    list.into_iter()
        .map(|(name, paper, evaluations, expected, levels, method)| Row {
            name,
            paper,
            evaluations,
            expected: vec![expected],
            measured: vec![measure(&method, levels, expected)],
        })
        .collect()
}
