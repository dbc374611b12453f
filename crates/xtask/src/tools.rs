//! The tools that cargo installs for this project, each in one exact version, into the project's own cache.

use std::io::IsTerminal as _;

use anyhow::Result;

use crate::project::Project;

/// How a tool is compiled.
enum Speed {
    /// It does much work itself: its own release profile.
    Fast,
    /// It mostly starts others: compiled in a fraction of the time.
    Quick,
}

struct Tool {
    package: &'static str,
    version: String,
    /// The arguments of `cargo install` beyond the name and the version.
    args: &'static [&'static str],
    /// The program, and a text that its `--version` prints.
    program: &'static str,
    shows: String,
    speed: Speed,
}

/// wasm-bindgen, as Cargo.lock has it: its command line and its library must agree exactly.
pub(crate) fn set_up_wasm_bindgen(project: &Project) -> Result<()> {
    let version = project.locked_version("wasm-bindgen")?;
    let shows = format!("wasm-bindgen {version}");
    let (package, program) = ("wasm-bindgen-cli", "wasm-bindgen");
    set_up(project, &Tool { package, version, args: &[], program, shows, speed: Speed::Fast })
}

/// Binaryen's optimizer, compiled for this machine.
pub(crate) fn set_up_wasm_opt(project: &Project) -> Result<()> {
    let (version, shows) = ("0.116.1".to_owned(), "version 116".to_owned());
    set_up(
        project,
        &Tool { package: "wasm-opt", version, args: &[], program: "wasm-opt", shows, speed: Speed::Fast },
    )
}

/// cargo-fuzz, which builds with libFuzzer.
pub(crate) fn set_up_cargo_fuzz(project: &Project) -> Result<()> {
    let version = "0.13.2".to_owned();
    let shows = format!("cargo-fuzz {version}");
    set_up(
        project,
        &Tool {
            package: "cargo-fuzz",
            version,
            args: &[],
            program: "cargo-fuzz",
            shows,
            speed: Speed::Quick,
        },
    )
}

fn set_up(project: &Project, tool: &Tool) -> Result<()> {
    let shown = project.cmd(tool.program)?.arg("--version").read();
    if shown.is_ok_and(|shown| shown.contains(&tool.shows)) {
        return Ok(());
    }
    println!("      Installing {} {}, which takes some minutes", tool.package, tool.version);
    // A lock file can name versions that a mirror does not have yet.
    if install(project, tool, &["--locked"]).is_err() {
        println!("      Trying again with the newest dependencies that there are");
        install(project, tool, &[])?;
    }
    Ok(())
}

fn install(project: &Project, tool: &Tool, args: &[&str]) -> Result<()> {
    let mut cargo = project
        .cmd("cargo")?
        .args(["install", "--force", tool.package, "--version", &format!("={}", tool.version)])
        .args(tool.args)
        .args(args)
        .arg("--root")
        .arg(project.tools())
        .env("CARGO_TARGET_DIR", project.cache.join("tools-target"));
    // A person sees cargo's progress; a log is spared some hundred lines.
    if !std::io::stderr().is_terminal() {
        cargo = cargo.arg("--quiet");
    }
    if matches!(tool.speed, Speed::Quick) {
        cargo = cargo
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "false");
    }
    cargo.hint("crates.io must be within reach once.").run()
}
