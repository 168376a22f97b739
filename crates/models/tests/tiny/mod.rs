//! A very small class-conditional model for tests: random weights, 8×8 grey pictures, three classes and the null class.

use burn::tensor::Device;
use langevin_core::{AnySchedule, Prediction, RectifiedFlow};
use langevin_models::{Classes, Model, ModelConfig};
use langevin_nn::{Network, NetworkConfig, params};
use serde_json::json;

/// The compact network with every weight drawn, the zero-initialised ones too, so that its output means something.
pub(crate) fn compact(seed: u64) -> Model {
    let network = json!({
        "_class_name": "LangevinCompactUNet2D", "sample_size": 8, "in_channels": 1, "out_channels": 1,
        "channels": [16, 24], "attention_heads": 2, "embedding_dim": 16, "num_class_embeds": 4,
    });
    let config = ModelConfig {
        network: NetworkConfig::from_json(&network).expect("a valid configuration"),
        schedule: AnySchedule::RectifiedFlow(RectifiedFlow),
        prediction: Prediction::Flow,
        classes: Some(Classes::numbered_with_null(3)),
    };
    let mut model = Model::init(config, seed, &Device::flex()).expect("a model");
    model.network = jittered(model.network);
    model
}

fn jittered(network: Network) -> Network {
    let mut state = 1u64;
    let mut values = params::collect(&network).into_iter();
    params::load(network, &mut |_, _| {
        let (_, _, mut numbers) = values.next().expect("as many as before");
        for x in &mut numbers {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            *x += 0.2 * ((state >> 40) as f32 / (1u64 << 24) as f32 - 0.5);
        }
        Ok(numbers.into())
    })
    .expect("the same shapes")
}
