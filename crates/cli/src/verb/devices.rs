//! `langevin devices`: the processor, the instruction sets that kernels choose from at run time, the threads in use
//! and the backends of this build.

use serde_json::{Value, json};

use crate::args::device::DeviceName;
use crate::context::Context;
use crate::failure::Failure;
use crate::machine::{instruction_sets, processor};
use crate::output::Outcome;

pub(crate) fn run(context: &Context) -> Result<Outcome, Failure> {
    let name = processor();
    let cores = std::thread::available_parallelism()?.get();
    let sets = instruction_sets();
    let threads = rayon::current_num_threads();
    let backends: Vec<String> = DeviceName::ALL.iter().map(ToString::to_string).collect();
    let text = format!(
        "cpu               {name}\ncores             {cores}\ninstruction sets  {}\nthreads in use    {threads}\n\
         backends          {}\nchosen            {}",
        if sets.is_empty() { "baseline only".to_owned() } else { sets.join(" ") },
        backends.join(", "),
        context.device,
    );
    let devices: Vec<Value> = DeviceName::ALL
        .iter()
        .map(|device| {
            json!({
                "name": device.to_string(), "model": name, "architecture": std::env::consts::ARCH, "cores": cores,
                "instruction_sets": sets, "threads": threads,
            })
        })
        .collect();
    Ok(Outcome::done(
        text,
        json!({ "devices": devices, "backends": backends, "default": context.device.to_string() }),
    ))
}
