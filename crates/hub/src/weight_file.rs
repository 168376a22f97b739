//! What the name of a file of weights says: `STEM[.VARIANT][-00001-of-00002].FORMAT`, or the index of several.
//!
//! An index is `STEM.FORMAT.index[.VARIANT].json`; older files have the variant elsewhere: `STEM-00001-of-00002.VARIANT`,
//! `STEM.FORMAT.VARIANT.index.json`.

/// How weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Format {
    Safetensors,
    Bin,
}

/// Which part of a network's weights a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    Shard,
    Index,
}

/// A file's name, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WeightFile<'a> {
    pub(crate) variant: Option<&'a str>,
    pub(crate) format: Format,
    pub(crate) part: Part,
}

/// What diffusers and transformers call weights.
const STEMS: [&str; 3] = ["diffusion_pytorch_model", "pytorch_model", "model"];

impl<'a> WeightFile<'a> {
    /// Takes apart the name of a file in a component's folder; `None` for what is no weights of these two libraries.
    pub(crate) fn of(name: &'a str) -> Option<Self> {
        let rest = STEMS
            .iter()
            .find_map(|stem| name.strip_prefix(stem).filter(|rest| rest.starts_with(['.', '-'])))?;
        if let Some(rest) = rest.strip_suffix(".json") {
            let words: Vec<&str> = rest.split('.').skip(1).collect();
            let (format, variant) = match words.as_slice() {
                [format, "index"] => (*format, None),
                [format, "index", variant] | [format, variant, "index"] => {
                    (*format, Some(*variant))
                }
                _ => return None,
            };
            return Some(Self { variant, format: Format::of(format)?, part: Part::Index });
        }
        let (rest, format) = rest.rsplit_once('.')?;
        let format = Format::of(format)?;
        let (variant, part) = variant_and_part(rest)?;
        Some(Self { variant, format, part })
    }
}

/// What `rest` says between stem and ending: nothing, `.VARIANT`, `-COUNT`, `.VARIANT-COUNT` or `-COUNT.VARIANT`.
fn variant_and_part(rest: &str) -> Option<(Option<&str>, Part)> {
    if rest.is_empty() {
        return Some((None, Part::Whole));
    }
    if let Some(counted) = rest.strip_prefix('-') {
        let (count, variant) = match counted.split_once('.') {
            Some((count, variant)) => (count, Some(variant)),
            None => (counted, None),
        };
        return (is_count(count) && variant.is_none_or(is_variant))
            .then_some((variant, Part::Shard));
    }
    let named = rest.strip_prefix('.')?;
    // The count is 14 characters behind a hyphen; variants may have hyphens, too.
    let (variant, part) =
        match named.len().checked_sub(15).and_then(|at| named.split_at_checked(at)) {
            Some((variant, count)) if count.strip_prefix('-').is_some_and(is_count) => {
                (variant, Part::Shard)
            }
            _ => (named, Part::Whole),
        };
    is_variant(variant).then_some((Some(variant), part))
}

fn is_variant(text: &str) -> bool {
    !text.is_empty() && !text.contains('.')
}

impl Format {
    fn of(ending: &str) -> Option<Self> {
        match ending {
            "safetensors" => Some(Self::Safetensors),
            "bin" => Some(Self::Bin),
            _ => None,
        }
    }
}

/// Whether a text is like `00001-of-00002`.
fn is_count(text: &str) -> bool {
    let digits = |text: &str| text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once("-of-").is_some_and(|(number, count)| digits(number) && digits(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_weights_are_taken_apart() {
        use Format::{Bin, Safetensors};
        use Part::{Index, Shard, Whole};
        for (name, variant, format, part) in [
            ("diffusion_pytorch_model.safetensors", None, Safetensors, Whole),
            ("diffusion_pytorch_model.fp16.safetensors", Some("fp16"), Safetensors, Whole),
            ("pytorch_model.bin", None, Bin, Whole),
            ("model.fp16-00001-of-00002.safetensors", Some("fp16"), Safetensors, Shard),
            ("model-00001-of-00002.fp16.safetensors", Some("fp16"), Safetensors, Shard),
            ("model-00001-of-00002.safetensors", None, Safetensors, Shard),
            ("model.non-ema.safetensors", Some("non-ema"), Safetensors, Whole),
            ("model.safetensors.index.json", None, Safetensors, Index),
            ("model.safetensors.index.fp16.json", Some("fp16"), Safetensors, Index),
            ("pytorch_model.bin.fp16.index.json", Some("fp16"), Bin, Index),
        ] {
            assert_eq!(WeightFile::of(name), Some(WeightFile { variant, format, part }), "{name}");
        }
    }

    #[test]
    fn other_names_are_no_weights() {
        for name in [
            "config.json",
            "model.onnx",
            "model_index.json",
            "openvino_model.bin",
            "flax_model.msgpack",
            "diffusion_flax_model.msgpack",
            "model.safetensors.json",
            "model-1-of-2.safetensors",
            "model..safetensors",
            "model.safetensors",
            "modelx.safetensors",
            "é-00001-of-00002.bin",
            "model.é234567890123456.bin",
        ] {
            let expected = name == "model.safetensors" || name.starts_with("model.é");
            assert_eq!(WeightFile::of(name).is_some(), expected, "{name}");
        }
    }
}
