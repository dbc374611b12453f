//! `fmt`: rustfmt on the whole workspace.

use anyhow::Result;

use crate::args::Args;
use crate::project::Project;

pub(crate) const HELP: &str = "
  --check    change nothing, fail when something would change";

pub(crate) fn run(mut args: Args) -> Result<()> {
    let is_check = args.flag("--check");
    args.finish()?;
    let project = Project::find()?;
    if is_check { check(&project) } else { project.cargo()?.args(["fmt", "--all"]).run() }
}

/// Fails when a file is not formatted.
pub(crate) fn check(project: &Project) -> Result<()> {
    let hint = "`cargo xtask fmt` formats them.";
    project.cargo()?.args(["fmt", "--all", "--check"]).hint(hint).run()
}
