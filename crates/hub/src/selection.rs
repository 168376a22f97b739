//! Which files of a repository make its model folder: those that Python's diffusers would fetch, one set of weights each.
//!
//! Where there is a `model_index.json`, its components decide: of a component with weights its `config.json` and one set
//! of weights, of one without (a tokenizer, a scheduler) all files. Where there is only a `config.json`, the repository
//! is one component. Of several sets, safetensors come before `.bin`, an index with its shards before a single file, and
//! the variant asked for before none.

use std::collections::{BTreeMap, BTreeSet};

use crate::listing::Listed;
use crate::weight_file::{Format, Part, WeightFile};
use crate::{Error, Repository, Result};

/// Endings of files for other programs.
const FOREIGN: [&str; 10] = [
    ".onnx",
    ".onnx_data",
    ".msgpack",
    ".pb",
    ".h5",
    ".ot",
    ".xml",
    ".ckpt",
    ".gguf",
    ".flashpack",
];

/// Endings of the files of a component that lies alone in its repository, beside its weights.
const OWN: [&str; 3] = [".json", ".txt", ".model"];

/// Files at the top of a pipeline's repository that belong to it.
const TOP: [&str; 2] = ["model_index.json", "scheduler_config.json"];

/// What was found, and what the caller should know.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    pub(crate) paths: BTreeSet<String>,
    pub(crate) notes: Vec<String>,
}

/// The files of a pipeline with these components.
pub(crate) fn of_pipeline(
    repository: &Repository,
    files: &[Listed],
    components: &[String],
    variant: Option<&str>,
) -> Result<Selection> {
    let mut selection = Selection::default();
    let top = files.iter().map(|file| &file.path).filter(|path| TOP.contains(&path.as_str()));
    selection.paths.extend(top.cloned());
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for component in components {
        let prefix = format!("{component}/");
        let below: Vec<&str> =
            files.iter().filter_map(|file| file.path.strip_prefix(&prefix)).collect();
        let kept: Vec<&str> = match weights(repository, component, &below, variant)? {
            None => below.into_iter().filter(|name| !is_foreign(name)).collect(),
            Some(found) => {
                if found.variant.is_some() { &mut with } else { &mut without }
                    .push(component.as_str());
                found
                    .names
                    .into_iter()
                    .chain(below.contains(&"config.json").then_some("config.json"))
                    .collect()
            }
        };
        selection.paths.extend(kept.into_iter().map(|name| format!("{prefix}{name}")));
    }
    selection.tell(repository, files, variant, (&with, &without))?;
    Ok(selection)
}

/// The files of a repository that is one component.
pub(crate) fn of_component(
    repository: &Repository,
    files: &[Listed],
    variant: Option<&str>,
) -> Result<Selection> {
    let mut selection = Selection::default();
    let top: Vec<&str> =
        files.iter().map(|file| file.path.as_str()).filter(|path| !path.contains('/')).collect();
    let settings = |name: &&str| {
        OWN.iter().any(|ending| name.ends_with(ending)) && WeightFile::of(name).is_none()
    };
    selection.paths.extend(top.iter().copied().filter(settings).map(str::to_owned));
    if let Some(found) = weights(repository, "the repository itself", &top, variant)? {
        let itself: &[&str] = &["it"];
        let split = if found.variant.is_some() { (itself, &[][..]) } else { (&[][..], itself) };
        selection.paths.extend(found.names.iter().map(|name| (*name).to_owned()));
        selection.tell(repository, files, variant, split)?;
    }
    Ok(selection)
}

impl Selection {
    /// Refuses a variant that no component has, and notes which do not.
    fn tell(
        &mut self,
        repository: &Repository,
        files: &[Listed],
        variant: Option<&str>,
        (with, without): (&[&str], &[&str]),
    ) -> Result<()> {
        let Some(variant) = variant else { return Ok(()) };
        if with.is_empty() {
            return Err(Error::NoVariant {
                repository: repository.to_string(),
                variant: variant.to_owned(),
                found: variants(files),
            });
        }
        if !without.is_empty() {
            let names = without.join(", ");
            self.notes.push(format!(
                "no weights of the variant {variant} for {names}: the plain ones are taken"
            ));
        }
        Ok(())
    }
}

/// One set of weights.
struct Found<'a> {
    names: Vec<&'a str>,
    variant: Option<String>,
}

/// The format and the variant of a set of weights.
type Kind<'a> = (Format, Option<&'a str>);

/// The best set of weights among the files of a component; `None` where it has none at all.
fn weights<'a>(
    repository: &Repository,
    component: &str,
    names: &[&'a str],
    wanted: Option<&str>,
) -> Result<Option<Found<'a>>> {
    let mut sets: BTreeMap<Kind<'_>, Vec<(&'a str, Part)>> = BTreeMap::new();
    for name in names.iter().copied() {
        if let Some(file) = WeightFile::of(name) {
            sets.entry((file.format, file.variant)).or_default().push((name, file.part));
        }
    }
    // An index alone is no weights.
    sets.retain(|_, files| files.iter().any(|(_, part)| *part != Part::Index));
    if sets.is_empty() {
        return Ok(None);
    }
    let variants = if wanted.is_some() { vec![wanted, None] } else { vec![None] };
    for variant in variants {
        for format in [Format::Safetensors, Format::Bin] {
            let Some(files) = sets.get(&(format, variant)) else { continue };
            let has = |part| files.iter().any(|(_, found)| *found == part);
            let sharded = has(Part::Index) && has(Part::Shard);
            let kept = files.iter().filter(|(_, part)| (*part != Part::Whole) == sharded);
            let names: Vec<&str> = kept.map(|(name, _)| *name).collect();
            if !names.is_empty() {
                return Ok(Some(Found { names, variant: variant.map(str::to_owned) }));
            }
        }
    }
    let found: BTreeSet<&str> = sets.keys().filter_map(|(_, variant)| *variant).collect();
    Err(Error::OnlyVariants {
        repository: repository.to_string(),
        component: component.to_owned(),
        found: found.into_iter().collect::<Vec<_>>().join(", "),
    })
}

/// The variants that any file has.
fn variants(files: &[Listed]) -> String {
    let names = files.iter().filter_map(|file| file.path.rsplit('/').next());
    let found: BTreeSet<&str> = names.filter_map(|name| WeightFile::of(name)?.variant).collect();
    if found.is_empty() {
        return "no variants".to_owned();
    }
    found.into_iter().collect::<Vec<_>>().join(", ")
}

fn is_foreign(name: &str) -> bool {
    FOREIGN.iter().any(|ending| name.ends_with(ending)) || name.starts_with("openvino_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(paths: &[&str]) -> Vec<Listed> {
        let file = |path: &&str| Listed { path: (*path).to_owned(), size: None, digest: None };
        paths.iter().map(file).collect()
    }

    fn repository() -> Repository {
        "a/b".parse().unwrap()
    }

    fn pipeline(paths: &[&str], components: &[&str], variant: Option<&str>) -> Result<Vec<String>> {
        let components: Vec<String> = components.iter().map(|&name| name.to_owned()).collect();
        let selection = of_pipeline(&repository(), &listed(paths), &components, variant)?;
        Ok(selection.paths.into_iter().collect())
    }

    /// The shape of the first Stable Diffusion's repository, which has everything.
    const STABLE: [&str; 22] = [
        ".gitattributes",
        "README.md",
        "model_index.json",
        "scheduler/scheduler_config.json",
        "safety_checker/config.json",
        "safety_checker/model.safetensors",
        "text_encoder/config.json",
        "text_encoder/model.fp16.safetensors",
        "text_encoder/model.safetensors",
        "text_encoder/pytorch_model.bin",
        "tokenizer/merges.txt",
        "tokenizer/vocab.json",
        "unet/config.json",
        "unet/diffusion_flax_model.msgpack",
        "unet/diffusion_pytorch_model.bin",
        "unet/diffusion_pytorch_model.fp16.bin",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "unet/diffusion_pytorch_model.non_ema.safetensors",
        "unet/diffusion_pytorch_model.safetensors",
        "unet/model.onnx",
        "v1-5-pruned.ckpt",
        "v1-5-pruned.safetensors",
    ];

    #[test]
    fn one_set_of_weights_is_taken_for_each_component() {
        let components = ["scheduler", "text_encoder", "tokenizer", "unet"];
        assert_eq!(
            pipeline(&STABLE, &components, None).unwrap(),
            [
                "model_index.json",
                "scheduler/scheduler_config.json",
                "text_encoder/config.json",
                "text_encoder/model.safetensors",
                "tokenizer/merges.txt",
                "tokenizer/vocab.json",
                "unet/config.json",
                "unet/diffusion_pytorch_model.safetensors",
            ]
        );
        let half = pipeline(&STABLE, &["unet", "safety_checker"], Some("fp16")).unwrap();
        assert_eq!(
            half,
            [
                "model_index.json",
                "safety_checker/config.json",
                "safety_checker/model.safetensors",
                "unet/config.json",
                "unet/diffusion_pytorch_model.fp16.safetensors",
            ]
        );
    }

    #[test]
    fn an_index_brings_its_shards_and_leaves_the_single_file() {
        let paths = [
            "t/config.json",
            "t/model-00001-of-00002.safetensors",
            "t/model-00002-of-00002.safetensors",
            "t/model.safetensors",
            "t/model.safetensors.index.json",
            "t/model.fp16-00001-of-00001.safetensors",
            "t/model.safetensors.index.fp16.json",
        ];
        let found = pipeline(&paths, &["t"], None).unwrap();
        assert_eq!(found.len(), 4);
        assert!(!found.contains(&"t/model.safetensors".to_owned()));
        let half = pipeline(&paths, &["t"], Some("fp16")).unwrap();
        assert_eq!(half, ["t/config.json", paths[5], paths[6]]);
    }

    #[test]
    fn variants_that_are_not_there_are_told() {
        let error = pipeline(&STABLE, &["unet"], Some("fp8")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a/b has no weights of the variant `fp8`; it has fp16, non_ema"
        );
        let error =
            pipeline(&["u/config.json", "u/model.fp16.safetensors"], &["u"], None).unwrap_err();
        assert_eq!(error.to_string(), "a/b has weights of `u` only in variants: fp16; ask for one");
        let files = listed(&STABLE);
        let components = ["unet".to_owned(), "safety_checker".to_owned()];
        let selection = of_pipeline(&repository(), &files, &components, Some("fp16")).unwrap();
        assert_eq!(
            selection.notes,
            ["no weights of the variant fp16 for safety_checker: the plain ones are taken"]
        );
    }

    #[test]
    fn bin_is_taken_where_there_is_nothing_else() {
        let found =
            pipeline(&["u/config.json", "u/diffusion_pytorch_model.bin"], &["u"], None).unwrap();
        assert_eq!(found, ["u/config.json", "u/diffusion_pytorch_model.bin"]);
    }

    #[test]
    fn a_component_may_lie_alone() {
        let files = listed(&[
            "config.json",
            "diffusion_pytorch_model.bin",
            "diffusion_pytorch_model.safetensors",
            "README.md",
            "sub/config.json",
        ]);
        let selection = of_component(&repository(), &files, None).unwrap();
        let found: Vec<String> = selection.paths.into_iter().collect();
        assert_eq!(found, ["config.json", "diffusion_pytorch_model.safetensors"]);
    }
}
