//! Whether a JPEG is there to its end.
//!
//! Decoders of JPEG fill missing rows with grey and say nothing, so that a broken download would be trained on.
//! Segments are walked as ITU-T T.81, annex B.1 lays them out: a marker `FF xx` and, for most, a length that counts itself.
//! After a scan header come coded bytes, in which `FF` is followed by 0 or by a restart marker, up to the next marker.

const START_OF_SCAN: u8 = 0xda;
const END_OF_IMAGE: u8 = 0xd9;

/// Whether an end-of-image marker follows the last segment; bytes after it do not matter.
pub(super) fn ends_whole(bytes: &[u8]) -> bool {
    let mut at = 2; // after the start-of-image marker
    loop {
        // A marker may be preceded by any number of fill bytes FF; other stray bytes are passed over, as decoders do.
        while bytes.get(at).is_some_and(|&byte| byte != 0xff) {
            at += 1;
        }
        while bytes.get(at) == Some(&0xff) {
            at += 1;
        }
        let Some(&marker) = bytes.get(at) else { return false };
        at += 1;
        match marker {
            END_OF_IMAGE => return true,
            // Stuffed zeros, restarts and markers that stand alone.
            0x00 | 0x01 | 0xd0..=0xd8 => {}
            _ => {
                let Some(&[high, low]) = bytes.get(at..at + 2) else { return false };
                at += usize::from(u16::from_be_bytes([high, low]));
                if marker == START_OF_SCAN {
                    at = skip_coded(bytes, at);
                }
            }
        }
    }
}

/// The position of the marker that ends the coded bytes from `at` on, or the end of the file.
fn skip_coded(bytes: &[u8], mut at: usize) -> usize {
    while let Some(&[first, second]) = bytes.get(at..at + 2) {
        if first == 0xff && !matches!(second, 0x00 | 0xd0..=0xd7 | 0xff) {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::ends_whole;

    #[test]
    fn end_markers_count_only_at_the_end() {
        // An end-of-image inside a segment (a thumbnail's, say) is not the picture's own.
        let thumbnail = [0xff, 0xd8, 0xff, 0xe1, 0x00, 0x04, 0xff, 0xd9];
        assert!(!ends_whole(&thumbnail));
        let coded =
            [&thumbnail[..], &[0xff, 0xda, 0x00, 0x02, 1, 0xff, 0x00, 0xff, 0xd3, 7]].concat();
        assert!(!ends_whole(&coded));
        assert!(ends_whole(&[&coded[..], &[0xff, 0xd9]].concat()));
        assert!(ends_whole(&[&coded[..], &[0xff, 0xff, 0xd9, 0, 0, 0]].concat()));
        assert!(!ends_whole(&[0xff, 0xd8, 0xff]));
        assert!(!ends_whole(&[0xff, 0xd8, 0xff, 0xe0, 0xff]));
    }
}
