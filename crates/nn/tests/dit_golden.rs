//! `DiTTransformer2DModel` against diffusers: outputs of every recorded configuration, gradients of one, and what
//! is refused.
//!
//! `tests/golden/dit.py` makes the recordings; `LANGEVIN_GOLDENS` may name another folder of them.

mod recordings;

use burn::tensor::{Device, Tensor};
use langevin_nn::{ClassLabels, Configuration, DiTConfig, Init, params};
use recordings::{compare, error, folders, open, read};
use serde_json::json;

#[test]
fn outputs_agree_with_diffusers() {
    let device = Device::flex();
    let mut failed = Vec::new();
    for folder in folders("dit") {
        let network = open::<DiTConfig>(&folder, &device).1;
        let golden = read(&folder.join("golden.safetensors"));
        let (sample, timestep) =
            (golden["sample"].tensor(&device), golden["timestep"].tensor(&device));
        let labels = ClassLabels::Index(golden["class_labels"].indices(&device));
        network
            .check_inputs(sample.dims(), &timestep, Some(&labels))
            .unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        failed.extend(compare(&folder, network.forward(sample, timestep, Some(labels)), &golden));
    }
    assert!(failed.is_empty(), "beyond 1e-4:\n{}", failed.join("\n"));
}

#[test]
fn gradients_agree_with_pytorch() {
    let device = Device::flex().autodiff();
    let (mut compared, mut failed) = (0, Vec::new());
    for folder in folders("dit").into_iter().filter(|f| f.join("gradients.safetensors").is_file()) {
        let network = open::<DiTConfig>(&folder, &device).1;
        let golden = read(&folder.join("golden.safetensors"));
        let expected = read(&folder.join("gradients.safetensors"));
        let output = network.forward(
            golden["sample"].tensor(&device),
            golden["timestep"].tensor(&device),
            Some(ClassLabels::Index(golden["class_labels"].indices(&device))),
        );
        let loss = (output - expected["target"].tensor(&device)).square().mean();
        let largest = expected.iter().filter(|(name, _)| *name != "target");
        let largest = largest.map(|(_, g)| g.scale()).fold(0.0, f64::max);
        for (name, gradient) in params::gradients(&network, loss.backward()) {
            let (error, scale) = error(&gradient, &expected[&name]);
            if error > 1e-3 * scale.max(1e-5 * largest) {
                failed.push(format!("{name}: {error:.2e} at scale {scale:.2e}"));
            }
            compared += 1;
        }
    }
    assert!(failed.is_empty(), "beyond 1e-3:\n{}", failed.join("\n"));
    assert!(compared > 40 || std::env::var_os("LANGEVIN_GOLDENS").is_some(), "only {compared}");
}

fn refused(object: &serde_json::Value) -> String {
    DiTConfig::from_json(object.as_object().unwrap()).unwrap_err().to_string()
}

#[test]
fn refuses_in_one_sentence() {
    assert!(DiTConfig::default().check().is_ok());
    assert_eq!(
        refused(&json!({"norm_type": "ada_norm_single"})),
        "the configuration key `norm_type` is \"ada_norm_single\", but `ada_norm_zero` was expected"
    );
    assert_eq!(
        refused(&json!({"_class_name": "Transformer2DModel"})),
        "the configuration key `norm_type` is null, but \"ada_norm_zero\", the kind of \
         Transformer2DModel that is read, was expected"
    );
    assert!(refused(&json!({"num_embeds_ada_norm": null})).contains("num_embeds_ada_norm"));
    assert!(refused(&json!({"attention_head_dim": 3, "num_attention_heads": 2})).contains("is 3"));
    assert!(
        refused(&json!({"num_layers": 1000, "attention_head_dim": 512})).contains("num_layers")
    );

    let device = Device::flex();
    let config = json!({
        "num_attention_heads": 1, "attention_head_dim": 4, "num_layers": 1, "num_embeds_ada_norm": 3,
        "sample_size": 4, "in_channels": 2,
    });
    let config = DiTConfig::from_json(config.as_object().unwrap()).unwrap();
    let network = config.init(&mut Init::new(&device, &mut |u| u.fill(0.5))).unwrap();
    let time = Tensor::<1>::from_floats([3.0], &device);
    let label = |i: i32| ClassLabels::Index(Tensor::from_ints([i], &device));
    let check = |sample: [usize; 4], label: Option<ClassLabels>| {
        network.check_inputs(sample, &time, label.as_ref()).map_err(|e| e.to_string())
    };
    // The last index stands for no class; pictures need not be square.
    assert_eq!(check([2, 2, 4, 6], Some(label(3))), Ok(()));
    assert!(check([2, 2, 4, 6], Some(label(4))).unwrap_err().contains("class_labels"));
    assert!(check([2, 2, 4, 6], None).unwrap_err().contains("missing"));
    assert_eq!(
        check([2, 2, 5, 4], Some(label(0))).unwrap_err(),
        "the input `sample` is of shape [2, 2, 5, 4], but [N, 2, H, W] with sides that are \
         multiples of 2 was expected"
    );
}
