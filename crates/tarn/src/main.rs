//! The native binary `tarn`.

mod home;
mod output;
mod prompt;
mod sql;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Tarn, a lakehouse: SQL over Parquet, CSV and JSON files, here or in object stores.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run SQL statements, in order, in one session.
    Sql(sql::Arguments),
}

fn main() -> ExitCode {
    let Command::Sql(arguments) = Arguments::parse().command;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // When all threads compute, one looks for signals and timers after so many polls, of which each can take 10 ms.
        .event_interval(5)
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return output::fail(&format!("cannot start: {error}")),
    };
    let code = match runtime.block_on(sql::run(arguments)) {
        Ok(code) => code,
        Err(error) => output::fail(&format!("{error:#}")),
    };
    // A statement that was stopped may still hold a thread; nobody waits for it.
    runtime.shutdown_background();
    code
}
