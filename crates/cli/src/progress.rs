//! Progress on standard error: a bar on a terminal, one plain line at intervals otherwise, nothing with `--quiet`.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Time before the first plain line, and between lines.
const PATIENCE: Duration = Duration::from_secs(2);
const INTERVAL: Duration = Duration::from_secs(10);

/// The bar's own units.
const UNITS: u64 = 10_000;

/// How progress is shown in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// A bar that redraws itself.
    Bar,
    /// Lines for a log.
    Lines,
    /// Nothing.
    Silent,
}

impl Style {
    /// A bar on a terminal, lines elsewhere.
    pub(crate) fn of_stderr() -> Self {
        if std::io::stderr().is_terminal() { Self::Bar } else { Self::Lines }
    }
}

/// One task under way.
#[derive(Debug)]
pub(crate) struct Progress {
    title: String,
    style: Style,
    bar: Option<ProgressBar>,
    started: Instant,
    /// Where the task stood when it was started: a resumed run begins in the middle.
    origin: Option<f64>,
    /// When the next plain line is due.
    due: Instant,
}

impl Progress {
    /// Begins a task; `title` is a word such as "train".
    pub(crate) fn start(style: Style, title: &str) -> Self {
        let bar = (style == Style::Bar).then(|| {
            let bar = ProgressBar::new(UNITS);
            let template = "{prefix} {bar:24} {percent:>3}% {wide_msg}";
            bar.set_style(
                ProgressStyle::with_template(template)
                    .unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar.set_prefix(title.to_owned());
            bar
        });
        let started = Instant::now();
        Self { title: title.to_owned(), style, bar, started, origin: None, due: started + PATIENCE }
    }

    /// Says that the share `done` in `[0, 1]` of the task is done; `detail` is asked for only when it will be shown.
    pub(crate) fn update(&mut self, done: f64, detail: impl FnOnce() -> String) {
        let origin = *self.origin.get_or_insert(done);
        let left = time_left(self.started.elapsed(), done - origin, 1.0 - done);
        self.update_with(done, left, detail);
    }

    /// As [`update`](Self::update), for a task that knows itself how much time is left.
    pub(crate) fn update_with(
        &mut self,
        done: f64,
        left: Option<Duration>,
        detail: impl FnOnce() -> String,
    ) {
        let done = done.clamp(0.0, 1.0);
        match (&self.bar, self.style) {
            (Some(bar), _) => {
                bar.set_position((done * UNITS as f64) as u64);
                bar.set_message(join(detail(), left));
            }
            (None, Style::Lines) if Instant::now() >= self.due => {
                self.due = Instant::now() + INTERVAL;
                let line =
                    format!("{}: {:3.0}%, {}", self.title, done * 100.0, join(detail(), left));
                let _ = writeln!(std::io::stderr(), "{line}");
            }
            _ => {}
        }
    }

    /// Says what goes on while the share done stays as it is; shown on a bar only.
    pub(crate) fn message(&self, detail: impl FnOnce() -> String) {
        if let Some(bar) = &self.bar {
            bar.set_message(detail());
        }
    }

    /// Prints one line above the bar, or by itself.
    pub(crate) fn note(&self, line: &str) {
        match (&self.bar, self.style) {
            (Some(bar), _) => bar.println(line),
            (None, Style::Lines) => {
                let _ = writeln!(std::io::stderr(), "{line}");
            }
            _ => {}
        }
    }

    /// Ends the task with a last line.
    pub(crate) fn finish(self, line: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if self.style != Style::Silent {
            let _ = writeln!(std::io::stderr(), "{}: {line}", self.title);
        }
    }
}

fn join(detail: String, left: Option<Duration>) -> String {
    match left {
        Some(left) if detail.is_empty() => format!("{} left", clock(left)),
        Some(left) => format!("{detail}, {} left", clock(left)),
        None => detail,
    }
}

/// `elapsed` bought the share `gained`; what the share `rest` will cost at that rate.
fn time_left(elapsed: Duration, gained: f64, rest: f64) -> Option<Duration> {
    let seconds = elapsed.as_secs_f64() * rest / gained;
    (gained > 0.0 && seconds.is_finite() && seconds < 1e9)
        .then(|| Duration::from_secs_f64(seconds.max(0.0)))
}

/// `0:07`, `12:03`, `3:00:00`.
pub(crate) fn clock(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_read_as_clocks() {
        assert_eq!(clock(Duration::from_secs_f64(6.6)), "0:07");
        assert_eq!(clock(Duration::from_secs(723)), "12:03");
        assert_eq!(clock(Duration::from_secs(10_800)), "3:00:00");
    }

    #[test]
    fn time_left_is_proportional() {
        assert_eq!(time_left(Duration::from_secs(30), 0.25, 0.75), Some(Duration::from_secs(90)));
        assert_eq!(time_left(Duration::from_secs(30), 0.0, 1.0), None);
    }
}
