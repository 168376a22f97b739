//! A network's tensors as files: one, or several with an index.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::{Event, Options, Teller};
use crate::write::{TensorSpec, length, write_streamed};
use crate::{Dtype, Result, Weights, atomic, pretty};

/// Writes tensors into `folder` under the name `stem`, in shards where the options set their size.
pub(super) fn store(
    weights: &Weights,
    (folder, stem): (&Path, &str),
    options: &Options,
    teller: &mut Teller<'_>,
) -> Result<()> {
    let specs = specs(weights, options)?;
    let total: u64 = specs.iter().map(|(_, dtype, shape)| length(*dtype, shape)).sum();
    let dotted = |variant: &str| format!(".{variant}");
    let variant = options.variant.as_deref().map(dotted).unwrap_or_default();
    let shards = shards(specs, options.shard_size.unwrap_or(u64::MAX));
    if let [all] = shards.as_slice() {
        let file = folder.join(format!("{stem}{variant}.safetensors"));
        return write(weights, &file, all, options, teller);
    }
    let mut map = Map::new();
    for (index, shard) in shards.iter().enumerate() {
        let name = format!("{stem}{variant}-{:05}-of-{:05}.safetensors", index + 1, shards.len());
        map.extend(shard.iter().map(|(tensor, ..)| (tensor.clone(), name.clone().into())));
        write(weights, &folder.join(name), shard, options, teller)?;
    }
    let metadata = Map::from_iter([("total_size".to_owned(), Value::from(total))]);
    let index = Map::from_iter([
        ("metadata".to_owned(), Value::Object(metadata)),
        ("weight_map".to_owned(), Value::Object(map)),
    ]);
    let name = format!("{stem}.safetensors.index{variant}.json");
    atomic::write_bytes(folder.join(name), pretty(&index).as_bytes())
}

/// Names, types after conversion, and shapes.
pub(super) fn specs(weights: &Weights, options: &Options) -> Result<Vec<TensorSpec>> {
    let spec = |name: &str| {
        let dtype = weights.dtype(name)?;
        let dtype = options.precision.map_or(dtype, |precision| precision.of(dtype));
        Ok((name.to_owned(), dtype, weights.shape(name)?.to_vec()))
    };
    weights.names().map(spec).collect()
}

/// Tensors in their order, as many in each part as fit into `size` bytes, and one at least.
fn shards(specs: Vec<TensorSpec>, size: u64) -> Vec<Vec<TensorSpec>> {
    let mut shards = vec![Vec::new()];
    let mut filled = 0u64;
    for spec in specs {
        let bytes = length(spec.1, &spec.2);
        let last = shards.len() - 1;
        if !shards[last].is_empty() && filled.saturating_add(bytes) > size {
            shards.push(vec![spec]);
            filled = bytes;
        } else {
            shards[last].push(spec);
            filled = filled.saturating_add(bytes);
        }
    }
    shards
}

/// Writes one file, tensor by tensor.
pub(super) fn write(
    weights: &Weights,
    path: &Path,
    specs: &[TensorSpec],
    options: &Options,
    teller: &mut Teller<'_>,
) -> Result<()> {
    write_streamed(path, specs, &BTreeMap::new(), &mut |name| read(weights, name, options, teller))
}

/// One tensor in the precision wanted.
pub(super) fn read(
    weights: &Weights,
    name: &str,
    options: &Options,
    teller: &mut Teller<'_>,
) -> Result<Vec<u8>> {
    let dtype = weights.dtype(name)?;
    let bytes = weights.bytes(name)?;
    teller.tell(Event::Tensor { name, bytes: bytes.len() as u64 })?;
    convert((name, weights.path()), (dtype, bytes), options, teller)
}

/// The elements of a tensor in the precision wanted; what does not fit into it is told.
pub(super) fn convert(
    (name, path): (&str, &Path),
    (dtype, bytes): (Dtype, Vec<u8>),
    options: &Options,
    teller: &mut Teller<'_>,
) -> Result<Vec<u8>> {
    let Some(precision) = options.precision else { return Ok(bytes) };
    let (bytes, beyond) = precision.convert(dtype, bytes);
    if beyond > 0 {
        let numbers = if beyond == 1 { "one number" } else { &format!("{beyond} numbers") };
        teller.note(format!(
            "tensor `{name}` of {} holds {numbers} beyond the range of {precision}, which became infinite",
            path.display()
        ))?;
    }
    Ok(bytes)
}
