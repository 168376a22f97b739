//! `config.json` of every network: what the class makes of it, short of the parameters.

use langevin_nn::{
    AutoencoderKLConfig, AutoencoderTinyConfig, CLIPTextConfig, CLIPVisionConfig, Configuration,
    DiTConfig, FluxConfig, NetworkConfig, PriorTransformerConfig, SD3Config, T5Config,
    UNet2DConditionConfig, UNet2DConfig, VQModelConfig,
};
use langevin_weights::Config;
use serde_json::{Map, Value};

use super::{Target, json};
use crate::repository::recorded;

pub(super) const TARGET: Target =
    Target { name: "network_config", seeds, mutate: json::mutate, read, memory: (256 << 10, 512) };

type Reader = fn(&Map<String, Value>) -> bool;

const READERS: &[(&[&str], Reader)] = &[
    (UNet2DConfig::CLASS_NAMES, of::<UNet2DConfig>),
    (UNet2DConditionConfig::CLASS_NAMES, of::<UNet2DConditionConfig>),
    (AutoencoderKLConfig::CLASS_NAMES, of::<AutoencoderKLConfig>),
    (AutoencoderTinyConfig::CLASS_NAMES, of::<AutoencoderTinyConfig>),
    (VQModelConfig::CLASS_NAMES, of::<VQModelConfig>),
    (CLIPTextConfig::CLASS_NAMES, of::<CLIPTextConfig>),
    (CLIPVisionConfig::CLASS_NAMES, of::<CLIPVisionConfig>),
    (T5Config::CLASS_NAMES, of::<T5Config>),
    (DiTConfig::CLASS_NAMES, of::<DiTConfig>),
    (SD3Config::CLASS_NAMES, of::<SD3Config>),
    (FluxConfig::CLASS_NAMES, of::<FluxConfig>),
    (PriorTransformerConfig::CLASS_NAMES, of::<PriorTransformerConfig>),
];

fn of<C: Configuration>(values: &Map<String, Value>) -> bool {
    C::from_json(values).is_ok_and(|config| config.unknown_keys().len() < usize::MAX)
}

fn seeds() -> Vec<Vec<u8>> {
    recorded(&["config.json"])
}

fn read(bytes: &[u8]) -> bool {
    let Ok(config) = Config::parse("config.json", bytes) else { return false };
    let values = config.values();
    let architecture = || values.get("architectures")?.as_array()?.first()?.as_str();
    let class = config.class_name().or_else(architecture).unwrap_or_default();
    let _ = <NetworkConfig as Configuration>::from_json(values);
    let named = READERS.iter().find(|(names, _)| names.contains(&class));
    let (_, reader) = named.unwrap_or(&READERS[bytes.len() % READERS.len()]);
    reader(values)
}
