//! Amounts of memory in words: `512 bytes`, `1.5 MiB`.

/// The amount in the largest binary unit that keeps it at or above one.
pub(crate) fn words(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut amount = bytes as f64;
    let mut unit = "bytes";
    for larger in UNITS {
        if amount < 1024.0 {
            break;
        }
        amount /= 1024.0;
        unit = larger;
    }
    let digits = usize::from(unit != "bytes" && amount.fract() != 0.0);
    format!("{amount:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn units() {
        let cases = [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1 KiB"),
            (1536 << 10, "1.5 MiB"),
            (4 << 30, "4 GiB"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(super::words(bytes), expected);
        }
        assert_eq!(super::words(u64::MAX), "16 EiB");
    }
}
