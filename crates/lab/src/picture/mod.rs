//! Pictures of numbers: a [`Figure`] of panels becomes pixels, which become a PNG or the frame of a GIF.

mod axis;
mod figure;
mod font;
mod panel;
mod raster;
mod series;

pub(crate) use axis::Axis;
pub(crate) use figure::Figure;
pub(crate) use panel::{Legend, Panel};
pub(crate) use raster::{Picture, write_gif, write_png};
pub(crate) use series::{Mark, Series};
