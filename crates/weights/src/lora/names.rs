//! All names that LoRA files give to the maps of a network, looked up from the file's side.

use std::collections::HashMap;

use super::key::Spelling;
use super::original::Original;

/// The parameters behind a name, in the order in which a file's map holds their rows.
#[derive(Debug)]
pub(super) struct Names {
    dots: HashMap<String, Vec<usize>>,
    underscores: HashMap<String, Vec<usize>>,
}

impl Names {
    /// Of the parameters of one network; only `….weight` is a map.
    pub(super) fn new<'a>(parameters: impl Iterator<Item = &'a str> + Clone) -> Self {
        let original = Original::new(parameters.clone());
        let mut all: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
        for (index, parameter) in parameters.enumerate() {
            let Some(map) = parameter.strip_suffix(".weight") else { continue };
            let names = own(map).into_iter().map(|name| (name, 0));
            for (name, place) in names.chain(original.name(map)) {
                all.entry(name).or_default().push((place, index));
            }
        }
        let mut dots = HashMap::new();
        for (name, mut rows) in all {
            rows.sort_unstable();
            dots.insert(name, rows.into_iter().map(|(_, index)| index).collect::<Vec<_>>());
        }
        let underscores =
            dots.iter().map(|(name, rows)| (name.replace('.', "_"), rows.clone())).collect();
        Self { dots, underscores }
    }

    /// The parameters that a file's map changes, first rows first; none where the network has no such map.
    pub(super) fn find(&self, spelling: Spelling, name: &str) -> &[usize] {
        let names = match spelling {
            Spelling::Dots => &self.dots,
            Spelling::Underscores => &self.underscores,
        };
        names.get(name).map_or(&[], Vec::as_slice)
    }
}

/// A map's own name and the short ones of older files.
fn own(map: &str) -> Vec<String> {
    let mut names = vec![map.to_owned()];
    if let Some(rest) = map.strip_suffix(".to_out.0") {
        names.push(format!("{rest}.to_out"));
    }
    // Older diffusers names the maps of a text encoder as those of a U-Net.
    for (now, then) in
        [("q_proj", "to_q"), ("k_proj", "to_k"), ("v_proj", "to_v"), ("out_proj", "to_out")]
    {
        if let Some(rest) = map.strip_suffix(now)
            && rest.ends_with(".self_attn.")
        {
            names.push(format!("{rest}{then}"));
        }
    }
    // Newer transformers has no `text_model` around the layers.
    let inner: Vec<String> = names
        .iter()
        .filter_map(|name| name.strip_prefix("text_model.").map(str::to_owned))
        .collect();
    names.extend(inner);
    names
}
