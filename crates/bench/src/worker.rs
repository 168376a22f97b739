//! Our side of the protocol: the work of one row, done whenever a line of input says so.
//!
//! - The worker sets its work up and says `ready` and an object of facts.
//! - To `run K` it answers with the milliseconds of one of K runs, their mean.
//! - To `end`, or the end of its input, it answers with the peak of its memory in MiB, or `unknown`, and returns.

use std::io::{BufRead, Write};
use std::time::Instant;

use burn::tensor::Device;

use crate::ready::Ready;
use crate::{Error, Result, Side, resident, rows};

/// Does the work of the row called `name` on `device` as `input` asks, and answers on `output`.
///
/// # Errors
/// [`Error::UnknownRow`], what the work itself meets, and lines that are not of the protocol.
pub fn serve(
    name: &str,
    device: &Device,
    input: impl BufRead,
    mut output: impl Write,
) -> Result<()> {
    let mut say = |words: String| -> Result<()> {
        writeln!(output, "{words}")?;
        Ok(output.flush()?)
    };
    let resident_mib = resident::now();
    let row = rows()
        .into_iter()
        .find(|row| row.name == name)
        .ok_or_else(|| Error::UnknownRow(name.to_owned()))?;
    let mut work = (row.build)(device)?;
    let ready = Ready { parameters: work.parameters, resident_mib, ..Ready::default() };
    say(format!("ready {}", serde_json::to_string(&ready).map_err(std::io::Error::from)?))?;
    for line in input.lines() {
        let line = line?;
        let repeats = line.strip_prefix("run ").and_then(|count| count.parse::<u32>().ok());
        match repeats {
            Some(repeats) if repeats > 0 => {
                let begun = Instant::now();
                for _ in 0..repeats {
                    (work.run)()?;
                }
                say((1e3 * begun.elapsed().as_secs_f64() / f64::from(repeats)).to_string())?;
            }
            _ if line == "end" => break,
            _ => {
                let what = format!("was told {line:?}: expected \"run K\" or \"end\"");
                return Err(Error::Worker { side: Side::Ours, row: row.name, what });
            }
        }
    }
    say(resident::peak().map_or_else(|| "unknown".to_owned(), |mib| mib.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversation(row: &str, input: &str) -> Result<Vec<String>> {
        let mut output = Vec::new();
        serve(row, &Device::flex(), input.as_bytes(), &mut output)?;
        Ok(String::from_utf8(output).unwrap().lines().map(ToOwned::to_owned).collect())
    }

    #[test]
    fn each_line_has_its_answer() {
        for row in ["op/matmul-1024-fwd", "op/groupnorm-silu-16x128x32-bwd"] {
            let lines = conversation(row, "run 1\nrun 3\nend\nrun 1\n").unwrap();
            let [ready, first, second, peak] = lines.as_slice() else { panic!("{lines:?}") };
            let facts: Ready = serde_json::from_str(ready.strip_prefix("ready ").unwrap()).unwrap();
            assert_eq!(facts.parameters, None);
            assert!(first.parse::<f64>().unwrap() > 0.0 && second.parse::<f64>().unwrap() > 0.0);
            if cfg!(target_os = "linux") {
                assert!(peak.parse::<f64>().unwrap() >= facts.resident_mib.unwrap());
            }
        }
    }

    #[test]
    fn a_closed_input_ends_the_work() {
        assert_eq!(conversation("op/matmul-1024-fwd", "").unwrap().len(), 2);
    }

    #[test]
    fn other_rows_and_lines_are_refused() {
        let error = conversation("op/conv9x9-1x1x1-fwd", "end\n").unwrap_err();
        assert_eq!(error.to_string(), "op/conv9x9-1x1x1-fwd is no row of the bench");
        for line in ["run", "run 0", "run -1", "stop"] {
            let error = conversation("op/matmul-1024-fwd", &format!("{line}\n")).unwrap_err();
            assert!(error.to_string().contains(line), "{error}");
        }
    }

    #[test]
    fn a_network_says_how_many_parameters_it_has() {
        let lines = conversation("train-step/compact", "run 1\nend\n").unwrap();
        let facts: Ready = serde_json::from_str(lines[0].strip_prefix("ready ").unwrap()).unwrap();
        assert_eq!(facts.parameters, Some(667_236));
    }
}
