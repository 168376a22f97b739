//! An axis with its name, its range and its scale.

/// How numbers lie on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    Linear,
    /// By powers of ten.
    Log,
}

/// One axis of a panel.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    pub(super) label: String,
    range: (f64, f64),
    scale: Scale,
}

impl Axis {
    pub(crate) fn linear(label: &str, from: f64, to: f64) -> Self {
        Self { label: label.to_owned(), range: (from, to), scale: Scale::Linear }
    }

    pub(crate) fn log(label: &str, from: f64, to: f64) -> Self {
        Self { label: label.to_owned(), range: (from, to), scale: Scale::Log }
    }

    /// Where a number lies on the paper.
    pub(super) fn place(&self, x: f64) -> f64 {
        match self.scale {
            Scale::Linear => x,
            Scale::Log => x.log10(),
        }
    }

    /// The range on the paper.
    pub(super) fn range(&self) -> (f64, f64) {
        (self.place(self.range.0), self.place(self.range.1))
    }

    /// What stands at a place; nothing between two powers of ten.
    pub(super) fn tick(&self, place: f64) -> String {
        match self.scale {
            Scale::Linear => {
                let text = format!("{place:.2}");
                let text = text.trim_end_matches('0').trim_end_matches('.');
                if text == "-0" { "0".to_owned() } else { text.replace('-', "−") }
            }
            Scale::Log if (place - place.round()).abs() < 1e-6 => {
                format!("10{}", superscript(place.round() as i64))
            }
            Scale::Log => String::new(),
        }
    }

    /// How many ticks to ask for: every power of ten, but not more than a few.
    pub(super) fn ticks(&self) -> usize {
        match self.scale {
            Scale::Linear => 7,
            Scale::Log => ((self.range().1 - self.range().0).abs().ceil() as usize + 1).clamp(2, 9),
        }
    }
}

fn superscript(number: i64) -> String {
    number
        .to_string()
        .chars()
        .map(|c| match c {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            digit => digit.to_digit(10).and_then(|d| char::from_u32(0x2070 + d)).unwrap_or(digit),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_short() {
        let log = Axis::log("error", 1e-10, 1.0);
        assert_eq!(
            (log.tick(-10.0), log.tick(-0.5), log.tick(4.0)),
            ("10⁻¹⁰".into(), String::new(), "10⁴".into())
        );
        let linear = Axis::linear("t", 0.0, 1.0);
        assert_eq!(
            (linear.tick(0.5), linear.tick(-1.0), linear.tick(-1e-9)),
            ("0.5".into(), "−1".into(), "0".into())
        );
    }
}
