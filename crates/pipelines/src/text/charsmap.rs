//! SentencePiece's compiled replacements of characters, checked before they are used: a double-array trie (Aoe 1989) whose
//! leaves point into texts that each end with a zero byte.
//!
//! The crate that walks the trie trusts it; a damaged one would take it out of bounds.

/// Checks that no text can lead out of the trie or the replacements.
///
/// # Errors
/// A sentence on what is wrong.
pub(super) fn check(map: &[u8]) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("its replacements of characters are damaged: {what}"));
    let Some((length, rest)) = map.split_first_chunk::<4>() else {
        return wrong("they are cut short");
    };
    let length = u32::from_le_bytes(*length) as usize;
    let Some((trie, texts)) = rest.split_at_checked(length).filter(|_| length.is_multiple_of(4))
    else {
        return wrong("their table is cut short");
    };
    let Ok(texts) = std::str::from_utf8(texts) else { return wrong("they are no text") };
    let units: Vec<u32> = trie.as_chunks().0.iter().map(|unit| u32::from_le_bytes(*unit)).collect();
    let Some(&root) = units.first() else { return wrong("their table is empty") };
    let mut seen = vec![false; units.len()];
    let mut open = vec![offset(root)];
    while let Some(state) = open.pop() {
        // Whatever byte comes next is looked for in the block of 256 units around the state.
        if state | 0xff >= units.len() {
            return wrong("their table leads out of itself");
        }
        if std::mem::replace(&mut seen[state], true) {
            continue;
        }
        for byte in 1..=0xff {
            let at = state ^ byte;
            let unit = units[at];
            if unit & ((1 << 31) | 0xff) != byte as u32 {
                continue;
            }
            let next = at ^ offset(unit);
            if (unit >> 8) & 1 == 1 {
                let Some(leaf) = units.get(next) else { return wrong("a leaf is missing") };
                if !texts.is_char_boundary((leaf & !(1 << 31)) as usize) {
                    return wrong("a leaf points to no text");
                }
            }
            open.push(next);
        }
    }
    Ok(())
}

/// How far a unit's children are from it.
fn offset(unit: u32) -> usize {
    ((unit >> 10) << ((unit & (1 << 9)) >> 6)) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokenizers::normalizers::precompiled::Precompiled;

    use super::*;

    /// A map that replaces "b" by "xy" and nothing else.
    fn sound() -> Vec<u8> {
        let mut units = vec![0_u32; 512];
        units[0] = 256 << 10;
        // State 256; the child for "b" is a leaf whose state is the block's last unit.
        let child = 256 ^ usize::from(b'b');
        let next = 256 + 255;
        units[child] = (((child ^ next) as u32) << 10) | (1 << 8) | u32::from(b'b');
        units[next] = 1 << 31;
        let mut map = (4 * units.len() as u32).to_le_bytes().to_vec();
        map.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
        map.extend(b"xy\0");
        map
    }

    #[test]
    fn a_sound_map_replaces() {
        let map = sound();
        assert_eq!(check(&map), Ok(()));
        assert_eq!(Precompiled::from(&map).expect("a map").normalize_string("abc"), "axyc");
    }

    #[test]
    fn short_maps_are_refused() {
        let map = sound();
        for end in (0..map.len() - 3).step_by(7) {
            assert!(check(&map[..end]).is_err(), "{end}");
        }
        assert!(check(&[255; 8]).is_err());
    }

    proptest! {
        /// What passes is walked without a panic.
        #[test]
        fn damaged_maps_are_refused_or_safe(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            text in "[a-cé ]{0,12}",
        ) {
            let mut map = sound();
            for (at, byte) in changes {
                let at = at.index(map.len());
                map[at] = byte;
            }
            if check(&map).is_ok() && let Ok(map) = Precompiled::from(&map) {
                map.normalize_string(&text);
            }
        }
    }
}
