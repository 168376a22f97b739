//! Numbers on the command line, checked where they are read: a value that cannot be right is wrong usage.

use langevin_models::Bounds;

/// Any finite number.
pub(crate) fn finite(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(x) if x.is_finite() => Ok(x),
        _ => Err("expected a finite number".to_owned()),
    }
}

/// A number in `[0, 1]`.
pub(crate) fn unit_interval(text: &str) -> Result<f64, String> {
    match finite(text) {
        Ok(x) if (0.0..=1.0).contains(&x) => Ok(x),
        _ => Err("expected a number from 0 to 1".to_owned()),
    }
}

/// `clip`, or a quantile in `[0, 1]`.
pub(crate) fn bounds(text: &str) -> Result<Bounds, String> {
    if text == "clip" { Ok(Bounds::Clipped) } else { unit_interval(text).map(Bounds::Dynamic) }
}

/// Two numbers `LOW,HIGH`, the first not negative, the second larger, possibly `inf`.
pub(crate) fn interval(text: &str) -> Result<[f64; 2], String> {
    let parts = text.split_once(',').map(|(low, high)| (low.trim().parse(), high.trim().parse()));
    match parts {
        Some((Ok(low), Ok(high))) if low >= 0.0 && high > low => Ok([low, high]),
        _ => {
            Err("expected two numbers such as 0.3,5 or 0,inf, the second above the first"
                .to_owned())
        }
    }
}

/// Height and width: two positive whole numbers, or one for both.
pub(crate) fn size(text: &str) -> Result<[usize; 2], String> {
    let (height, width) = text.split_once(['x', 'X', '×']).unwrap_or((text, text));
    Ok([count(height.trim())?, count(width.trim())?])
}

/// A number of bytes such as `5GB`, `500MB`, `2GiB` or `1000`.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 9] = [
        ("KIB", 1 << 10),
        ("MIB", 1 << 20),
        ("GIB", 1 << 30),
        ("TIB", 1 << 40),
        ("KB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("TB", 1_000_000_000_000),
        ("B", 1),
    ];
    let upper = text.trim().to_ascii_uppercase();
    let (number, unit) = UNITS
        .iter()
        .find_map(|(name, unit)| Some((upper.strip_suffix(name)?, *unit)))
        .unwrap_or((&upper, 1));
    match number.trim().parse::<f64>() {
        Ok(x) if x.is_finite() && x * unit as f64 >= 1.0 => Ok((x * unit as f64) as u64),
        _ => Err("expected a size such as 5GB or 500MB".to_owned()),
    }
}

/// A finite number above 0.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    match finite(text) {
        Ok(x) if x > 0.0 => Ok(x),
        _ => Err("expected a number above 0".to_owned()),
    }
}

/// A whole number from 1 to a million: a count of steps or pictures.
pub(crate) fn count(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(n) if (1..=1_000_000).contains(&n) => Ok(n),
        _ => Err("expected a whole number from 1 to 1000000".to_owned()),
    }
}

/// A number of threads.
pub(crate) fn threads(text: &str) -> Result<usize, String> {
    count(text)
        .ok()
        .filter(|&n| n <= 1024)
        .ok_or_else(|| "expected a whole number from 1 to 1024".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_a_number_is_refused_everywhere() {
        for text in ["nan", "inf", "-inf", "", "x", "1e999"] {
            assert!(finite(text).is_err(), "{text}");
            assert!(unit_interval(text).is_err(), "{text}");
            assert!(positive(text).is_err(), "{text}");
            assert!(count(text).is_err(), "{text}");
        }
    }

    #[test]
    fn bounds_are_inclusive_where_documented() {
        assert_eq!(unit_interval("0"), Ok(0.0));
        assert_eq!(unit_interval("1"), Ok(1.0));
        assert!(unit_interval("1.0001").is_err() && unit_interval("-0.1").is_err());
        assert!(positive("0").is_err() && positive("1e-9").is_ok());
        assert!(count("0").is_err() && count("1") == Ok(1) && count("1000001").is_err());
    }
}
