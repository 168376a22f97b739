//! From a listing of image files to a data set: decode, fit, agree on a shape, join with classes and metadata.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::listing::{Entry, Listing};
use super::{classes, metadata};
use crate::dataset::{Dataset, Record};
use crate::error::{Error, Result};
use crate::notes::{Notes, Skipped, list};
use crate::options::{Options, Strictness};
use crate::picture::{ImageFault, Picture, decode};
use crate::size;
use crate::transform::fit;

/// Reads all images of a listing.
pub(super) fn assemble(listing: Listing, options: &Options) -> Result<(Dataset, Notes)> {
    if let Some(channels) = options.channels {
        crate::dataset::check_shape(channels, 1, 1)?;
    }
    if let Some([height, width]) = options.size {
        crate::dataset::check_shape(1, height, width)?;
    }
    if listing.images.is_empty() {
        return Err(Error::NoImageFiles { name: listing.name, others: listing.others });
    }
    let mut notes = Notes { skipped: listing.skipped, remarks: Vec::new() };
    let records = metadata::parse(&listing.metadata)?;
    let all: Vec<&str> = listing.images.iter().map(|entry| entry.name.as_str()).collect();
    let found = classes::find(&options.classes, &all, &records)?;
    notes.remarks.extend(found.remark);
    let lines = Lines { any_file: !listing.metadata.is_empty(), records };
    lines.check(&all, options.strictness, &mut notes)?;

    let pictures = read_all(&listing.name, &listing.images, options)?;
    let mut kept = Vec::with_capacity(pictures.len());
    let mut labels = found.labels.as_ref().map(|_| Vec::with_capacity(pictures.len()));
    for (index, picture) in pictures.into_iter().enumerate() {
        match picture {
            Ok(picture) => {
                kept.push((all[index], picture));
                if let (Some(labels), Some((_, of_all))) = (&mut labels, &found.labels) {
                    labels.push(of_all[index]);
                }
            }
            Err(fault) => notes.skipped.push(Skipped { name: all[index].to_owned(), fault }),
        }
    }
    notes.skipped.sort_by(|a, b| a.name.cmp(&b.name));
    match notes.skipped.first() {
        Some(Skipped { name, fault }) if options.strictness == Strictness::Strict => {
            return Err(Error::Image { name: name.clone(), fault: fault.clone() });
        }
        Some(Skipped { name, fault }) if kept.is_empty() => {
            let (first, fault) = (name.clone(), fault.clone());
            return Err(Error::NoReadableImages {
                name: listing.name,
                count: notes.skipped.len(),
                first,
                fault,
            });
        }
        _ => {}
    }
    let names: Vec<&str> = kept.iter().map(|(name, _)| *name).collect();
    let mut dataset = join(&listing.name, kept, options, &mut notes)?;
    if let (Some(labels), Some((class_names, _))) = (labels, found.labels) {
        dataset = dataset.with_labels(labels, class_names)?;
    }
    Ok((lines.attach(dataset, &names)?, notes))
}

/// Every image, decoded and fitted, or why it cannot be used.
fn read_all(
    name: &str,
    entries: &[Entry],
    options: &Options,
) -> Result<Vec<Result<Picture, ImageFault>>> {
    let held = AtomicU64::new(0);
    let read = |entry: &Entry| -> Option<Result<Picture, ImageFault>> {
        if held.load(Ordering::Relaxed) > options.memory_limit {
            return None;
        }
        let picture = entry.with_bytes(decode).map(|picture| prepare(picture, options));
        if let Ok(picture) = &picture {
            held.fetch_add(picture.pixels().len() as u64, Ordering::Relaxed);
        }
        Some(picture)
    };
    let pictures: Option<Vec<_>> = entries.par_iter().map(read).collect();
    match pictures {
        Some(pictures) if held.into_inner() <= options.memory_limit => Ok(pictures),
        _ => Err(Error::Memory { name: name.to_owned(), limit: size::words(options.memory_limit) }),
    }
}

/// The picture with the channels and the size asked for.
fn prepare(picture: Picture, options: &Options) -> Picture {
    let picture = match options.channels {
        Some(channels) => picture.with_channels(channels),
        None => without_idle_alpha(picture),
    };
    let fitted = match options.size {
        Some([height, width]) => {
            picture.and_then(|p| fit(p, height, width, options.fit, options.filter))
        }
        None => picture,
    };
    fitted.expect("channels and size are checked before any image is read")
}

fn without_idle_alpha(picture: Picture) -> Result<Picture> {
    let area = picture.height() * picture.width();
    if picture.channels() == 4 && picture.pixels()[3 * area..].iter().all(|&alpha| alpha == u8::MAX)
    {
        picture.with_channels(3)
    } else {
        Ok(picture)
    }
}

/// One data set of pictures that agree in size, with the most channels that any of them has.
fn join(
    name: &str,
    kept: Vec<(&str, Picture)>,
    options: &Options,
    notes: &mut Notes,
) -> Result<Dataset> {
    let (first, one) = &kept[0];
    let (height, width, first_channels) = (one.height(), one.width(), one.channels());
    if let Some((other, picture)) =
        kept.iter().find(|(_, p)| (p.height(), p.width()) != (height, width))
    {
        return Err(Error::MixedSizes {
            first: (*first).to_owned(),
            first_size: [height, width],
            other: (*other).to_owned(),
            other_size: [picture.height(), picture.width()],
        });
    }
    let channels =
        kept.iter().map(|(_, picture)| picture.channels()).max().unwrap_or(first_channels);
    if let Some((other, picture)) = kept.iter().find(|(_, p)| p.channels() != first_channels) {
        if options.strictness == Strictness::Strict {
            return Err(Error::MixedChannels {
                first: (*first).to_owned(),
                first_channels,
                other: (*other).to_owned(),
                other_channels: picture.channels(),
            });
        }
        let converted: Vec<&str> =
            kept.iter().filter(|(_, p)| p.channels() != channels).map(|(name, _)| *name).collect();
        let kind = if channels == 4 { "RGBA" } else { "RGB" };
        let count = converted.len();
        let verb = if count == 1 { "image is" } else { "images are" };
        notes.remarks.push(format!(
            "{count} {verb} converted to {kind}, as others are: {}",
            list(&converted)
        ));
    }
    let bytes = kept.len() as u64 * (channels * height * width) as u64;
    if bytes > options.memory_limit {
        return Err(Error::Memory {
            name: name.to_owned(),
            limit: size::words(options.memory_limit),
        });
    }
    let mut pixels = Vec::with_capacity(bytes as usize);
    for (_, picture) in kept {
        pixels.extend(picture.with_channels(channels)?.into_pixels());
    }
    Dataset::new(channels, height, width, pixels)
}

/// The lines of the metadata files.
struct Lines {
    any_file: bool,
    records: HashMap<String, Record>,
}

impl Lines {
    /// Remarks on images without a line and lines without an image, or refuses them.
    fn check(&self, images: &[&str], strictness: Strictness, notes: &mut Notes) -> Result<()> {
        if !self.any_file {
            return Ok(());
        }
        let bare: Vec<&str> =
            images.iter().filter(|name| !self.records.contains_key(**name)).copied().collect();
        let mut stray: Vec<&str> = self.records.keys().map(String::as_str).collect();
        stray.retain(|name| images.binary_search(name).is_err());
        stray.sort_unstable();
        let mut remarks = Vec::new();
        if !bare.is_empty() {
            let (count, list) = (bare.len(), list(&bare));
            remarks.push(format!(
                "{count} of {} images have no line in metadata.jsonl: {list}",
                images.len()
            ));
        }
        if !stray.is_empty() {
            let (count, list) = (stray.len(), list(&stray));
            remarks.push(format!(
                "{count} of {} lines in metadata.jsonl name no image: {list}",
                self.records.len()
            ));
        }
        match remarks.first() {
            Some(remark) if strictness == Strictness::Strict => {
                Err(Error::Strict { remark: remark.clone() })
            }
            _ => {
                notes.remarks.extend(remarks);
                Ok(())
            }
        }
    }

    /// The data set with its records and, where any image has one, its captions.
    fn attach(mut self, dataset: Dataset, names: &[&str]) -> Result<Dataset> {
        if !self.any_file {
            return Ok(dataset);
        }
        let records: Vec<Record> =
            names.iter().map(|name| self.records.remove(*name).unwrap_or_default()).collect();
        let captions: Vec<Option<String>> =
            records.iter().map(|record| Some(record.get("text")?.as_str()?.to_owned())).collect();
        let dataset = if captions.iter().any(Option::is_some) {
            dataset.with_captions(captions.into_iter().map(Option::unwrap_or_default).collect())?
        } else {
            dataset
        };
        dataset.with_records(records)
    }
}
