//! `model_index.json`, and the settings of a component that it may name.

use langevin_weights::folder::ModelFolder;
use langevin_weights::{Config, pretty};

use serde_json::Value;

use super::{Target, json};
use crate::repository::recorded;
use crate::workplace::Workplace;

pub(super) const TARGET: Target =
    // The same values three times: read, read again from what was printed, and in the pipeline.
    Target { name: "model_index", seeds, mutate: json::mutate, read, memory: (256 << 10, 768) };

static WORKPLACE: Workplace = Workplace::new();

fn seeds() -> Vec<Vec<u8>> {
    recorded(&["model_index.json", "preprocessor_config.json"])
}

fn read(bytes: &[u8]) -> bool {
    WORKPLACE.write("model_index.json", bytes);
    if !WORKPLACE.folder().join("unet/config.json").exists() {
        WORKPLACE.write("unet/config.json", b"{\"_class_name\": \"UNet2DModel\"}");
    }
    if let Ok(config) = Config::parse("model_index.json", bytes) {
        // Printing indents, so a text near the limit of size may grow beyond it.
        let text = pretty(config.values());
        match Config::parse("model_index.json", text.as_bytes()) {
            Ok(again) => assert!(
                again
                    .values()
                    .iter()
                    .all(|(key, value)| alike(Some(value), config.values().get(key))),
                "{text}"
            ),
            Err(error) => assert!(text.len() > 1 << 20, "{error}"),
        }
    }
    let Ok(ModelFolder::Pipeline(pipeline)) = ModelFolder::open(WORKPLACE.folder()) else {
        return false;
    };
    let names: Vec<&str> = pipeline.components().map(|(name, _)| name).collect();
    for name in names {
        if let Ok(component) = pipeline.component(name) {
            assert!(component.folder().starts_with(WORKPLACE.folder()));
            let _ = component.weights();
        }
    }
    let _ = pipeline.class("none");
    true
}

/// Whether two values are the same; numbers may differ by their last digit, which reading rounds.
fn alike(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => {
            let (a, b) = (a.as_f64().unwrap_or_default(), b.as_f64().unwrap_or_default());
            (a - b).abs() <= 1e-15 * a.abs()
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(Some(a), Some(b)))
        }
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            a.len() == b.len() && a.iter().all(|(key, a)| alike(Some(a), b.get(key)))
        }
        (a, b) => a == b,
    }
}
