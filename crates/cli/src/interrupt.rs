//! Ctrl-C (and a polite kill): the first asks a watching loop to stop and save, the second ends the process at once.
//! Where nothing is being watched, the first one ends the process.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::failure::Failure;

/// The exit code of an interrupted process.
const INTERRUPTED: i32 = 130;

/// Knows whether the user asked to stop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt {
    asked: Arc<AtomicBool>,
    watchers: Arc<AtomicUsize>,
}

impl Interrupt {
    /// Installs the handler of this process.
    pub(crate) fn install() -> Result<Self, Failure> {
        let interrupt = Self::default();
        let handler = interrupt.clone();
        ctrlc::set_handler(move || handler.signal())?;
        Ok(interrupt)
    }

    /// While the guard lives, the first Ctrl-C only sets the flag.
    pub(crate) fn watch(&self) -> Watch<'_> {
        self.watchers.fetch_add(1, Ordering::SeqCst);
        Watch(self)
    }

    /// Sets the flag; ends the process where the user asked twice or there is nothing to save.
    fn signal(&self) {
        let again = self.asked.swap(true, Ordering::SeqCst);
        if again || self.watchers.load(Ordering::SeqCst) == 0 {
            std::process::exit(INTERRUPTED);
        }
        let _ =
            writeln!(std::io::stderr(), "\nstopping and saving; Ctrl-C once more stops at once");
    }
}

/// A loop that asks [`Watch::asked`] often.
#[derive(Debug)]
pub(crate) struct Watch<'a>(&'a Interrupt);

impl Watch<'_> {
    /// Whether the user asked to stop.
    pub(crate) fn asked(&self) -> bool {
        self.0.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.0.watchers.fetch_sub(1, Ordering::SeqCst);
    }
}
