//! Which token's state stands for a sequence.

/// The position of the first `eos` in `ids`, or 0 where there is none.
///
/// Files from before transformers 4.31 say that the token is 2, which it never was; for them it is the largest token, the
/// first where it occurs more than once.
pub(super) fn position(ids: &[i64], eos: i64) -> usize {
    let wanted = if eos == 2 { ids.iter().copied().max() } else { Some(eos) };
    ids.iter().position(|&id| Some(id) == wanted).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_rules() {
        assert_eq!(position(&[8, 3, 9, 9, 7], 9), 2);
        assert_eq!(position(&[8, 3, 9, 9, 7], 7), 4);
        assert_eq!(position(&[8, 3], 5), 0);
        assert_eq!(position(&[8, 2, 9, 9], 2), 2);
        assert_eq!(position(&[], 2), 0);
    }
}
