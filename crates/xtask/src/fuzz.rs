//! `fuzz`: cargo-fuzz on what reads bytes of others.

use anyhow::{Context, Result};

use crate::args::Args;
use crate::project::Project;
use crate::tools;

pub(crate) const HELP: &str = "
  --seconds N    how long each target runs (default: 3600)

Runs every target of the folder fuzz, one after the other. It needs a nightly toolchain (rustup toolchain install nightly).
What a target finds stays in fuzz/artifacts. It is not part of `cargo xtask test`: its build has sanitizers, and takes
longer than all tests.";

const TARGETS: &[&str] = &["log", "deletion_vector", "partition_value"];

pub(crate) fn run(mut args: Args) -> Result<()> {
    let seconds = args.value("--seconds")?;
    args.finish()?;
    let seconds: u32 =
        seconds.as_deref().unwrap_or("3600").parse().context("--seconds takes a number of seconds")?;
    let project = Project::find()?;
    tools::set_up_cargo_fuzz(&project)?;
    for target in TARGETS {
        println!("Fuzzing {target} for {seconds} s");
        let limit = format!("-max_total_time={seconds}");
        project
            .cmd("cargo")?
            .args(["+nightly", "fuzz", "run", target, "--", &limit])
            .hint("It needs a nightly toolchain: rustup toolchain install nightly")
            .dir(&project.root)
            .run()?;
    }
    Ok(())
}
