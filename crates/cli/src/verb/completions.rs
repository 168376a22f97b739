//! `langevin completions SHELL`: the script on standard output.

use clap::CommandFactory;
use serde_json::json;

use crate::args::Cli;
use crate::args::completions::Completions;
use crate::failure::Failure;
use crate::output::Outcome;

pub(crate) fn run(args: &Completions) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "langevin", &mut script);
    let script = String::from_utf8(script)?;
    let json = json!({ "shell": args.shell.to_string(), "script": &script });
    Ok(Outcome::done(script, json))
}
