//! A verdict in words: each measure with what it means and what real data scores.

use langevin_eval::Verdict;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::words::{percent, significant, thousands};

/// One measured number beside what real data scores.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// What was measured.
    pub(crate) name: &'static str,
    /// What the number means, in a sentence or two.
    pub(crate) meaning: &'static str,
    /// The model's score.
    pub(crate) value: String,
    /// What real pictures score.
    pub(crate) floor: Option<String>,
}

/// The names that `--metrics` takes.
pub(crate) const METRICS: [&str; 5] =
    ["class_accuracy", "frechet", "frechet_random_features", "sliced_wasserstein", "memorisation"];

/// The rows of the measures named in `metrics`, or of all that apply where none is named.
pub(crate) fn rows(verdict: &Verdict, metrics: &[String]) -> Vec<Row> {
    let wanted = |metric: &str| metrics.is_empty() || metrics.iter().any(|name| name == metric);
    let memory = &verdict.memorisation;
    let row = |metric, name, meaning, value: Option<String>, floor| {
        value.filter(|_| wanted(metric)).map(|value| Row { name, meaning, value, floor })
    };
    let rows = [
        row(
            "class_accuracy",
            "Class accuracy",
            "Share of the pictures in which the judge, a small classifier of digits, sees the digit that was asked \
             for. Higher is better.",
            verdict.class_accuracy.map(percent),
            verdict.judge_accuracy.map(percent),
        ),
        row(
            "frechet",
            "Fréchet distance",
            "Distance between the samples and the training pictures as the judge sees them. Lower is better.",
            verdict.frechet.map(significant),
            verdict.frechet_floor.map(significant),
        ),
        row(
            "frechet_random_features",
            "Fréchet distance, random features",
            "The same as an untrained network sees them: a rough check only. Lower is better.",
            verdict.frechet_random_features.map(significant),
            verdict.frechet_random_features_floor.map(significant),
        ),
        row(
            "sliced_wasserstein",
            "Sliced Wasserstein distance",
            "Distance between the pixels of the samples and of the training pictures. Lower is better.",
            Some(significant(verdict.sliced_wasserstein)),
            Some(significant(verdict.sliced_wasserstein_floor)),
        ),
        row(
            "memorisation",
            "Distance to the nearest training picture",
            "The median. Far below real data, the model copies; far above, it strays.",
            Some(significant(memory.nearest_median)),
            Some(significant(memory.nearest_median_floor)),
        ),
        row(
            "memorisation",
            "Near-copies of a training picture",
            "Samples at most half as far from a training picture as its own nearest neighbour. Fewer is better.",
            Some(thousands(memory.near_copies)),
            None,
        ),
    ];
    rows.into_iter().flatten().collect()
}

/// The rows as aligned lines for the terminal.
pub(crate) fn lines(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
    let line = |row: &Row| {
        let floor =
            row.floor.as_ref().map_or(String::new(), |floor| format!("  (real data {floor})"));
        format!("{:width$}  {:>8}{floor}", row.name, row.value)
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The verdict as JSON with the fields of the measures named in `metrics`, or all.
pub(crate) fn json(verdict: &Verdict, metrics: &[String]) -> Result<Value, Failure> {
    let Value::Object(fields) = serde_json::to_value(verdict)? else {
        return Ok(Value::Object(Map::new()));
    };
    let wanted = |key: &str| match metric_of(key) {
        Some(metric) => metrics.is_empty() || metrics.iter().any(|name| name == metric),
        None => true,
    };
    Ok(Value::Object(fields.into_iter().filter(|(key, _)| wanted(key)).collect()))
}

/// The measure that a field of the verdict belongs to; counts and hashes belong to all.
fn metric_of(field: &str) -> Option<&'static str> {
    match field {
        "class_accuracy" | "class_accuracy_per_class" | "classes_seen" | "judge_accuracy" => {
            Some("class_accuracy")
        }
        "frechet" | "frechet_floor" => Some("frechet"),
        _ if field.starts_with("frechet_random_features") => Some("frechet_random_features"),
        _ if field.starts_with("sliced_wasserstein") => Some("sliced_wasserstein"),
        "near_copies" | "closest" => Some("memorisation"),
        _ if field.starts_with("memorised") || field.starts_with("nearest") => Some("memorisation"),
        _ => None,
    }
}
