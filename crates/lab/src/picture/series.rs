//! What is drawn in a panel.

use plotters::style::RGBColor;

/// Colours that people with any colour vision tell apart (Okabe and Ito 2008).
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(60, 60, 60),
];

/// Colour number `index`, from the start again after the last.
pub(crate) fn colour(index: usize) -> RGBColor {
    COLOURS[index % COLOURS.len()]
}

/// How numbers become marks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mark {
    /// A line through the points.
    Line,
    /// A line with a dot at each point.
    Dotted,
    /// Dots of this radius.
    Dots(i32),
    /// Filled from zero: a histogram of even bins.
    Bars,
    /// A filled square of the panel, `side` wide and as dark as the third number says.
    Cells {
        /// Width of a cell.
        width: f64,
        /// Height of a cell.
        height: f64,
    },
}

/// One set of numbers with its name in the legend (none where it is empty).
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(super) name: String,
    pub(super) points: Vec<(f64, f64)>,
    /// How dark each cell is, 0 to 1; for [`Mark::Cells`].
    pub(super) shades: Vec<f64>,
    pub(super) mark: Mark,
    pub(super) colour: RGBColor,
}

impl Series {
    pub(crate) fn new(name: &str, mark: Mark, index: usize, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.to_owned(), points, shades: Vec::new(), mark, colour: colour(index) }
    }

    /// A map of a function's values over even cells: `cells` are centres with the share of the largest value.
    pub(crate) fn map(index: usize, width: f64, height: f64, cells: &[(f64, f64, f64)]) -> Self {
        let points = cells.iter().map(|(x, y, _)| (*x, *y)).collect();
        let shades = cells.iter().map(|(_, _, shade)| *shade).collect();
        let mark = Mark::Cells { width, height };
        Self { name: String::new(), points, shades, mark, colour: colour(index) }
    }
}
