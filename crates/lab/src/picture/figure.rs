//! Panels side by side on a white ground.

use plotters::prelude::*;

use super::panel::OVERSAMPLING;
use super::{Panel, Picture, font};
use crate::{Error, Result};

/// Panels in rows of equal height.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    panels: Vec<Panel>,
    columns: usize,
    size: (u32, u32),
}

impl Figure {
    /// Panels in rows of `columns`; `size` is the picture's width and height in pixels.
    pub(crate) fn new(panels: Vec<Panel>, columns: usize, size: (u32, u32)) -> Self {
        Self { panels, columns: columns.max(1), size }
    }

    /// Draws everything larger and averages, which makes smooth edges.
    pub(crate) fn draw(&self) -> Result<Picture> {
        let title = || self.panels.first().map_or_else(String::new, |p| p.title().to_owned());
        let error = |reason: String| Error::Draw { title: title(), reason };
        if !font::load() {
            return Err(error("the embedded letters cannot be read".to_owned()));
        }
        let (width, height) = (self.size.0 * OVERSAMPLING, self.size.1 * OVERSAMPLING);
        let mut pixels = vec![255; (width * height * 3) as usize];
        {
            let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
            area.fill(&WHITE).map_err(|e| error(e.to_string()))?;
            let rows = self.panels.len().div_ceil(self.columns).max(1);
            for (panel, area) in self.panels.iter().zip(area.split_evenly((rows, self.columns))) {
                panel.draw(&area).map_err(error)?;
            }
            area.present().map_err(|e| error(e.to_string()))?;
        }
        Ok(Picture::averaged(&pixels, self.size, OVERSAMPLING))
    }
}
