//! What a key of a LoRA file says: which network, which of its maps, and what of the change.

/// A network of a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The U-Net or transformer.
    Denoiser,
    /// A text encoder: 1 for `text_encoder`, 2 for `text_encoder_2`, 3 for `text_encoder_3`.
    Text(u8),
}

/// How a map's name is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spelling {
    /// As a path.
    Dots,
    /// With underscores for dots.
    Underscores,
}

/// What a tensor is of a change `up · mid · down`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Down,
    Up,
    Mid,
    Alpha,
}

/// Beginnings of keys, and what they stand for.
const PARTS: [(&str, Part, Spelling); 12] = [
    ("lora_unet_", Part::Denoiser, Spelling::Underscores),
    ("lora_transformer_", Part::Denoiser, Spelling::Underscores),
    ("lora_te1_", Part::Text(1), Spelling::Underscores),
    ("lora_te2_", Part::Text(2), Spelling::Underscores),
    ("lora_te3_", Part::Text(3), Spelling::Underscores),
    ("lora_te_", Part::Text(1), Spelling::Underscores),
    ("unet.", Part::Denoiser, Spelling::Dots),
    ("transformer.", Part::Denoiser, Spelling::Dots),
    ("diffusion_model.", Part::Denoiser, Spelling::Dots),
    ("text_encoder.", Part::Text(1), Spelling::Dots),
    ("text_encoder_2.", Part::Text(2), Spelling::Dots),
    ("text_encoder_3.", Part::Text(3), Spelling::Dots),
];

/// Ends of keys, and what they stand for.
const ROLES: [(&str, Role); 13] = [
    (".lora_A.weight", Role::Down),
    (".lora_B.weight", Role::Up),
    (".lora_down.weight", Role::Down),
    (".lora_up.weight", Role::Up),
    (".lora_mid.weight", Role::Mid),
    (".lora.down.weight", Role::Down),
    (".lora.up.weight", Role::Up),
    (".lora_linear_layer.down.weight", Role::Down),
    (".lora_linear_layer.up.weight", Role::Up),
    ("_lora.down.weight", Role::Down),
    ("_lora.up.weight", Role::Up),
    (".lora.alpha", Role::Alpha),
    (".alpha", Role::Alpha),
];

/// Parts of keys that are not LoRA's, and what they belong to.
const OTHER_KINDS: [(&str, &str); 11] = [
    ("dora_scale", "DoRA"),
    ("lora_magnitude_vector", "DoRA"),
    (".hada_", "LoHa"),
    (".lokr_", "LoKr"),
    (".oft_", "OFT"),
    ("_oft.", "OFT"),
    (".boft_", "BOFT"),
    (".ia3_", "IA3"),
    (".glora_", "GLoRA"),
    (".lora_B.bias", "LoRA with biases"),
    (".lora_embedding_", "LoRA of embeddings"),
];

/// The kind of change that a key belongs to, where that is not LoRA.
pub(super) fn other_kind(key: &str) -> Option<&'static str> {
    OTHER_KINDS.iter().find(|(part, _)| key.contains(part)).map(|(_, kind)| *kind)
}

/// The map that a key belongs to, and what it is of it; `None` for a key that is none of a LoRA's.
pub(super) fn read(key: &str) -> Option<((Part, Spelling, String), Role)> {
    let plain = without_adapter(key);
    let (stem, role) =
        ROLES.iter().find_map(|(end, role)| Some((plain.strip_suffix(end)?.to_owned(), *role)))?;
    let stem = stem.strip_prefix("base_model.model.").unwrap_or(&stem);
    let begun = PARTS
        .iter()
        .find_map(|(begin, part, spelling)| Some((*part, *spelling, stem.strip_prefix(begin)?)));
    // Files of one network alone leave its name away.
    let (part, spelling, name) = begun.unwrap_or((Part::Denoiser, Spelling::Dots, stem));
    let name = name.strip_prefix("base_model.model.").unwrap_or(name).replace(".processor.", ".");
    (!name.is_empty()).then_some(((part, spelling, name), role))
}

/// A key without the name that peft gives to one of several changes: `lora_A.default.weight`.
fn without_adapter(key: &str) -> String {
    for factor in [".lora_A.", ".lora_B."] {
        if let Some((stem, rest)) = key.rsplit_once(factor)
            && let Some(adapter) = rest.strip_suffix(".weight")
            && !adapter.contains('.')
        {
            return format!("{stem}{factor}weight");
        }
    }
    key.to_owned()
}
