//! The class of each image, from the folder it lies in or from its metadata.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::dataset::Record;
use crate::error::{Error, Result};
use crate::options::Classes;

/// Names of folders that part data for training and judging rather than sort them.
const SPLITS: [&str; 5] = ["train", "test", "val", "valid", "validation"];

/// What was found of classes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The class names, sorted, and the class of each image; `None` where there are no classes.
    pub(super) labels: Option<(Vec<String>, Vec<u32>)>,
    /// What one should know about it.
    pub(super) remark: Option<String>,
}

/// The classes of the images of these names, of which each may have a record.
pub(super) fn find(
    classes: &Classes,
    names: &[&str],
    records: &HashMap<String, Record>,
) -> Result<Found> {
    match classes {
        Classes::Off => Ok(Found::default()),
        Classes::Subfolders => {
            Ok(labelled(&names.iter().map(|name| subfolder(name)).collect::<Result<Vec<_>>>()?))
        }
        Classes::Field(field) => {
            let value = |name: &&str| {
                field_value(records.get(*name), field).ok_or_else(|| no_field(name, field))
            };
            Ok(labelled(&names.iter().map(value).collect::<Result<Vec<_>>>()?))
        }
        Classes::Auto => Ok(auto(names)),
    }
}

fn auto(names: &[&str]) -> Found {
    let shared = shared_folders(names);
    let inner: Result<Vec<String>> = names.iter().map(|name| subfolder(&name[shared..])).collect();
    let Ok(folders) = inner else { return Found::default() };
    let distinct: BTreeSet<&str> = folders.iter().map(String::as_str).collect();
    if distinct.iter().all(|name| SPLITS.contains(name)) {
        let list = distinct.into_iter().collect::<Vec<_>>().join(", ");
        let remark = format!(
            "the subfolders {list} are read together as one set: name one of them to read it alone"
        );
        return Found { labels: None, remark: Some(remark) };
    }
    labelled(&folders)
}

/// The length of the folders that all names begin with.
fn shared_folders(names: &[&str]) -> usize {
    let Some((first, rest)) = names.split_first() else { return 0 };
    let mut shared = first.rfind('/').map_or(0, |at| at + 1);
    for name in rest {
        while !name.starts_with(&first[..shared]) {
            shared = first[..shared - 1].rfind('/').map_or(0, |at| at + 1);
        }
    }
    shared
}

fn subfolder(name: &str) -> Result<String> {
    let missing = || Error::NoClassFolder { image: name.to_owned() };
    name.split_once('/').map(|(folder, _)| folder.to_owned()).ok_or_else(missing)
}

fn field_value(record: Option<&Record>, field: &str) -> Option<String> {
    match record?.get(field)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    }
}

fn no_field(name: &str, field: &str) -> Error {
    Error::NoClassField { image: name.to_owned(), field: field.to_owned() }
}

/// Class names in order — of numbers, where all are numbers, else of bytes — and the place of each value among them.
fn labelled(values: &[String]) -> Found {
    let mut names: Vec<String> =
        values.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
    let numbers: Option<Vec<i128>> = names.iter().map(|name| name.parse().ok()).collect();
    if numbers.is_some() {
        names.sort_by_key(|name| name.parse::<i128>().unwrap_or_default());
    }
    let place: HashMap<&str, u32> =
        names.iter().zip(0..).map(|(name, place)| (name.as_str(), place)).collect();
    let labels = values.iter().map(|value| place[value.as_str()]).collect();
    Found { labels: Some((names, labels)), remark: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(classes: &Classes, names: &[&str]) -> Result<Found> {
        find(classes, names, &HashMap::new())
    }

    #[test]
    fn subfolders_become_classes_by_themselves() {
        let names = ["data/cat/x/1.png", "data/cat/2.png", "data/ant/3.png"];
        let (classes, labels) = found(&Classes::Auto, &names).unwrap().labels.unwrap();
        assert_eq!((classes.join(" "), labels), ("ant cat".to_owned(), vec![1, 1, 0]));
        assert_eq!(found(&Classes::Auto, &["a.png", "cat/b.png"]).unwrap(), Found::default());
        assert_eq!(found(&Classes::Auto, &["cat/a.png", "cat/b.png"]).unwrap(), Found::default());
        assert_eq!(found(&Classes::Off, &names).unwrap(), Found::default());
    }

    #[test]
    fn folders_of_numbers_are_in_the_order_of_numbers() {
        let names: Vec<String> = (0..12).map(|i| format!("{i}/x.png")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (classes, labels) = found(&Classes::Auto, &names).unwrap().labels.unwrap();
        assert_eq!(labels, (0..12).collect::<Vec<_>>());
        assert_eq!(classes[10], "10");
    }

    #[test]
    fn splits_are_no_classes() {
        let split = found(&Classes::Auto, &["test/a.png", "train/a.png"]).unwrap();
        assert_eq!(split.labels, None);
        assert!(split.remark.unwrap().starts_with("the subfolders test, train are read together"));
        assert!(found(&Classes::Auto, &["test/a.png", "toys/a.png"]).unwrap().labels.is_some());
        // Within one split, its subfolders count.
        let inner = found(&Classes::Auto, &["train/a/1.png", "train/b/1.png"]).unwrap();
        assert_eq!(inner.labels.unwrap().0, ["a", "b"]);
    }

    #[test]
    fn what_is_asked_for_must_be_there() {
        let (classes, labels) =
            found(&Classes::Subfolders, &["cat/b.png"]).unwrap().labels.unwrap();
        assert_eq!((classes, labels), (vec!["cat".to_owned()], vec![0]));
        assert_eq!(
            found(&Classes::Subfolders, &["cat/b.png", "c.png"]).unwrap_err().to_string(),
            "c.png lies in no subfolder: with one class per subfolder, every image lies in one"
        );
        let record = |json: &str| serde_json::from_str::<Record>(json).unwrap();
        let records = HashMap::from([
            ("a".to_owned(), record(r#"{"label": 10, "half": 0.5}"#)),
            ("b".to_owned(), record(r#"{"label": 9, "half": 1}"#)),
        ]);
        let by = |field: &str| find(&Classes::Field(field.to_owned()), &["a", "b", "a"], &records);
        assert_eq!(
            by("label").unwrap().labels.unwrap(),
            (vec!["9".to_owned(), "10".to_owned()], vec![1, 0, 1])
        );
        assert_eq!(
            by("half").unwrap_err().to_string(),
            "a has no text or whole number as `half` in its metadata: expected one, as classes are made of that field"
        );
    }
}
