//! A bench's report as tables, for terminals and for Markdown.

use langevin_bench::{Measured, Report};

use crate::words::significant;

/// One column: its head, and a row's entry.
type Column = (&'static str, fn(&Measured) -> String);

/// A table per kind of work, in columns.
pub(super) fn text(report: &Report) -> String {
    let parts = tables(report).into_iter().map(|rows| {
        let widths: Vec<usize> = (0..rows[0].len())
            .map(|c| rows.iter().map(|row| row[c].chars().count()).max().unwrap_or(0))
            .collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).enumerate().map(|(c, (cell, &width))| {
                if c == 0 { format!("{cell:width$}") } else { format!("{cell:>width$}") }
            });
            cells.collect::<Vec<_>>().join("  ")
        };
        rows.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    let mut parts: Vec<String> = parts.collect();
    parts.insert(0, facts(report).join("\n"));
    parts.extend(remarks(report));
    parts.join("\n\n")
}

/// The same as Markdown.
pub(super) fn markdown(report: &Report) -> String {
    let parts = tables(report).into_iter().map(|rows| {
        let line = |row: &Vec<String>| format!("| {} |", row.join(" | "));
        let mut lines: Vec<String> = rows.iter().map(line).collect();
        lines.insert(1, format!("|---{}|", "|---:".repeat(rows[0].len() - 1)));
        lines.join("\n")
    });
    let mut parts: Vec<String> = parts.collect();
    let facts: Vec<String> = facts(report).iter().map(|fact| format!("- {fact}")).collect();
    parts.insert(0, format!("{}\n- `{}`", facts.join("\n"), report.conditions.command));
    parts.extend(remarks(report));
    parts.join("\n\n")
}

/// Where and how, one fact each.
fn facts(report: &Report) -> Vec<String> {
    let conditions = &report.conditions;
    let mut facts = vec![format!(
        "{}; {} threads, {} runs in turns, {}",
        conditions.machine, conditions.threads, report.pairs, conditions.date
    )];
    let versions = [
        ("PyTorch", &report.versions.torch),
        ("diffusers", &report.versions.diffusers),
        ("Python", &report.versions.python),
    ];
    let versions =
        versions.into_iter().filter_map(|(name, v)| Some(format!("{name} {}", v.as_ref()?)));
    let versions: Vec<String> = versions.collect();
    if !versions.is_empty() {
        facts.push(versions.join(", "));
    }
    if let Some(rate) = report.matmul_gflops {
        let peer = rate.peer.map_or_else(String::new, |peer| format!(", PyTorch {peer:.0}"));
        facts.push(format!(
            "matrix product of 1024 x 1024: {:.0} GFLOP/s{peer}; shares are of the better one",
            rate.ours
        ));
    }
    facts
}

/// Networks and operations, each with its head and without the columns that say nothing.
fn tables(report: &Report) -> Vec<Vec<Vec<String>>> {
    [true, false]
        .map(|networks| {
            let rows = report.rows.iter().filter(move |row| row.group.is_network() == networks);
            table(&rows.collect::<Vec<_>>())
        })
        .into_iter()
        .filter(|rows| rows.len() > 1)
        .collect()
}

fn table(rows: &[&Measured]) -> Vec<Vec<String>> {
    let columns: [Column; 13] = [
        ("row", |row| row.name.clone()),
        ("ours ms", |row| significant(row.ours_ms)),
        ("PyTorch ms", |row| number(row.peer_ms)),
        ("ratio", |row| ratio(row.ratio)),
        ("single pairs", |row| {
            row.pair_ratios.map_or_else(String::new, |[low, high]| format!("{low:.2} to {high:.2}"))
        }),
        ("compiled ms", |row| number(row.peer_compiled_ms)),
        ("compiled ratio", |row| ratio(row.peer_compiled_ms.map(|ms| ms / row.ours_ms))),
        ("ours MiB", |row| whole(row.ours_mib)),
        ("PyTorch MiB", |row| whole(row.peer_mib)),
        ("memory ratio", |row| {
            ratio(row.ours_mib.zip(row.peer_mib).map(|(ours, peer)| ours / peer))
        }),
        ("GFLOP/s", |row| whole(row.gflops)),
        ("of matmul", |row| ratio(row.share_of_matmul)),
        ("GB/s", |row| number(row.gigabytes_per_second)),
    ];
    let filled: Vec<&Column> =
        columns.iter().filter(|(_, entry)| rows.iter().any(|row| !entry(row).is_empty())).collect();
    let head = filled.iter().map(|(head, _)| (*head).to_owned()).collect();
    let body = rows.iter().map(|row| filled.iter().map(|(_, entry)| entry(row)).collect());
    std::iter::once(head).chain(body).collect()
}

/// Why numbers are missing that were asked for.
fn remarks(report: &Report) -> Vec<String> {
    let remark = |row: &Measured| {
        Some(format!("{} is not compiled: {}", row.name, row.peer_compiled_error.as_ref()?))
    };
    report.rows.iter().filter_map(remark).collect()
}

fn number(x: Option<f64>) -> String {
    x.map_or_else(String::new, significant)
}

fn whole(x: Option<f64>) -> String {
    x.map_or_else(String::new, |x| format!("{x:.0}"))
}

fn ratio(x: Option<f64>) -> String {
    x.map_or_else(String::new, |x| format!("{x:.2}"))
}
