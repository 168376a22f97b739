//! Traces of many jobs: `trace JOBS.jsonl`, one job a line, one line of JSON about each on standard output.
//!
//! A job is `{"scheduler": PATH, "mixture": PATH, "steps": n, "init": PATH, "out": PATH, "eta": number or null,
//! "rng": "philox" or "torch", "seed": n, "mode": "as-diffusers" or "fixed"}`; the last three have defaults.
//! `init` may be `null`: then only the plan is made, and the line holds `timesteps`, `sigmas` and `init_noise_sigma`.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};

use langevin_schedulers::{Config, Job, Mode, Plan, Request, RngKind, trace};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: trace JOBS.jsonl")?;
    let mut stdout = std::io::stdout().lock();
    for line in BufReader::new(std::fs::File::open(path)?).lines() {
        let job: Value = serde_json::from_str(&line?)?;
        let result = if job["init"].is_null() { look(&job) } else { make(&job) };
        let answer = result.unwrap_or_else(|error| json!({ "error": error.to_string() }));
        writeln!(stdout, "{answer}")?;
        stdout.flush()?;
    }
    Ok(())
}

fn text<'a>(job: &'a Value, key: &str, default: &'a str) -> &'a str {
    job[key].as_str().unwrap_or(default)
}

fn request(job: &Value) -> Result<Request, Box<dyn Error>> {
    Ok(Request {
        eta: job["eta"].as_f64(),
        mode: text(job, "mode", "as-diffusers").parse::<Mode>()?,
        ..Request::steps(job["steps"].as_u64().ok_or("a job needs steps")? as usize)
    })
}

fn make(job: &Value) -> Result<Value, Box<dyn Error>> {
    let traced = trace(&Job {
        scheduler: text(job, "scheduler", "").into(),
        mixture: text(job, "mixture", "").into(),
        init: text(job, "init", "").into(),
        request: request(job)?,
        rng: text(job, "rng", "philox").parse::<RngKind>()?,
        seed: job["seed"].as_u64().unwrap_or(0),
    })?;
    traced.write(text(job, "out", ""))?;
    Ok(json!({ "ok": true, "warnings": traced.warnings }))
}

fn look(job: &Value) -> Result<Value, Box<dyn Error>> {
    let config = Config::read(text(job, "scheduler", ""))?;
    let plan = Plan::new(&config, &request(job)?)?;
    Ok(json!({
        "ok": true, "warnings": config.warnings(), "timesteps": plan.timesteps, "sigmas": plan.sigmas,
        "init_noise_sigma": plan.init_noise_sigma,
    }))
}
