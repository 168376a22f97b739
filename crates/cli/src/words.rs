//! Numbers as people read them.

/// `1693` as `1,693`.
pub(crate) fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `0.9731` as `97.3 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// Three significant digits, without an exponent for everyday numbers.
pub(crate) fn significant(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return x.to_string();
    }
    if (999.5..1e15).contains(&x) {
        return thousands(x.round() as usize);
    }
    let digits = (2 - x.abs().log10().floor() as i32).clamp(0, 6) as usize;
    if x.abs() < 1e-4 { format!("{x:.2e}") } else { format!("{x:.digits$}") }
}

/// `2953012` as `3.0 MB`.
pub(crate) fn bytes(n: u64) -> String {
    let (mut size, mut unit) = (n as f64, "B");
    for next in ["kB", "MB", "GB", "TB"] {
        if size < 999.5 {
            break;
        }
        (size, unit) = (size / 1000.0, next);
    }
    if unit == "B" { format!("{n} B") } else { format!("{size:.1} {unit}") }
}

/// `7.31` as `7.3 s`, `300.0` as `5 min 0 s`.
pub(crate) fn seconds(s: f64) -> String {
    if s < 99.95 {
        return format!("{s:.1} s");
    }
    let whole = s.round() as u64;
    let (h, m, s) = (whole / 3600, whole / 60 % 60, whole % 60);
    if h > 0 { format!("{h} h {m} min") } else { format!("{m} min {s} s") }
}

/// `1 picture`, `2 pictures`.
pub(crate) fn counted(n: usize, noun: &str) -> String {
    format!("{} {noun}{}", thousands(n), if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            [thousands(7), thousands(1693), thousands(12_345_678)],
            ["7", "1,693", "12,345,678"]
        );
        assert_eq!([significant(999.6), significant(-1e-9)], ["1,000", "-1.00e-9"]);
        assert_eq!([percent(0.9731), percent(1.0)], ["97.3 %", "100.0 %"]);
        assert_eq!(
            [significant(782.4), significant(6.8123), significant(0.012_34), significant(0.0)],
            ["782", "6.81", "0.0123", "0"]
        );
        assert_eq!([bytes(12), bytes(2_953_012), bytes(999_960)], ["12 B", "3.0 MB", "1.0 MB"]);
        assert_eq!(
            [seconds(7.31), seconds(300.0), seconds(7230.0)],
            ["7.3 s", "5 min 0 s", "2 h 0 min"]
        );
        assert_eq!(
            [counted(1, "picture"), counted(1000, "picture")],
            ["1 picture", "1,000 pictures"]
        );
    }
}
