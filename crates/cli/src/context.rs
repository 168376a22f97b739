//! What every verb may ask for: the seed, the device, how to talk, and whether the user wants to stop.

use std::io::Write;

use burn::tensor::Device;

use crate::args::Global;
use crate::args::device::DeviceName;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output::Format;
use crate::progress::{Progress, Style};

/// The checked global options.
#[derive(Debug)]
pub(crate) struct Context {
    /// The seed given, if one was.
    pub(crate) seed: Option<u64>,
    /// The backend chosen.
    pub(crate) device: DeviceName,
    /// How results are printed.
    pub(crate) format: Format,
    /// How progress is shown.
    pub(crate) progress: Style,
    /// Ctrl-C.
    pub(crate) interrupt: Interrupt,
}

impl Context {
    /// Sizes the thread pool and installs the handler of Ctrl-C.
    pub(crate) fn new(global: &Global) -> Result<Self, Failure> {
        if let Some(threads) = global.threads {
            rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
        }
        Ok(Self {
            seed: global.seed,
            device: global.device.unwrap_or(DeviceName::ALL[0]),
            format: if global.json { Format::Json } else { Format::Text },
            progress: if global.quiet { Style::Silent } else { Style::of_stderr() },
            interrupt: Interrupt::install()?,
        })
    }

    /// The seed given, or 0.
    pub(crate) fn seed(&self) -> u64 {
        self.seed.unwrap_or(0)
    }

    /// The device chosen.
    pub(crate) fn device(&self) -> Device {
        self.device.open()
    }

    /// Says something worth knowing that stops nothing; `--quiet` does not silence it.
    pub(crate) fn note(&self, line: &str) {
        let _ = writeln!(std::io::stderr(), "note: {line}");
    }

    /// Begins a task that is shown on standard error.
    pub(crate) fn task(&self, title: &str) -> Progress {
        Progress::start(self.progress, title)
    }
}
