//! Runs labs: `cargo run --release -p langevin-lab --example lab -- FOLDER NAME…`.

use std::io::Write;
use std::path::Path;

use langevin_lab::Lab;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| "lab".to_owned());
    let mut names: Vec<String> = arguments.collect();
    if names.is_empty() {
        names = Lab::ALL.iter().map(|lab| lab.name.to_owned()).collect();
    }
    let mut out = std::io::stdout().lock();
    for name in names {
        let outcome = Lab::named(&name)?.run(0, Path::new(&folder))?;
        writeln!(out, "{}", serde_json::to_string_pretty(&outcome)?)?;
    }
    Ok(())
}
