//! What happened while data were read that one should know of.

use std::fmt;

use crate::picture::ImageFault;

/// How many names a sentence lists before it only counts.
const LISTED: usize = 10;

/// An image that was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The image, relative to the folder or tar that was read.
    pub name: String,
    /// Why.
    pub fault: ImageFault,
}

/// What was passed over or changed; displays as one sentence per line, and as nothing where nothing happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Images that were passed over, in the order of their names.
    pub skipped: Vec<Skipped>,
    /// Everything else, one sentence each, without a full stop.
    pub remarks: Vec<String>,
}

impl Notes {
    /// The sentences, without full stops.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = self.remarks.clone();
        if !self.skipped.is_empty() {
            let each: Vec<_> =
                self.skipped.iter().map(|s| format!("{} {}", s.name, s.fault)).collect();
            let (count, plural) = (each.len(), if each.len() == 1 { "" } else { "s" });
            lines.insert(0, format!("{count} image{plural} skipped: {}", list(&each)));
        }
        lines
    }
}

impl fmt::Display for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

/// The first of the names, and how many more there are.
pub(crate) fn list<S: AsRef<str>>(names: &[S]) -> String {
    let mut words = names.iter().take(LISTED).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    if names.len() > LISTED {
        words += &format!(" and {} more", names.len() - LISTED);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences() {
        let mut notes = Notes::default();
        assert_eq!(notes.to_string(), "");
        let skip = |name: &str| Skipped { name: name.to_owned(), fault: ImageFault::Empty };
        notes.skipped.push(skip("a.png"));
        notes.remarks.push("2 images were converted".to_owned());
        assert_eq!(
            notes.to_string(),
            "1 image skipped: a.png is empty (0 bytes)\n2 images were converted"
        );
        notes.skipped.extend((0..12).map(|i| skip(&format!("{i}.png"))));
        let first = &notes.lines()[0];
        assert!(first.starts_with("13 images skipped: a.png is empty"), "{first}");
        assert!(first.ends_with("8.png is empty (0 bytes) and 3 more"), "{first}");
    }
}
