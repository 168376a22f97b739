//! The command line as clap parses it: one file per verb.
//! An argument that can be judged alone is judged here; one that depends on a model or a file is judged by its verb.

pub(crate) mod additions;
pub(crate) mod bench;
pub(crate) mod classes;
pub(crate) mod completions;
pub(crate) mod convert;
pub(crate) mod device;
pub(crate) mod devices;
pub(crate) mod eval;
pub(crate) mod info;
pub(crate) mod lab;
pub(crate) mod likelihood;
pub(crate) mod number;
pub(crate) mod pull;
pub(crate) mod quickstart;
pub(crate) mod sample;
pub(crate) mod trace;
pub(crate) mod train;
pub(crate) mod variant;
pub(crate) mod verify;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::args::device::DeviceName;
use crate::failure::Failure;

/// Train, sample and judge diffusion models, with no Python.
#[derive(Debug, Parser)]
#[command(
    name = "langevin",
    version,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = "Example:\n  langevin quickstart            train on digits for five minutes and open \
                  runs/quickstart/report.html\n\nExit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// Options that every verb takes.
#[derive(Args, Debug)]
pub(crate) struct Global {
    /// Seed of everything random [default: 0, or the configuration's]
    #[arg(long, global = true, value_name = "SEED", help_heading = "Everywhere")]
    pub(crate) seed: Option<u64>,
    /// Where to compute; `langevin devices` lists what this machine has [default: the best available]
    #[arg(long, global = true, value_name = "NAME", help_heading = "Everywhere")]
    pub(crate) device: Option<DeviceName>,
    /// Worker threads [default: one for each processor]
    #[arg(long, global = true, value_name = "N", help_heading = "Everywhere", value_parser = number::threads)]
    pub(crate) threads: Option<usize>,
    /// Print one JSON document on standard output instead of text
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) json: bool,
    /// No progress on standard error
    #[arg(long, short, global = true, help_heading = "Everywhere")]
    pub(crate) quiet: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Quickstart(quickstart::Quickstart),
    Train(train::Train),
    Sample(Box<sample::Sample>),
    Eval(eval::Eval),
    Likelihood(likelihood::Likelihood),
    Trace(trace::Trace),
    Verify(verify::Verify),
    Bench(bench::Bench),
    Info(info::Info),
    Convert(convert::Convert),
    Pull(pull::Pull),
    Lab(lab::Lab),
    Devices(devices::Devices),
    Completions(completions::Completions),
}

/// Parses the arguments of this process; help, version and mistakes come back as a [`Failure`] that prints itself.
pub(crate) fn parse() -> Result<Cli, Failure> {
    // A negative number is a value that its option refuses by name, not an unknown option; of an option written twice
    // the last counts.
    let command = Cli::command()
        .args_override_self(true)
        .mut_subcommands(|verb| verb.allow_negative_numbers(true).args_override_self(true));
    command
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .map_err(|error| Failure::from_clap(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clap_accepts_the_definition() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_verb_has_a_line_and_an_example() {
        for verb in Cli::command().get_subcommands() {
            assert!(verb.get_about().is_some(), "{}", verb.get_name());
            let example = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(
                example.contains(&format!("langevin {}", verb.get_name())),
                "{}: {example}",
                verb.get_name()
            );
        }
    }
}
