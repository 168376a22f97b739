//! Pictures of any shape brought to one size.

use serde::{Deserialize, Serialize};

use super::{Filter, centre_crop, resize};
use crate::error::Result;
use crate::picture::Picture;

/// What happens to a picture of another aspect ratio than the one asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// It is resized until it covers the size asked for, and what stands over on both sides is cut off.
    #[default]
    Crop,
    /// It is stretched or squeezed.
    Stretch,
}

/// The picture at `height` × `width` pixels.
///
/// # Errors
/// When that is no size of an image.
pub fn fit(
    picture: Picture,
    height: usize,
    width: usize,
    fit: Fit,
    filter: Filter,
) -> Result<Picture> {
    crate::dataset::check_shape(picture.channels(), height, width)?;
    if (picture.height(), picture.width()) == (height, width) {
        return Ok(picture);
    }
    match fit {
        Fit::Stretch => resize(&picture, height, width, filter),
        Fit::Crop => {
            // Cut first, to whole pixels of the picture, so that nothing is resized in vain.
            let (h, w) = (picture.height() as u64, picture.width() as u64);
            let (covered_h, covered_w) = (
                (w * height as u64 * 2 + width as u64) / (2 * width as u64),
                (h * width as u64 * 2 + height as u64) / (2 * height as u64),
            );
            let (cut_h, cut_w) = (covered_h.clamp(1, h), covered_w.clamp(1, w));
            resize(&centre_crop(&picture, cut_h as usize, cut_w as usize)?, height, width, filter)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn covering_cuts_the_longer_side() {
        // Four columns of 10, 20, 30, 40: the middle two remain.
        let picture = Picture::new(1, 2, 4, [10, 20, 30, 40].repeat(2)).unwrap();
        let cropped = fit(picture.clone(), 2, 2, Fit::Crop, Filter::Area).unwrap();
        assert_eq!(cropped.pixels(), [20, 30, 20, 30]);
        let stretched = fit(picture.clone(), 2, 2, Fit::Stretch, Filter::Area).unwrap();
        assert_eq!(stretched.pixels(), [15, 35, 15, 35]);
        let enlarged = fit(picture.clone(), 4, 4, Fit::Crop, Filter::Area).unwrap();
        assert_eq!(enlarged.pixels(), [20, 20, 30, 30].repeat(4));
        assert!(fit(picture, 0, 4, Fit::Crop, Filter::Area).is_err());
    }

    proptest! {
        #[test]
        fn any_shape_comes_out_right(h in 1usize..40, w in 1usize..40, height in 1usize..40, width in 1usize..40, lanczos: bool) {
            let picture = Picture::new(1, h, w, vec![77; h * w]).unwrap();
            let filter = if lanczos { Filter::Lanczos } else { Filter::Area };
            for way in [Fit::Crop, Fit::Stretch] {
                let fitted = fit(picture.clone(), height, width, way, filter).unwrap();
                prop_assert_eq!(fitted.pixels(), vec![77; height * width]);
            }
        }
    }
}
