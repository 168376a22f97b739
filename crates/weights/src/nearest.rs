//! The candidate nearest to a mistyped name, for "did you mean" hints.
//!
//! Nearness is the Damerau–Levenshtein distance (insertions, deletions, substitutions and swaps of
//! neighbours count one each) after case, `-` and `_` are levelled.

/// Names longer than this are no typing mistakes; comparing them would only cost time.
const LONGEST: usize = 128;

/// The candidate nearest to `name`, or `None` if none is near enough to be what was meant.
///
/// A candidate is near if at most a third of the longer name's characters (but at least one) differ.
/// Of equally near candidates the first wins.
///
/// ```
/// use langevin_weights::nearest;
///
/// assert_eq!(nearest("learning-rat", ["learning_rate", "steps"]), Some("learning_rate"));
/// assert_eq!(nearest("colour", ["learning_rate", "steps"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.is_empty() || name.len() > LONGEST {
        return None;
    }
    let wanted = level(name);
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .filter_map(|candidate| {
            let candidate_level = level(candidate);
            let distance = strsim::damerau_levenshtein(&wanted, &candidate_level);
            let longer = wanted.chars().count().max(candidate_level.chars().count());
            (distance <= (longer / 3).max(1) && distance < longer).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn level(name: &str) -> String {
    name.chars().flat_map(char::to_lowercase).map(|c| if c == '-' { '_' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_mistakes_find_the_intended_name() {
        let keys = ["learning_rate", "batch_size", "steps", "ema"];
        assert_eq!(nearest("learnig_rate", keys), Some("learning_rate"));
        assert_eq!(nearest("Batch-Size", keys), Some("batch_size"));
        assert_eq!(nearest("setps", keys), Some("steps"));
        assert_eq!(nearest("emma", keys), Some("ema"));
    }

    #[test]
    fn distant_and_absurd_names_find_nothing() {
        let keys = ["learning_rate", "batch_size", "a"];
        assert_eq!(nearest("optimizer", keys), None);
        assert_eq!(nearest("", keys), None);
        assert_eq!(nearest("b", keys), None);
        assert_eq!(nearest(&"x".repeat(1 << 20), keys), None);
    }

    #[test]
    fn the_first_of_equally_near_names_wins() {
        assert_eq!(nearest("steph", ["steps", "stepa"]), Some("steps"));
    }
}
