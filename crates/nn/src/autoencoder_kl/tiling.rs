//! Coding large pictures in overlapping tiles, so that memory grows with the tile and not with the picture. A tile `b`
//! fades in over the `e` rows or columns that it shares with its neighbour `a`: `a · (1 − i/e) + b · i/e` (as diffusers).
//!
//! Each tile is normalised by its own statistics, so the result differs from that without tiles.

use super::config::AutoencoderKLConfig;
use super::model::AutoencoderKL;
use super::posterior::Posterior;
use crate::Error;
use burn::tensor::{Tensor, TensorData};

/// The part of a tile that overlaps with the next.
const OVERLAP: f64 = 0.25;

/// Sizes of tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiling {
    sample: usize,
    latent: usize,
}

/// How tiles follow one another and join.
#[derive(Clone, Copy, Debug)]
struct Walk {
    /// Side of a tile that enters.
    tile: usize,
    /// From the start of one tile to that of the next.
    stride: usize,
    /// Rows or columns of a mapped tile that blend into the next.
    blend: usize,
    /// Rows or columns of a mapped tile that are kept.
    keep: usize,
}

impl Tiling {
    /// The tiles of diffusers: of the configuration's `sample_size`, or of its height where it has two sides.
    ///
    /// # Errors
    /// [`Error::Config`] when `sample_size` makes tiles of less than two latents.
    pub fn new(config: &AutoencoderKLConfig) -> Result<Self, Error> {
        let sample = config.sample_size.sides()[0];
        let latent = sample / config.reduction();
        if latent < 2 {
            let expected = format!("at least {} for tiles", 2 * config.reduction());
            return Err(Error::config("sample_size", &config.sample_size, expected));
        }
        Ok(Self { sample, latent })
    }

    /// Side of a tile of a picture.
    pub fn sample(&self) -> usize {
        self.sample
    }

    /// Side of a tile of latents.
    pub fn latent(&self) -> usize {
        self.latent
    }

    fn walk(from: usize, to: usize) -> Walk {
        let blend = (to as f64 * OVERLAP) as usize;
        let stride = (from as f64 * (1.0 - OVERLAP)) as usize;
        Walk { tile: from, stride, blend, keep: to - blend }
    }
}

impl AutoencoderKL {
    /// [`AutoencoderKL::decode`] in tiles where the latents are larger than one.
    ///
    /// # Errors
    /// As [`AutoencoderKL::decode`].
    pub fn decode_tiled(&self, latents: Tensor<4>, tiling: &Tiling) -> Result<Tensor<4>, Error> {
        let [_, _, h, w] = latents.dims();
        if h.max(w) <= tiling.latent {
            return self.decode(latents);
        }
        self.check_latents(latents.dims())?;
        let walk = Tiling::walk(tiling.latent, tiling.sample);
        Ok(walk.over(&latents, &|z| self.picture(z)))
    }

    /// [`AutoencoderKL::encode`] in tiles where the pictures are larger than one.
    ///
    /// # Errors
    /// As [`AutoencoderKL::encode`], and [`Error::Input`] when the tile at the end of a side is too small to halve.
    pub fn encode_tiled(&self, sample: Tensor<4>, tiling: &Tiling) -> Result<Posterior, Error> {
        let [_, _, h, w] = sample.dims();
        if h.max(w) <= tiling.sample {
            return self.encode(sample);
        }
        self.check_sample(sample.dims())?;
        let (walk, least) = (Tiling::walk(tiling.sample, tiling.latent), self.config().reduction());
        if [h, w].into_iter().any(|side| (side - 1) % walk.stride + 1 < least) {
            return Err(Error::Input {
                name: "sample",
                found: format!("{h} × {w} pixels"),
                expected: format!("sides that leave at least {least} pixels to the last tile"),
            });
        }
        Ok(Posterior::from_moments(walk.over(&sample, &|x| self.moments(x))))
    }
}

impl Walk {
    /// Maps `x [N, C, H, W]` tile by tile. Of mapped tiles only what is kept and what blends is held.
    fn over(self, x: &Tensor<4>, map: &dyn Fn(Tensor<4>) -> Tensor<4>) -> Tensor<4> {
        let [_, _, h, w] = x.dims();
        let mut rows = Vec::new();
        let mut above: Vec<Tensor<4>> = Vec::new();
        for i in (0..h).step_by(self.stride) {
            let band = x.clone().narrow(2, i, self.tile.min(h - i));
            let (mut row, mut below, mut left) = (Vec::new(), Vec::new(), None);
            for (column, j) in (0..w).step_by(self.stride).enumerate() {
                let tile = map(band.clone().narrow(3, j, self.tile.min(w - j)));
                let tile = self.joined(above.get(column), tile, 2);
                let tile = self.joined(left.as_ref(), tile, 3);
                below.push(self.end(&tile, 2));
                left = Some(self.end(&tile, 3));
                row.push(start(start(tile, 2, self.keep), 3, self.keep));
            }
            above = below;
            rows.push(Tensor::cat(row, 3));
        }
        Tensor::cat(rows, 2)
    }

    /// The end of `tile` along `dim` that blends into the next.
    fn end(self, tile: &Tensor<4>, dim: usize) -> Tensor<4> {
        let size = tile.dims()[dim];
        let length = self.blend.clamp(1, size);
        tile.clone().narrow(dim, size - length, length)
    }

    /// Lets `tile` fade in over the end of its neighbour before it.
    fn joined(self, before: Option<&Tensor<4>>, tile: Tensor<4>, dim: usize) -> Tensor<4> {
        let Some(before) = before else { return tile };
        let (length, size) = (before.dims()[dim], tile.dims()[dim]);
        let extent = self.blend.min(length).min(size);
        if extent == 0 {
            return tile;
        }
        let weights = |of: &dyn Fn(f64) -> f64| -> Tensor<4> {
            let values: Vec<f32> =
                (0..extent).map(|i| of(i as f64 / extent as f64) as f32).collect();
            let mut shape = [1; 4];
            shape[dim] = extent;
            Tensor::from_data(TensorData::new(values, shape), &tile.device())
        };
        let leaving = before.clone().narrow(dim, length - extent, extent) * weights(&|t| 1.0 - t);
        let blended = leaving + tile.clone().narrow(dim, 0, extent) * weights(&|t| t);
        if extent == size {
            return blended;
        }
        Tensor::cat(vec![blended, tile.narrow(dim, extent, size - extent)], dim)
    }
}

/// At most `length` rows or columns from the start of `tile`.
fn start(tile: Tensor<4>, dim: usize, length: usize) -> Tensor<4> {
    let length = length.min(tile.dims()[dim]);
    tile.narrow(dim, 0, length)
}
