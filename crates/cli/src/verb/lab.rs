//! `langevin lab NAME` and `langevin lab --list`.

use langevin_lab::{Check, Lab};
use serde_json::{Value, json};

use crate::args::lab::Lab as Arguments;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::Outcome;
use crate::words::counted;

pub(crate) fn run(args: &Arguments, context: &Context) -> Result<Outcome, Failure> {
    let Some(name) = args.name.as_ref().filter(|_| !args.list) else { return Ok(list()) };
    let lab = Lab::named(name).map_err(|error| Failure::usage(error.to_string()))?;
    let task = context.task(&format!("lab {}: {}", lab.name, lab.about));
    let outcome = lab.run(context.seed(), &args.out)?;
    let failed = outcome.checks.iter().filter(|check| !check.pass).count();
    let mut lines: Vec<String> = outcome.checks.iter().map(line).collect();
    lines.extend(outcome.files.iter().map(|file| format!("wrote {}", file.display())));
    let verdict = match failed {
        0 => format!("{} passed", counted(outcome.checks.len(), "check")),
        _ => format!("{failed} of {} failed", counted(outcome.checks.len(), "check")),
    };
    task.finish(&verdict);
    lines.push(verdict);
    let exit = if failed == 0 { Exit::Done } else { Exit::Failed };
    Ok(Outcome { text: lines.join("\n"), json: serde_json::to_value(&outcome)?, exit })
}

fn line(check: &Check) -> String {
    let Check { name, value, expected, tolerance, pass } = check;
    let verdict = if *pass { "pass" } else { "FAIL" };
    format!("{verdict}  {name}: {value:.6e}, expected {expected:.6e} within {tolerance:.1e}")
}

fn list() -> Outcome {
    let text: Vec<String> = Lab::ALL
        .iter()
        .map(|lab| format!("{:<12}{} ({})", lab.name, lab.about, lab.rows.join(", ")))
        .collect();
    let labs: Vec<Value> = Lab::ALL
        .iter()
        .map(|lab| json!({ "name": lab.name, "about": lab.about, "rows": lab.rows }))
        .collect();
    Outcome::done(text.join("\n"), json!({ "labs": labs }))
}
