//! Properties of whole networks: shapes, starting values, configurations and the errors of bad ones.

use burn::tensor::{Device, Int, Tensor};
use langevin_nn::layer::Dropout;
use langevin_nn::{ClassLabels, Init, Network, NetworkConfig, params};
use serde_json::{Value, json};

/// SplitMix64 (Steele et al. 2014), its top 24 bits.
fn uniform(mut state: u64) -> impl FnMut(&mut [f32]) {
    move |out| {
        for u in out {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            *u = ((z ^ (z >> 31)) >> 40) as f32 / (1 << 24) as f32;
        }
    }
}

fn build(config: &Value, device: &Device) -> Network {
    NetworkConfig::from_json(config).unwrap().init(&mut Init::new(device, &mut uniform(1))).unwrap()
}

fn noise(shape: [usize; 4], device: &Device) -> Tensor<4> {
    let mut values = vec![0.0; shape.iter().product()];
    uniform(2)(&mut values);
    Tensor::<1>::from_floats(values.as_slice(), device).reshape(shape) * 2.0 - 1.0
}

fn values(x: Tensor<4>) -> Vec<f32> {
    x.into_data().try_into_vec().unwrap()
}

/// Another network with every parameter moved by a random amount, so that nothing is zero.
fn stirred(network: Network) -> Network {
    let mut random = uniform(3);
    let moved: Vec<Vec<f32>> = params::collect(&network)
        .into_iter()
        .map(|(_, _, v)| {
            let mut by = vec![0.0; v.len()];
            random(&mut by);
            v.iter().zip(by).map(|(v, by)| v + 0.1 * (2.0 * by - 1.0)).collect()
        })
        .collect();
    params::assign(network, &mut moved.iter().map(Vec::as_slice)).unwrap()
}

const COMPACT: &str = "LangevinCompactUNet2D";

#[test]
fn compact_default_has_about_0_7_million_parameters_and_starts_at_zero() {
    let device = Device::flex();
    let network =
        build(&json!({"_class_name": COMPACT, "sample_size": 28, "num_class_embeds": 11}), &device);
    let info = network.info();
    assert!((650_000..750_000).contains(&info.parameters), "{info:?}");
    assert_eq!(info.blocks.iter().map(|(_, n)| n).sum::<usize>(), info.parameters);
    let labels = Tensor::<1, Int>::from_ints([0, 10], &device);
    let output = network.forward(
        noise([2, 1, 28, 28], &device),
        Tensor::from_floats([3.0, 900.0], &device),
        Some(labels),
    );
    assert_eq!(output.dims(), [2, 1, 28, 28]);
    assert!(values(output).iter().all(|&v| v == 0.0));
}

#[test]
fn compact_sees_every_input_and_treats_pictures_apart() {
    let device = Device::flex();
    let config = json!({"_class_name": COMPACT, "in_channels": 3, "out_channels": 2, "channels": [8, 16, 16],
        "blocks_per_level": 2, "num_class_embeds": 4, "embedding_dim": 32, "frequency_dim": 16});
    let network = stirred(build(&config, &device));
    let x = noise([3, 3, 16, 24], &device);
    let run = |x: Tensor<4>, t: &[f32], y: &[i64]| {
        let output = network.forward(
            x,
            Tensor::from_floats(t, &device),
            Some(Tensor::from_ints(y, &device)),
        );
        assert_eq!(output.dims()[1..], [2, 16, 24]);
        values(output)
    };
    let all = run(x.clone(), &[1.0, 500.0, 999.0], &[0, 1, 2]);
    let second = run(x.clone().narrow(0, 1, 1), &[500.0], &[1]);
    let size = second.len();
    let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4);
    assert!(close(&all[size..2 * size], &second));
    assert!(!close(&run(x.clone().narrow(0, 1, 1), &[400.0], &[1]), &second));
    assert!(!close(&run(x.clone().narrow(0, 1, 1), &[500.0], &[3]), &second));
    assert!(!close(&run(x.narrow(0, 1, 1) * 0.9, &[500.0], &[1]), &second));
}

#[test]
fn every_parameter_of_a_network_learns() {
    let device = Device::flex().autodiff();
    let tiny = json!({"channels": [8, 16], "attention_heads": 2, "num_class_embeds": 2, "norm_num_groups": 4,
        "_class_name": COMPACT, "embedding_dim": 16, "frequency_dim": 8});
    let unet = json!({"_class_name": "UNet2DModel", "in_channels": 1, "out_channels": 1, "norm_num_groups": 4,
        "block_out_channels": [8, 16], "layers_per_block": 1, "num_class_embeds": 2, "attention_head_dim": 8,
        "down_block_types": ["ResnetDownsampleBlock2D", "AttnDownBlock2D"],
        "up_block_types": ["AttnUpBlock2D", "ResnetUpsampleBlock2D"]});
    for config in [tiny, unet] {
        let network = stirred(build(&config, &device));
        let labels = Tensor::<1, Int>::from_ints([0, 1], &device);
        let output = network.forward(
            noise([2, 1, 8, 8], &device),
            Tensor::from_floats([30.0, 700.0], &device),
            Some(labels),
        );
        let gradients = params::gradients(&network, output.square().mean().backward());
        for (name, gradient) in gradients {
            assert!(gradient.iter().all(|g| g.is_finite()), "{name}");
            assert!(gradient.iter().any(|&g| g != 0.0), "{name} has no gradient");
        }
    }
}

#[test]
fn dropout_acts_in_training_alone() {
    let device = Device::flex();
    let config = json!({"_class_name": "UNet2DModel", "in_channels": 1, "out_channels": 1, "norm_num_groups": 4,
        "block_out_channels": [8], "down_block_types": ["DownBlock2D"], "up_block_types": ["UpBlock2D"], "dropout": 0.5});
    let network = build(&config, &device);
    assert_eq!(network.config().dropout(), 0.5);
    let (x, t) = (noise([1, 1, 4, 4], &device), Tensor::from_floats([5.0], &device));
    let still = values(network.forward(x.clone(), t.clone(), None));
    assert_eq!(values(network.forward(x.clone(), t.clone(), None)), still);
    let trained =
        |seed| values(network.forward_training(x.clone(), t.clone(), None, &mut uniform(seed)));
    assert_eq!(trained(4), trained(4));
    assert_ne!(trained(4), trained(5));
    assert_ne!(trained(4), still);
    assert_eq!(format!("{:?}", Dropout::Off), "Off");
}

#[test]
fn configurations_survive_the_round_trip_with_unknown_keys() {
    let text = json!({"_class_name": "UNet2DModel", "_diffusers_version": "0.0.4", "act_fn": "SiLU", "freq_shift": 1,
        "attention_head_dim": null, "block_out_channels": [32, 64], "down_block_types": ["UNetResDownBlock2D", "DownBlock2D"],
        "up_block_types": ["UpBlock2D", "UpBlock2D"], "mid_block_type": null, "sample_size": [16, 32], "freeze": true});
    let config = NetworkConfig::from_json(&text).unwrap();
    assert_eq!(config.unknown_keys(), ["freeze"]);
    assert_eq!(config.sample_size(), Some([16, 32]));
    let json = config.to_json();
    assert_eq!(json["_diffusers_version"], "0.0.4");
    assert_eq!(json["freeze"], true);
    assert_eq!(json["freq_shift"], 1);
    assert_eq!(json["norm_eps"], 1e-5);
    assert_eq!(json["mid_block_type"], Value::Null);
    assert_eq!(json["act_fn"], "silu");
    assert_eq!(NetworkConfig::from_json(&json).unwrap(), config);
    let text = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<NetworkConfig>(&text).unwrap(), config);

    let listed = json!({"_class_name": [COMPACT], "channels": [32]});
    let compact = NetworkConfig::from_json(&listed).unwrap();
    assert_eq!(
        (compact.in_channels(), compact.out_channels(), compact.num_class_embeds()),
        (1, 1, None)
    );
    assert_eq!(NetworkConfig::from_json(&compact.to_json()).unwrap(), compact);
}

#[test]
fn bad_configurations_are_refused_by_key_and_value() {
    let refuse = |class: &str, key: &str, value: Value, part: &str| {
        let mut config = json!({"_class_name": class});
        config[key] = value;
        let error = NetworkConfig::from_json(&config).unwrap_err().to_string();
        assert!(error.contains(&format!("`{key}` is ")) && error.contains(part), "{key}: {error}");
    };
    let unet = |key: &str, value: Value, part: &str| refuse("UNet2DModel", key, value, part);
    unet("down_block_types", json!(["CrossAttnDownBlock2D"]), "`DownBlock2D`");
    unet("down_block_types", json!([]), "1 to 16");
    unet("up_block_types", json!(["UpBlock2D"]), "4 of them");
    unet("block_out_channels", json!([32, 64]), "4 numbers");
    unet("block_out_channels", json!([0, 64, 64, 64]), "from 1 to");
    unet("block_out_channels", json!([16384, 16384, 16384, 16384]), "parameters");
    unet("layers_per_block", json!(0), "from 1 to 64");
    unet("layers_per_block", json!("two"), "a whole number that is not negative");
    unet("act_fn", json!("tanh"), "`silu`");
    unet("resnet_time_scale_shift", json!("spatial"), "`scale_shift`");
    unet("time_embedding_type", json!("rotary"), "`fourier`");
    unet("class_embed_type", json!("projection"), "`timestep`");
    unet("downsample_type", json!("pool"), "`resnet`");
    unet("mid_block_type", json!("UNetMidBlock2DCrossAttn"), "UNetMidBlock2D");
    unet("norm_num_groups", json!(null), "a number");
    unet("dropout", json!(1.0), "probability");
    unet("norm_eps", json!(0), "between 0 and 1");
    unet("sample_size", json!("32"), "number of pixels");
    unet("mid_block_scale_factor", json!(0), "other than 0");
    unet("freq_shift", json!(112), "below 112");
    let compact = |key: &str, value: Value, part: &str| refuse(COMPACT, key, value, part);
    compact("channels", json!([]), "multiples of norm_num_groups");
    compact("channels", json!([60, 96]), "8");
    compact("attention_heads", json!(5), "divisor of 96");
    compact("patch", json!(0), "from 1 to 64");
    compact("sample_size", json!(27), "multiples of 4");
    compact("norm_num_groups", json!(-1), "a whole number that is not negative");
    compact("num_class_embeds", json!(0), "from 1");

    let error = |config: Value| NetworkConfig::from_json(&config).unwrap_err().to_string();
    assert!(error(json!({"_class_name": "UNet1DModel"})).contains("\"UNet1DModel\""));
    assert!(error(json!([1])).contains("_class_name"));
    let learned = error(json!({"_class_name": "UNet2DModel", "time_embedding_type": "learned"}));
    assert!(learned.contains("`num_train_timesteps` is null"), "{learned}");
    let skip = |down: [&str; 2], up: [&str; 2], channels: usize| {
        let config = json!({"_class_name": "UNet2DModel", "block_out_channels": [32, 32], "down_block_types": down,
            "up_block_types": up, "in_channels": channels, "out_channels": channels});
        NetworkConfig::from_json(&config).map(|_| ()).map_err(|e| e.to_string())
    };
    assert_eq!(skip(["SkipDownBlock2D", "DownBlock2D"], ["UpBlock2D", "SkipUpBlock2D"], 3), Ok(()));
    assert_eq!(skip(["DownBlock2D", "SkipDownBlock2D"], ["UpBlock2D", "UpBlock2D"], 1), Ok(()));
    assert!(
        skip(["SkipDownBlock2D", "DownBlock2D"], ["UpBlock2D", "UpBlock2D"], 1)
            .unwrap_err()
            .contains("`in_channels` is 1")
    );
    assert!(
        skip(["DownBlock2D"; 2], ["SkipUpBlock2D", "UpBlock2D"], 3)
            .unwrap_err()
            .contains("`up_block_types`")
    );
}

#[test]
fn groups_and_heads_that_do_not_fit_are_refused_when_building() {
    let device = Device::flex();
    let mut config = json!({"_class_name": "UNet2DModel", "block_out_channels": [12], "norm_num_groups": 5,
        "down_block_types": ["DownBlock2D"], "up_block_types": ["UpBlock2D"]});
    let error = |config: &Value| {
        let config = NetworkConfig::from_json(config).unwrap();
        config.init(&mut Init::new(&device, &mut uniform(1))).unwrap_err().to_string()
    };
    assert!(error(&config).contains("`norm_num_groups` is 5"));
    config["norm_num_groups"] = json!(4);
    config["attention_head_dim"] = json!(13);
    assert!(error(&config).contains("`attention_head_dim` is 13"));
}

#[test]
fn inputs_that_do_not_fit_are_refused_by_name() {
    let device = Device::flex();
    let compact = build(
        &json!({"_class_name": COMPACT, "channels": [8, 16], "num_class_embeds": 3}),
        &device,
    );
    let unet = build(
        &json!({"_class_name": "UNet2DModel", "in_channels": 1, "out_channels": 1, "block_out_channels": [8, 16],
            "down_block_types": ["DownBlock2D", "DownBlock2D"], "up_block_types": ["UpBlock2D", "UpBlock2D"],
            "norm_num_groups": 4, "num_class_embeds": 3}),
        &device,
    );
    let plain = build(&json!({"_class_name": COMPACT, "channels": [8, 16]}), &device);
    let sample = |shape| noise(shape, &device);
    let time = |n: usize| Tensor::<1>::full([n], 5.0, &device);
    let index = |i: &[i64]| Some(ClassLabels::Index(Tensor::from_ints(i, &device)));
    let refuse = |network: &Network, x, t, y, part: &str| {
        let error = network.try_forward(x, t, y).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    for network in [&compact, &unet] {
        refuse(
            network,
            sample([2, 2, 8, 8]),
            time(2),
            index(&[0, 1]),
            "`sample` is of shape [2, 2, 8, 8]",
        );
        refuse(network, sample([2, 1, 7, 8]), time(2), index(&[0, 1]), "multiples of");
        refuse(network, sample([2, 1, 8, 8]), time(3), index(&[0, 1]), "`timestep` is of length 3");
        refuse(
            network,
            sample([2, 1, 8, 8]),
            time(2),
            index(&[0, 3]),
            "`class_labels` is 3, but one class index from 0 to 2",
        );
        refuse(network, sample([2, 1, 8, 8]), time(2), index(&[-1]), "`class_labels` is -1");
        refuse(network, sample([2, 1, 8, 8]), time(2), None, "`class_labels` is missing");
        refuse(network, sample([2, 1, 8, 8]), time(2), index(&[0, 1, 2]), "of length 3");
        assert!(network.try_forward(sample([2, 1, 8, 8]), time(1), index(&[2])).is_ok());
    }
    refuse(&plain, sample([2, 1, 8, 8]), time(2), index(&[0, 1]), "`class_labels` is given");
}

#[test]
fn older_names_and_shapes_of_attention_are_read() {
    let device = Device::flex();
    let config = json!({"_class_name": "UNet2DModel", "in_channels": 1, "out_channels": 1, "block_out_channels": [8],
        "down_block_types": ["AttnDownBlock2D"], "up_block_types": ["UpBlock2D"], "norm_num_groups": 4});
    let network = stirred(build(&config, &device));
    let renames = [
        (".to_q.", ".query."),
        (".to_k.", ".key."),
        (".to_v.", ".value."),
        (".to_out.0.", ".proj_attn."),
    ];
    let old: Vec<(String, Vec<usize>, Vec<f32>)> = params::collect(&network)
        .into_iter()
        .map(|(name, mut shape, values)| {
            let older =
                renames.iter().fold(name.clone(), |n, (now, before)| n.replace(now, before));
            if older != name && shape.len() == 2 {
                shape.extend([1, 1]);
            }
            (older, shape, values)
        })
        .collect();
    let names: Vec<(String, Vec<usize>)> =
        old.iter().map(|(n, s, _)| (n.clone(), s.clone())).collect();
    let mut source =
        |name: &str| Ok(old.iter().find(|(n, ..)| n == name).unwrap().2.clone().into());
    let (loaded, unused) =
        params::load_state_dict(build(&config, &device), &names, &mut source).unwrap();
    assert_eq!(unused, Vec::<String>::new());
    assert_eq!(params::collect(&loaded), params::collect(&network));
}
