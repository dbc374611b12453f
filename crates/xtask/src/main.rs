//! `cargo xtask`: one command for each thing that people and CI do with this repository.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task runner talks to the person who started it"
)]
#![expect(clippy::disallowed_methods, reason = "a native tool that works on the checkout's own files")]
#![expect(clippy::disallowed_types, reason = "a native tool that measures its own steps")]

mod args;
mod bench;
mod build;
mod fmt;
mod fuzz;
mod lint;
mod page;
mod project;
mod serve;
mod service_worker;
mod sh;
mod size;
mod steps;
mod system;
mod test;
mod tidy;
mod toolchain;
mod tools;
mod torture;
mod up;

use std::process::ExitCode;

use anyhow::{Result, bail};
use args::Args;

/// One `cargo xtask NAME`.
struct Task {
    name: &'static str,
    summary: &'static str,
    help: &'static str,
    run: fn(Args) -> Result<()>,
}

const TASKS: &[Task] = &[
    Task {
        name: "up",
        summary: "set up what is missing, build, serve the page",
        help: up::HELP,
        run: up::run,
    },
    Task {
        name: "test",
        summary: "set up what is missing, run every test",
        help: test::HELP,
        run: test::run,
    },
    Task {
        name: "build",
        summary: "build the page and the edge worker for shipping",
        help: build::HELP,
        run: build::run,
    },
    Task {
        name: "size",
        summary: "weigh the shipped build against its budget",
        help: size::HELP,
        run: size::run,
    },
    Task {
        name: "lint",
        summary: "run clippy on everything, native and wasm",
        help: lint::HELP,
        run: lint::run,
    },
    Task {
        name: "bench",
        summary: "measure time and memory beside another program",
        help: bench::HELP,
        run: bench::run,
    },
    Task { name: "fuzz", summary: "run the fuzz targets", help: fuzz::HELP, run: fuzz::run },
    Task {
        name: "torture",
        summary: "kill the native binary, or a tab's engine, while it writes",
        help: torture::HELP,
        run: torture::run,
    },
    Task { name: "fmt", summary: "format the Rust code", help: fmt::HELP, run: fmt::run },
    Task {
        name: "tidy",
        summary: "check the rules that no compiler checks",
        help: tidy::HELP,
        run: tidy::run,
    },
];

fn main() -> ExitCode {
    match dispatch(Args::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.is::<steps::Reported>() {
                eprintln!("\nxtask: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}

fn dispatch(mut args: Args) -> Result<()> {
    let wants_help = args.flag("--help") | args.flag("-h");
    let Some(name) = args.word().filter(|name| name != "help") else {
        print_overview();
        return Ok(());
    };
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        print_overview();
        bail!("there is no task named `{name}`");
    };
    if wants_help {
        println!("cargo xtask {}: {}\n\n{}", task.name, task.summary, task.help.trim_matches('\n'));
        return Ok(());
    }
    (task.run)(args)
}

fn print_overview() {
    println!("Usage: cargo xtask TASK [OPTIONS]\n");
    for task in TASKS {
        println!("  {:<8} {}", task.name, task.summary);
    }
    println!("\n`cargo xtask TASK --help` says more.");
}
