//! The verbs: each turns its arguments into library calls and the result into an [`Outcome`].

mod additions;
mod beginning;
mod bench;
mod completions;
mod composed;
mod convert;
mod devices;
mod eval;
mod info;
mod lab;
mod latent;
mod likelihood;
mod one_by_one;
mod previews;
mod prompted;
mod pull;
mod quickstart;
mod sample;
mod trace;
mod train;
mod verify;

use crate::args::Verb;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Outcome;

/// Does what the command line says.
pub(crate) fn run(verb: &Verb, context: &Context) -> Result<Outcome, Failure> {
    match verb {
        Verb::Quickstart(args) => quickstart::run(args, context),
        Verb::Train(args) => train::run(args, context),
        Verb::Sample(args) => sample::run(args, context),
        Verb::Eval(args) => eval::run(args, context),
        Verb::Likelihood(args) => likelihood::run(args, context),
        Verb::Trace(args) => trace::run(args, context),
        Verb::Verify(args) => verify::run(args, context),
        Verb::Bench(args) => bench::run(args, context),
        Verb::Lab(args) => lab::run(args, context),
        Verb::Info(args) => info::run(args, context),
        Verb::Convert(args) => convert::run(args, context),
        Verb::Pull(args) => pull::run(args, context),
        Verb::Devices(_) => devices::run(context),
        Verb::Completions(args) => completions::run(args),
    }
}
