//! Names of one layout of a network as names of another, by a table that is read in both directions.
//!
//! A row links a prefix (which ends in a dot) or a whole name on one side with one on the other; the
//! longest that fits decides, and what follows it stays.

use std::collections::HashMap;

use crate::Edit;

/// How the tensors of a row belong together. "Theirs" is the single file's, "ours" the folder's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    /// They are the same.
    Same,
    /// Ours is a part of theirs along the first extent: which one, and how many there are.
    Part(usize, usize),
    /// Ours are these rows of theirs; the last field says which part that is, from 0 on.
    Rows(usize, usize, usize),
    /// Ours is a matrix, theirs a convolution of one pixel.
    Pixel,
    /// Ours is theirs transposed.
    Transposed,
    /// The halves along the first extent lie in the other order.
    Swapped,
}

impl Link {
    /// What makes ours of theirs, which has this shape.
    fn edit(self, stored: &[usize]) -> Edit {
        match self {
            Self::Part(index, parts) => Edit::Part { index, parts },
            Self::Rows(start, end, _) => Edit::Rows { start, end },
            Self::Pixel if stored.len() > 2 => Edit::Matrix,
            Self::Transposed => Edit::Transposed,
            Self::Swapped => Edit::HalvesSwapped,
            Self::Same | Self::Pixel => Edit::Whole,
        }
    }

    /// Where ours lies among the tensors that make up theirs.
    pub(crate) fn order(self) -> usize {
        match self {
            Self::Part(index, _) | Self::Rows(_, _, index) => index,
            _ => 0,
        }
    }
}

#[derive(Debug)]
struct Row {
    theirs: String,
    ours: String,
    link: Link,
}

/// A table of names.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    rows: Vec<Row>,
    by_theirs: HashMap<String, Vec<usize>>,
    by_ours: HashMap<String, usize>,
}

impl Rules {
    /// Adds a row of tensors that are the same.
    pub(crate) fn same(&mut self, theirs: impl Into<String>, ours: impl Into<String>) {
        self.add(theirs, ours, Link::Same);
    }

    /// Adds a row.
    pub(crate) fn add(&mut self, theirs: impl Into<String>, ours: impl Into<String>, link: Link) {
        let row = Row { theirs: theirs.into(), ours: ours.into(), link };
        let index = self.rows.len();
        self.by_theirs.entry(row.theirs.clone()).or_default().push(index);
        self.by_ours.insert(row.ours.clone(), index);
        self.rows.push(row);
    }

    /// Adds a row for each of `pairs`, each within these prefixes.
    pub(crate) fn within(&mut self, theirs: &str, ours: &str, pairs: &[(&str, &str)]) {
        for (their, our) in pairs {
            self.same(format!("{theirs}{their}"), format!("{ours}{our}"));
        }
    }

    /// Our names for one of theirs, each with what makes it; none for a name that no row fits.
    pub(crate) fn ours(&self, name: &str, shape: &[usize]) -> Vec<(String, Edit)> {
        let rows = prefixes(name).find_map(|prefix| self.by_theirs.get(prefix));
        let made = |index: &usize| {
            let row = &self.rows[*index];
            (format!("{}{}", row.ours, &name[row.theirs.len()..]), row.link.edit(shape))
        };
        rows.map(|rows| rows.iter().map(made).collect()).unwrap_or_default()
    }

    /// Their name for one of ours, and how the two belong together.
    pub(crate) fn theirs(&self, name: &str) -> Option<(String, Link)> {
        let index = prefixes(name).find_map(|prefix| self.by_ours.get(prefix))?;
        let row = &self.rows[*index];
        Some((format!("{}{}", row.theirs, &name[row.ours.len()..]), row.link))
    }
}

/// A name, and its prefixes up to each dot, the longest first.
fn prefixes(name: &str) -> impl Iterator<Item = &str> {
    let dots = name.rmatch_indices('.').map(|(at, _)| &name[..=at]);
    std::iter::once(name).chain(dots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_decides_in_both_directions() {
        let mut rules = Rules::default();
        rules.same("a.", "x.");
        rules.same("a.b.", "y.");
        rules.add("qkv", "q", Link::Part(0, 2));
        rules.add("qkv", "k", Link::Part(1, 2));
        assert_eq!(rules.ours("a.c.w", &[1]), [("x.c.w".to_owned(), Edit::Whole)]);
        assert_eq!(rules.ours("a.b.w", &[1]), [("y.w".to_owned(), Edit::Whole)]);
        assert_eq!(rules.ours("qkv", &[4]).len(), 2);
        assert!(rules.ours("z", &[]).is_empty() && rules.theirs("z").is_none());
        assert_eq!(rules.theirs("y.w"), Some(("a.b.w".to_owned(), Link::Same)));
        assert_eq!(rules.theirs("k"), Some(("qkv".to_owned(), Link::Part(1, 2))));
    }
}
