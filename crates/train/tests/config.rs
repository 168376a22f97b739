//! The configuration: defaults, round trips, overrides, and one sentence for every mistake.

use langevin_core::Prediction;
use langevin_train::config::{Interval, Length, NetworkClass, ScheduleConfig};
use langevin_train::time_distribution::{LogitNormal, TimeDistribution};
use langevin_train::{TrainConfig, Weighting};

fn read(text: &str) -> Result<TrainConfig, String> {
    TrainConfig::from_toml(text, &[]).map_err(|e| e.to_string())
}

fn with(text: &str, overrides: &[(&str, &str)]) -> Result<TrainConfig, String> {
    let overrides: Vec<_> =
        overrides.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    TrainConfig::from_toml(text, &overrides).map_err(|e| e.to_string())
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(at in 0_usize..3000, cut in 0_usize..40, put in "\\PC{0,12}", set in "[a-z._]{0,20}", to in "\\PC{0,12}") {
        let mut text: Vec<char> = include_str!("../../../docs/train.example.toml").chars().collect();
        let at = at.min(text.len());
        let end = (at + cut).min(text.len());
        text.splice(at..end, put.chars());
        let text: String = text.into_iter().collect();
        if let Ok(config) = TrainConfig::from_toml(&text, &[]) {
            proptest::prop_assert_eq!(TrainConfig::from_toml(&config.to_toml(), &[]).ok(), Some(config));
        }
        let _ = TrainConfig::from_toml(LEAST, &[(set, to)]);
    }
}

const LEAST: &str = "[data]\nsource = \"digits\"\n";

#[test]
fn only_the_data_has_no_default() {
    let config = read(LEAST).unwrap();
    assert_eq!(config.optimiser.lr, 1e-3);
    assert_eq!(config.optimiser.betas, [0.9, 0.999]);
    assert_eq!(config.optimiser.weight_decay, 0.01);
    assert_eq!(config.process.prediction, Prediction::Flow);
    assert_eq!(config.run.length, Length::Steps(10_000));
    assert_eq!(
        read("").unwrap_err(),
        "data.source is missing; it must be \"digits\", a folder of pictures or an IDX file"
    );
}

#[test]
fn the_annotated_example_says_the_defaults() {
    let text = include_str!("../../../docs/train.example.toml");
    assert_eq!(read(text).unwrap(), read(LEAST).unwrap());
}

#[test]
fn what_is_written_is_read_back() {
    let texts = [
        LEAST.to_owned(),
        format!(
            "{LEAST}size = 32\nchannels = 3\n[model]\nnetwork = \"unet2d\"\nattention_head_dim = \"null\"\n\
             [process]\nschedule = \"ddpm-linear\"\ntimesteps = 500\nprediction = \"v\"\nweighting = \"min-snr\"\n\
             [run]\nminutes = 2.5\nsample_every = \"45s\"\ncheckpoint_every = 0\n[samples]\nsolver = \"dpm-2m\"\n"
        ),
        format!("{LEAST}[process]\nschedule = \"edm\"\nsigma_data = 0.6\n"),
    ];
    for text in texts {
        let config = read(&text).unwrap();
        let written = config.to_toml();
        assert_eq!(read(&written).as_ref(), Ok(&config), "{written}");
    }
}

#[test]
fn values_arrive_where_they_belong() {
    let config = read(
        "[data]\nsource = \"pictures\"\nflip = true\n\
         [model]\npreset = \"unet2d-32-64-64\"\nlayers_per_block = 2\n\
         [process]\nschedule = \"scaled-linear\"\nprediction = \"x0\"\ntime = \"logit-normal\"\ntime_mean = -0.5\n\
         weighting = \"min-snr\"\nmin_snr_gamma = 3\n\
         [optimiser]\nlr = 2e-4\nbetas = [0.9, 0.99]\n\
         [run]\nsteps = 1e5\nbatch = 128\nsample_every = \"2m\"\n",
    )
    .unwrap();
    assert!(config.data.flip);
    assert_eq!(config.model.class, NetworkClass::UNet2d);
    assert_eq!(config.model.fields["layers_per_block"], 2);
    assert_eq!(config.model.fields["norm_num_groups"], 8);
    assert!(matches!(
        config.process.schedule,
        ScheduleConfig::Ddpm { beta_end: 0.012, timesteps: 1000, .. }
    ));
    assert_eq!(config.process.prediction, Prediction::Clean);
    assert_eq!(
        config.process.time,
        TimeDistribution::LogitNormal(LogitNormal { mean: -0.5, std: 1.0 })
    );
    assert_eq!(config.process.weighting, Weighting::MinSnr { gamma: 3.0 });
    assert_eq!(config.optimiser.betas, [0.9, 0.99]);
    assert_eq!((config.run.length, config.run.batch), (Length::Steps(100_000), 128));
    assert_eq!(config.run.sample_every, Interval::Seconds(120.0));
}

#[test]
fn overrides_win_and_are_checked_alike() {
    let text = format!("{LEAST}[run]\nsteps = 100\nbatch = 32\n[optimiser]\nlr = 0.1\n");
    let config = with(
        &text,
        &[("optimiser.lr", "2e-3"), ("run.batch", "16"), ("data.source", "my pictures")],
    )
    .unwrap();
    assert_eq!((config.optimiser.lr, config.run.batch), (0.002, 16));
    assert_eq!(config.data.source, "my pictures");
    assert_eq!(with(&text, &[("run.minutes", "5")]).unwrap().run.length, Length::Minutes(5.0));
    assert_eq!(
        with(&text, &[("optimiser.betas", "[0.5, 0.6]")]).unwrap().optimiser.betas,
        [0.5, 0.6]
    );
    for (overrides, expected) in [
        (
            [("run.batch", "0")],
            "run.batch (given as an override) is 0, but must be a whole number from 1 to 65536",
        ),
        (
            [("lr", "1")],
            "lr (given as an override) is not a key of the configuration; did you mean optimiser.lr?",
        ),
        (
            [("process.prediction", "velocity")],
            "process.prediction (given as an override): \"velocity\" is not a prediction: choose one of clean, noise, v, \
             flow, score, edm",
        ),
    ] {
        assert_eq!(with(&text, &overrides).unwrap_err(), expected);
    }
}

#[test]
fn every_mistake_is_one_sentence_with_its_line() {
    for (lines, expected) in [
        ("[run]\nbatch = 0", "run.batch (line 4) is 0, but must be a whole number from 1 to 65536"),
        (
            "[run]\nsteps = 0",
            "run.steps (line 4) is 0, but must be a whole number from 1 to 1000000000000",
        ),
        (
            "[run]\nsteps = -3",
            "run.steps (line 4) is -3, but must be a whole number from 1 to 1000000000000",
        ),
        (
            "[run]\nminutes = inf",
            "run.minutes (line 4) is inf, but must be a positive number of minutes, at most a year's",
        ),
        (
            "[run]\nsteps = 5\nminutes = 1",
            "run.steps and run.minutes (line 5) both say when to stop; keep one",
        ),
        (
            "[run]\nclass_dropout = 1.5",
            "run.class_dropout (line 4) is 1.5, but must be a probability from 0 to 1",
        ),
        ("[run]\nkeep = 0", "run.keep (line 4) is 0, but must be a whole number from 1 to 1000000"),
        (
            "[run]\nsample_every = \"soon\"",
            "run.sample_every (line 4) is \"soon\", but must be a number of steps, a time such as \"45s\", \"10m\" or \
             \"1h\", or 0 for never",
        ),
        (
            "[optimiser]\nlr = nan",
            "optimiser.lr (line 4) is NaN, but must be a positive number up to 10",
        ),
        (
            "[optimiser]\nlr = \"fast\"",
            "optimiser.lr (line 4) is \"fast\", but must be a positive number up to 10",
        ),
        (
            "[optimiser]\nclip = -1",
            "optimiser.clip (line 4) is -1, but must be 0 or a positive number",
        ),
        (
            "[optimiser]\nbetas = [0.9]",
            "optimiser.betas (line 4) is [0.9], but must be two numbers from 0 up to, but not including, 1, such as \
             [0.9, 0.999]",
        ),
        (
            "[optimiser]\ndecay = \"linear\"",
            "optimiser.decay (line 4) is \"linear\", but must be one of \"none\", \"cosine\"",
        ),
        (
            "[ema]\ndecay = 1.0",
            "ema.decay (line 4) is 1, but must be a number from 0 up to, but not including, 1",
        ),
        (
            "[optimizer]\nlr = 0.1",
            "optimizer.lr (line 4) is not a key of the configuration; did you mean optimiser.lr?",
        ),
        (
            "[run]\nbatchsize = 3",
            "run.batchsize (line 4) is not a key of the configuration; did you mean run.batch?",
        ),
        (
            "[model]\nnetwork = \"unet2d\"\nlayers_per_blocks = 2",
            "model.layers_per_blocks (line 5) is not a key of the configuration; did you mean model.layers_per_block?",
        ),
        (
            "[model]\npreset = \"compact\"\nnetwork = \"unet2d\"",
            "model.preset = \"compact\" is a network of another class than model.network",
        ),
        (
            "[process]\nschedule = \"cosine\"\nsigma_max = 3.0",
            "process.sigma_max (line 5) means something only with another schedule",
        ),
        (
            "[process]\ntime = \"uniform\"\ntime_std = 3.0",
            "process.time_std (line 5) means something only with a normal distribution of times",
        ),
        (
            "[process]\nschedule = \"edm\"\nsigma_min = 5.0\nsigma_max = 2",
            "process.sigma_max (line 6) is 2, but must be a number above sigma_min, which is 5",
        ),
        (
            "[process]\ntimesteps = 10\nschedule = \"ddpm-linear\"\nbeta_end = 2",
            "process.beta_end (line 6) is 2, but must be a number between 0 and 1",
        ),
        (
            "[samples]\nsteps = 1.5",
            "samples.steps (line 4) is 1.5, but must be a whole number from 1 to 10000",
        ),
        ("[run\n", "line 3 of the configuration is not valid TOML: unclosed table, expected `]`"),
        (
            "[run]\nseed = 2020-01-01",
            "run.seed (line 4) is a datetime, but must be a text, a number, true, false or a list of them",
        ),
    ] {
        assert_eq!(read(&format!("{LEAST}{lines}\n")).unwrap_err(), expected);
    }
    assert_eq!(
        read("[data]\nsource = \"digits\"\nsize = 100000").unwrap_err(),
        "data.size (line 3) is 100000, but must be a whole number from 1 to 4096"
    );
    assert_eq!(
        read("[data]\nsource = \"digits\"\nchannels = 2").unwrap_err(),
        "data.channels (line 3) is 2, but must be 1 (grey), 3 (RGB) or 4 (RGBA)"
    );
    assert_eq!(
        read("[data]\nsorce = \"digits\"").unwrap_err(),
        "data.sorce (line 2) is not a key of the configuration; did you mean data.source?"
    );
}

#[test]
fn a_run_may_change_its_length_but_not_its_nature() {
    let before = read(LEAST).unwrap();
    let longer =
        with(LEAST, &[("run.steps", "20000"), ("run.keep", "9"), ("samples.steps", "50")]).unwrap();
    longer.check_continues(&before).unwrap();
    let other = with(LEAST, &[("optimiser.lr", "2e-3")]).unwrap();
    assert_eq!(
        other.check_continues(&before).unwrap_err().to_string(),
        "the run cannot continue: it was started with optimiser.lr = 0.001, which is now 0.002; continue with the old \
         value, or start a new run"
    );
    let other = with(LEAST, &[("data.size", "32")]).unwrap();
    let error = other.check_continues(&before).unwrap_err().to_string();
    assert!(error.contains("data.size = not set, which is now 32"), "{error}");
}
