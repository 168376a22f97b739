//! Pictures as CLIP's image encoder sees them: resized so that the shorter side fits, cut in the middle, each colour by its
//! mean and deviation (`CLIPImageProcessor` of transformers, with Pillow; Radford et al. 2021).

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use langevin_data::Picture;
use langevin_data::transform::{PillowFilter, pillow_resize, pillow_rgb};
use langevin_weights::Config;
use serde_json::{Map, Value};

use crate::{Error, Result};

/// Sides of pictures are at most as long.
const LONGEST: usize = 2048;

/// What `preprocessor_config.json` says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ClipPicture {
    resize: Option<(Size, PillowFilter)>,
    crop: Option<[usize; 2]>,
    scale: f64,
    mean: [f64; 3],
    deviation: [f64; 3],
}

/// How large a picture becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    /// Its shorter side.
    Shorter(usize),
    /// Height and width.
    Both([usize; 2]),
}

impl ClipPicture {
    /// Reads the folder of a feature extractor; what it does not say is as CLIP was trained.
    ///
    /// # Errors
    /// Where the file cannot be read or a value cannot be meant.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let config = Config::read(folder.join("preprocessor_config.json"))?;
        let on = |key: &str| Ok::<_, Error>(config.get_or(key, Some(true))?.unwrap_or(true));
        let filter = match config.get_or("resample", 3usize)? {
            1 => PillowFilter::Lanczos,
            2 => PillowFilter::Bilinear,
            3 => PillowFilter::Bicubic,
            other => {
                return Err(refuse(
                    "`resample`",
                    &other,
                    "1, 2 or 3: Lanczos, bilinear or bicubic",
                ));
            }
        };
        let (scale, plain) = (on("do_rescale")?, !on("do_normalize")?);
        let usual = |usual: [f64; 3], neutral: f64| if plain { [neutral; 3] } else { usual };
        Ok(Self {
            resize: match on("do_resize")? {
                true => Some((size(&config, "size", Size::Shorter(224))?, filter)),
                false => None,
            },
            crop: match on("do_center_crop")? {
                true => Some(match size(&config, "crop_size", Size::Both([224; 2]))? {
                    Size::Both(sides) => sides,
                    Size::Shorter(side) => [side; 2],
                }),
                false => None,
            },
            scale: if scale { config.get_or("rescale_factor", 1.0 / 255.0)? } else { 1.0 },
            mean: three(
                &config,
                "image_mean",
                usual([0.48145466, 0.4578275, 0.40821073], 0.0),
                plain,
            )?,
            deviation: three(
                &config,
                "image_std",
                usual([0.26862954, 0.26130258, 0.27577711], 1.0),
                plain,
            )?,
        })
    }

    /// The picture as numbers `[1, 3, side, side]`.
    ///
    /// # Errors
    /// Where it becomes of another size, or is so long that resizing it would make it longer than is read.
    pub(crate) fn pixels(
        &self,
        picture: &Picture,
        side: usize,
        device: &Device,
    ) -> Result<Tensor<4>> {
        let mut picture = pillow_rgb(picture);
        if let Some((size, filter)) = self.resize {
            let sides = size.of([picture.height(), picture.width()]);
            picture = pillow_resize(&picture, sides, filter).map_err(|error| {
                refuse("the picture", &"too long", &format!("shorter: {error}"))
            })?;
        }
        let found = [picture.height(), picture.width()];
        let [height, width] = self.crop.unwrap_or(found);
        if [height, width] != [side; 2] {
            let expected = format!("{side} × {side}, which the image encoder takes");
            return Err(refuse(
                "the size that pictures are cut to",
                &format!("{height} × {width}"),
                &expected,
            ));
        }
        // What is too small is put into the middle of black.
        let offset = |found: usize, wanted: usize| (found as i64 - wanted as i64).div_euclid(2);
        let [top, left] = [offset(found[0], height), offset(found[1], width)];
        let at = |c: usize, y: usize, x: usize| {
            let inside = |at: usize, off: i64, most: usize| {
                usize::try_from(at as i64 + off).ok().filter(|at| *at < most)
            };
            let (y, x) = (inside(y, top, found[0])?, inside(x, left, found[1])?);
            picture.pixels().get((c * found[0] + y) * found[1] + x).copied()
        };
        let mut values = Vec::with_capacity(3 * height * width);
        for c in 0..3 {
            for y in 0..height {
                for x in 0..width {
                    let value = f64::from(at(c, y, x).unwrap_or(0)) * self.scale;
                    values.push(((value - self.mean[c]) / self.deviation[c]) as f32);
                }
            }
        }
        Ok(Tensor::from_data(TensorData::new(values, [1, 3, height, width]), device))
    }
}

impl Size {
    fn of(self, [height, width]: [usize; 2]) -> [usize; 2] {
        match self {
            Self::Both(sides) => sides,
            Self::Shorter(side) => {
                let long =
                    |short: usize, long: usize| (side as f64 * long as f64 / short as f64) as usize;
                if width <= height {
                    [long(width, height), side]
                } else {
                    [side, long(height, width)]
                }
            }
        }
    }
}

/// A size, as one number for the shorter side or by name.
fn size(config: &Config, key: &'static str, usual: Size) -> Result<Size> {
    let Some(value) = config.values().get(key).filter(|value| !value.is_null()) else {
        return Ok(usual);
    };
    let side = |value: Option<&Value>| value.and_then(Value::as_u64).map(|side| side as usize);
    let named = |name: &str| side(value.as_object().and_then(|sides: &Map<_, _>| sides.get(name)));
    let found =
        match (side(Some(value)).or(named("shortest_edge")), named("height"), named("width")) {
            (Some(side), _, _) => Some(Size::Shorter(side)),
            (None, Some(height), Some(width)) => Some(Size::Both([height, width])),
            _ => None,
        };
    let sides = match found {
        Some(Size::Shorter(side)) => [side; 2],
        Some(Size::Both(sides)) => sides,
        None => [0; 2],
    };
    found.filter(|_| sides.iter().all(|side| (1..=LONGEST).contains(side))).ok_or_else(|| {
        refuse(key, value, &format!("a side, or height and width, from 1 to {LONGEST}"))
    })
}

/// Three numbers; `usual` where they are missing or have no effect.
fn three(config: &Config, key: &'static str, usual: [f64; 3], unused: bool) -> Result<[f64; 3]> {
    if unused {
        return Ok(usual);
    }
    let found: Vec<f64> = config.get_or(key, usual.to_vec())?;
    match found[..] {
        [r, g, b]
            if [r, g, b].iter().all(|x| x.is_finite())
                && (key == "image_mean" || r * g * b != 0.0) =>
        {
            Ok([r, g, b])
        }
        _ => Err(refuse(key, &format!("{found:?}"), "three finite numbers, deviations not 0")),
    }
}

fn refuse(name: &'static str, found: &dyn std::fmt::Display, expected: &str) -> Error {
    Error::Value { name, found: found.to_string(), expected: expected.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ClipPicture> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("preprocessor_config.json"), text).unwrap();
        ClipPicture::open(folder.path())
    }

    #[test]
    fn sizes_are_read_in_every_spelling() {
        let old = read(r#"{"size": 12, "crop_size": 10}"#).unwrap();
        let new = r#"{"size": {"shortest_edge": 12}, "crop_size": {"height": 10, "width": 10}, "resample": 3}"#;
        assert_eq!(old, read(new).unwrap());
        assert_eq!(read("{}").unwrap().crop, Some([224; 2]));
        assert_eq!(Size::Shorter(12).of([20, 15]), [16, 12]);
        assert_eq!(Size::Shorter(12).of([10, 35]), [12, 42]);
    }

    #[test]
    fn the_middle_is_cut_out_or_surrounded() {
        let row = Picture::new(1, 1, 4, vec![10, 20, 30, 40]).unwrap();
        let shown = |text: &str, side| {
            let shown = read(text).unwrap().pixels(&row, side, &Device::flex());
            shown.unwrap().into_data().try_to_vec::<f32>().unwrap()
        };
        let plain = r#""do_resize": false, "do_rescale": false, "do_normalize": false"#;
        let around = shown(&format!(r#"{{{plain}, "crop_size": 6}}"#), 6);
        assert_eq!(around[..12], [0.0; 12]);
        assert_eq!(around[18..24], [0.0, 10.0, 20.0, 30.0, 40.0, 0.0]);
        let cut = r#"{"do_resize": false, "crop_size": 1, "image_mean": [0, 0, 0.5], "image_std": [1, 1, 0.25]}"#;
        let cut = shown(cut, 1);
        assert!((cut[0] - 20.0 / 255.0).abs() < 1e-6, "{cut:?}");
        assert!((cut[2] - (20.0 / 255.0 - 0.5) / 0.25).abs() < 1e-6, "{cut:?}");
        let whole = read(&format!(r#"{{{plain}, "do_center_crop": false}}"#)).unwrap();
        let error = whole.pixels(&row, 4, &Device::flex()).unwrap_err().to_string();
        assert!(error.contains("1 × 4") && error.contains("4 × 4"), "{error}");
    }

    #[test]
    fn hostile_settings_are_refused() {
        for text in [
            "",
            "[]",
            r#"{"size": 0}"#,
            r#"{"size": 99999999999}"#,
            r#"{"size": -1}"#,
            r#"{"size": {}}"#,
            r#"{"crop_size": "a"}"#,
            r#"{"crop_size": {"height": 1e30, "width": 2}}"#,
            r#"{"resample": 9}"#,
            r#"{"image_mean": [1]}"#,
            r#"{"image_std": [0, 1, 1]}"#,
            r#"{"image_std": [NaN, 1, 1]}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        let long = Picture::new(1, 1, 9000, vec![0; 9000]).unwrap();
        assert!(read("{}").unwrap().pixels(&long, 224, &Device::flex()).is_err());
    }
}
