//! A chart with two axes, its marks and a legend.

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::font::FAMILY;
use super::{Axis, Mark, Series};

/// How much larger everything is drawn than it ends up.
pub(super) const OVERSAMPLING: u32 = 2;

const INK: RGBColor = RGBColor(40, 40, 40);
const GRID: RGBColor = RGBColor(228, 228, 228);

/// Where the legend stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Legend {
    #[default]
    UpperRight,
    UpperLeft,
    MiddleRight,
    LowerLeft,
    LowerRight,
}

/// One chart.
#[derive(Clone, Debug)]
pub(crate) struct Panel {
    title: String,
    x: Axis,
    y: Axis,
    series: Vec<Series>,
    legend: Legend,
}

type Area<'a, 'b> = DrawingArea<BitMapBackend<'a>, Shift>;
type Chart<'a, 'b> =
    ChartContext<'a, BitMapBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

impl Panel {
    pub(crate) fn new(title: &str, x: Axis, y: Axis, series: Vec<Series>) -> Self {
        Self { title: title.to_owned(), x, y, series, legend: Legend::default() }
    }

    pub(crate) fn with_legend(mut self, legend: Legend) -> Self {
        self.legend = legend;
        self
    }

    pub(super) fn title(&self) -> &str {
        &self.title
    }

    pub(super) fn draw(&self, area: &Area<'_, '_>) -> Result<(), String> {
        let size = |points: i32| points * OVERSAMPLING as i32;
        let text = |points: i32| (FAMILY, size(points)).into_font().color(&INK);
        let ((x0, x1), (y0, y1)) = (self.x.range(), self.y.range());
        let mut chart = ChartBuilder::on(area)
            .caption(&self.title, text(15).pos(Pos::new(HPos::Center, VPos::Top)))
            .margin(size(8))
            .margin_right(size(14))
            .x_label_area_size(size(38))
            .y_label_area_size(size(58))
            .build_cartesian_2d(x0..x1, y0..y1)
            .map_err(|e| e.to_string())?;
        chart
            .configure_mesh()
            .x_labels(self.x.ticks())
            .y_labels(self.y.ticks())
            .x_label_formatter(&|x| self.x.tick(*x))
            .y_label_formatter(&|y| self.y.tick(*y))
            .x_desc(&self.x.label)
            .y_desc(&self.y.label)
            .axis_desc_style(text(13))
            .label_style(text(12))
            .axis_style(INK.stroke_width(OVERSAMPLING))
            .bold_line_style(GRID.stroke_width(OVERSAMPLING))
            .light_line_style(WHITE)
            .max_light_lines(1)
            .draw()
            .map_err(|e| e.to_string())?;
        for series in &self.series {
            self.draw_series(&mut chart, series)?;
        }
        if self.series.iter().any(|series| !series.name.is_empty()) {
            let position = match self.legend {
                Legend::UpperRight => SeriesLabelPosition::UpperRight,
                Legend::UpperLeft => SeriesLabelPosition::UpperLeft,
                Legend::MiddleRight => SeriesLabelPosition::MiddleRight,
                Legend::LowerLeft => SeriesLabelPosition::LowerLeft,
                Legend::LowerRight => SeriesLabelPosition::LowerRight,
            };
            chart
                .configure_series_labels()
                .position(position)
                .margin(size(8))
                .legend_area_size(size(22))
                .background_style(WHITE.mix(0.85))
                .border_style(GRID)
                .label_font(text(12))
                .draw()
                .map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    fn draw_series(&self, chart: &mut Chart<'_, '_>, series: &Series) -> Result<(), String> {
        let scale = OVERSAMPLING as i32;
        let place = |&(x, y): &(f64, f64)| (self.x.place(x), self.y.place(y));
        let points =
            || series.points.iter().map(place).filter(|(x, y)| x.is_finite() && y.is_finite());
        let colour = series.colour;
        let line = |colour: RGBColor, width: u32| colour.stroke_width(width * OVERSAMPLING);
        let drawn = match series.mark {
            Mark::Line => chart.draw_series(LineSeries::new(points(), line(colour, 2))),
            Mark::Dotted => {
                let dots = points().map(|p| Circle::new(p, 3 * scale, colour.filled()));
                chart.draw_series(dots).map_err(|e| e.to_string())?;
                chart.draw_series(LineSeries::new(points(), line(colour, 2)))
            }
            Mark::Dots(radius) => chart.draw_series(
                points().map(|p| Circle::new(p, radius * scale / 2, colour.mix(0.75).filled())),
            ),
            Mark::Bars => {
                let half = match series.points[..] {
                    [(a, _), (b, _), ..] => 0.5 * (b - a),
                    _ => 0.5,
                };
                let bar = |(x, y)| {
                    Rectangle::new([(x - half, 0.0), (x + half, y)], colour.mix(0.35).filled())
                };
                chart.draw_series(points().map(bar))
            }
            Mark::Cells { width, height } => {
                let cell = |((x, y), shade): ((f64, f64), &f64)| {
                    let corners =
                        [(x - 0.5 * width, y - 0.5 * height), (x + 0.5 * width, y + 0.5 * height)];
                    Rectangle::new(corners, colour.mix(shade.clamp(0.0, 1.0)).filled())
                };
                chart.draw_series(points().zip(&series.shades).map(cell))
            }
        };
        let label = drawn.map_err(|e| e.to_string())?;
        if !series.name.is_empty() {
            let mark = series.mark;
            label.label(&series.name).legend(move |(x, y)| {
                let stroke = match mark {
                    Mark::Dots(_) | Mark::Bars => line(colour, 5),
                    _ => line(colour, 2),
                };
                PathElement::new(vec![(x, y), (x + 16 * scale, y)], stroke)
            });
        }
        Ok(())
    }
}
