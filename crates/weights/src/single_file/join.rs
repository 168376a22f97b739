//! A folder's tensors as those of one file: the tables of names read backwards.

use std::collections::BTreeMap;

use serde_json::Value;

use super::kind::Kind;
use super::network::Network;
use super::rules::Link;
use super::vae;
use crate::folder::Pipeline;
use crate::{Dtype, Error, Result, Weights};

/// One tensor of the file.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    /// Which component and tensor each piece is, in order.
    pieces: Vec<(usize, String)>,
    link: Link,
}

impl Joined {
    /// Its bytes.
    pub(crate) fn bytes(&self, weights: &[Weights]) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        for (component, name) in &self.pieces {
            let bytes = weights[*component].bytes(name)?;
            if all.is_empty() {
                all = bytes;
            } else {
                all.extend_from_slice(&bytes);
            }
        }
        let size = self.dtype.bitsize() / 8;
        match self.link {
            Link::Transposed => {
                let [columns, rows] = [self.shape[0], self.shape[1]];
                let mut out = Vec::with_capacity(all.len());
                for column in 0..columns {
                    for row in 0..rows {
                        out.extend_from_slice(&all[(row * columns + column) * size..][..size]);
                    }
                }
                Ok(out)
            }
            Link::Swapped => {
                let half = all.len() / 2;
                all.rotate_left(half);
                Ok(all)
            }
            _ => Ok(all),
        }
    }
}

/// The tensors of a pipeline's file by name, and the open weights they come from.
///
/// # Errors
/// [`Error::NoLayout`] for a pipeline that has no such layout or a tensor that has no place in it, and
/// those of reading components.
pub(crate) fn join(pipeline: &Pipeline) -> Result<(BTreeMap<String, Joined>, Vec<Weights>)> {
    let kind = kind(pipeline)?;
    let mut joined: BTreeMap<String, Vec<(usize, String, Link)>> = BTreeMap::new();
    let mut weights = Vec::new();
    for place in kind.places() {
        if !has(pipeline, place.part) {
            continue;
        }
        let component = pipeline.component(place.part)?;
        let rules = place.network.rules(component.config().values());
        let open = component.weights()?;
        for name in open.names().filter(|name| !name.ends_with("position_ids")) {
            let (theirs, link) = rules.theirs(&usual(name, place.network)).ok_or_else(|| {
                no_layout(
                    pipeline,
                    format!("the tensor `{name}` of {} has no place in it", place.part),
                )
            })?;
            let theirs = format!("{}{theirs}", place.prefixes[0]);
            joined.entry(theirs).or_default().push((weights.len(), name.to_owned(), link));
        }
        weights.push(open);
    }
    let joined = joined.into_iter().map(|(name, pieces)| {
        let tensor = together(pieces, &weights)?;
        Ok((name, tensor))
    });
    let joined = joined.collect::<Result<_>>()?;
    Ok((joined, weights))
}

/// The name that the tables have for a tensor of a folder.
fn usual(name: &str, network: Network) -> String {
    match network {
        Network::Autoencoder => vae::OLDER
            .iter()
            .find(|(older, _)| name.contains(older) && name.contains(".attentions."))
            .map_or_else(|| name.to_owned(), |(older, now)| name.replace(older, now)),
        // Newer versions of transformers leave the prefix out.
        Network::Clip(_) if !name.starts_with("text_") => format!("text_model.{name}"),
        _ => name.to_owned(),
    }
}

fn together(mut pieces: Vec<(usize, String, Link)>, weights: &[Weights]) -> Result<Joined> {
    pieces.sort_by_key(|(_, _, link)| link.order());
    let (component, name, link) = &pieces[0];
    let first = &weights[*component];
    let dtype = first.dtype(name)?;
    let mut shape = first.shape(name)?.to_vec();
    for (component, name, _) in &pieces[1..] {
        let other = weights[*component].shape(name)?;
        let same = other.len() == shape.len() && other.get(1..) == shape.get(1..);
        if !same || other.is_empty() || weights[*component].dtype(name)? != dtype {
            return Err(Error::View {
                path: weights[*component].path().to_owned(),
                tensor: name.clone(),
                shape: other.to_vec(),
                expected: "the same rows as of the tensors it is joined with",
            });
        }
        shape[0] += other[0];
    }
    match (link, shape.as_slice()) {
        (Link::Pixel, [rows, columns]) => shape = vec![*rows, *columns, 1, 1],
        (Link::Transposed, [rows, columns]) => shape = vec![*columns, *rows],
        (Link::Transposed, _) => {
            return Err(Error::View {
                path: first.path().to_owned(),
                tensor: name.clone(),
                shape,
                expected: "a matrix",
            });
        }
        _ => {}
    }
    let link = *link;
    let pieces = pieces.into_iter().map(|(component, name, _)| (component, name)).collect();
    Ok(Joined { dtype, shape, pieces, link })
}

/// The kind of model that a folder holds.
fn kind(pipeline: &Pipeline) -> Result<Kind> {
    if let Ok(transformer) = pipeline.class("transformer") {
        return match transformer.class.as_str() {
            "SD3Transformer2DModel" => Ok(Kind::StableDiffusion3),
            "FluxTransformer2DModel" => Ok(Kind::Flux),
            other => Err(no_layout(pipeline, format!("its transformer is {other}"))),
        };
    }
    if !has(pipeline, "unet") {
        let class = pipeline.index().class_name().unwrap_or("none");
        return Err(no_layout(pipeline, format!("its pipeline is {class}")));
    }
    match (has(pipeline, "text_encoder"), has(pipeline, "text_encoder_2")) {
        (true, true) => Ok(Kind::Xl),
        (false, true) => Ok(Kind::XlRefiner),
        (true, false) => {
            let encoder = pipeline.component("text_encoder")?;
            let open = encoder.config().values().get("hidden_act").is_some_and(is_exact);
            Ok(if open { Kind::StableDiffusion2 } else { Kind::StableDiffusion1 })
        }
        (false, false) => Err(no_layout(pipeline, "it has no text encoder".to_owned())),
    }
}

/// OpenCLIP's text encoders take the exact activation, OpenAI's a quicker one.
fn is_exact(activation: &Value) -> bool {
    activation == "gelu"
}

fn has(pipeline: &Pipeline, component: &str) -> bool {
    pipeline.components().any(|(name, class)| name == component && class.is_some())
}

fn no_layout(pipeline: &Pipeline, detail: String) -> Error {
    Error::NoLayout { folder: pipeline.folder().to_owned(), detail }
}
