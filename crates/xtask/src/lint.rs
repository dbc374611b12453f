//! `lint`: clippy on everything, its warnings errors.
//!
//! `cargo clippy` would check every dependency once more, which for the engine takes minutes on each target. clippy's
//! compiler also compiles, so here it builds the workspace's own crates on top of the dependencies that the tests have
//! already built.

use anyhow::Result;

use crate::args::Args;
use crate::build;
use crate::project::Project;
use crate::sh::Cmd;
use crate::steps::Steps;
use crate::toolchain::{self, TARGET};

pub(crate) const HELP: &str = "
Takes no options. The rules are in Cargo.toml ([workspace.lints]) and clippy.toml.";

/// The packages that exist for wasm only.
pub(crate) const WASM_ONLY: &[&str] =
    &["tarn-app", "tarn-excel", "tarn-storage-opfs", "tarn-worker-browser", "tarn-worker-edge"];

pub(crate) fn run(args: Args) -> Result<()> {
    args.finish()?;
    let project = Project::find()?;
    let wasm = toolchain::wasm(&project)?;
    let mut steps = Steps::default();
    steps.add("Linting the native crates", || native(&project));
    steps.add("Linting the wasm crates", || {
        with_clippy(wasm.cargo(&project)?).args(["build", "--target", TARGET]).args(build::test_args()).run()
    });
    steps.add("Linting the page", || {
        with_clippy(wasm.cargo(&project)?).args(["build", "--target", TARGET, "--package", "tarn-app"]).run()
    });
    steps.run()
}

/// Compiles every native target with its lints; leaves what the native tests run.
pub(crate) fn native(project: &Project) -> Result<()> {
    with_clippy(project.cargo()?).arg("build").args(native_args()).arg("--all-targets").run()
}

/// All packages but those for wasm only.
pub(crate) fn native_args() -> Vec<&'static str> {
    ["--workspace"].into_iter().chain(WASM_ONLY.iter().flat_map(|name| ["--exclude", *name])).collect()
}

/// Makes a command that calls cargo compile the workspace's own crates with clippy.
pub(crate) fn with_clippy(cmd: Cmd) -> Cmd {
    // clippy's driver splits its arguments here.
    cmd.env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver").env("CLIPPY_ARGS", "-Dwarnings__CLIPPY_HACKERY__")
}
