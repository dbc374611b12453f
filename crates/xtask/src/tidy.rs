//! `tidy`: the rules that no compiler checks. Each is a function from text to problems, with its tests beside it.

mod docs;
mod layers;
mod manifests;
mod sources;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::args::Args;
use crate::project::Project;
use crate::sh::cmd;

pub(crate) const HELP: &str = "
Checks:
  layers      a crate uses only crates of the layers above its own, and what must never meet does not meet
  manifests   each package inherits the workspace's lints, edition and Rust version
  sources     each .rs file opens with //!, none is a grab bag, none grows past 600 lines, and code for one target
              stands only in the crates made for it
  docs        the paths and links in README, ARCHITECTURE, CHANGELOG and docs lead somewhere, and ARCHITECTURE names
              every crate";

pub(crate) fn run(args: Args) -> Result<()> {
    args.finish()?;
    check(&Project::find()?)?;
    println!("Everything is tidy.");
    Ok(())
}

/// Prints every problem; an error when there is one.
pub(crate) fn check(project: &Project) -> Result<()> {
    let files = repository_files(project)?;
    let mut problems = layers::check(project)?;
    for file in files.iter().filter(|file| file.path.ends_with("Cargo.toml")) {
        problems.extend(manifests::check(file));
    }
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        problems.extend(sources::check(file));
    }
    for file in files.iter().filter(|file| file.path.ends_with(".md")) {
        problems.extend(docs::check(file, &|path| project.root.join(path).exists()));
    }
    problems.extend(docs::check_map(&files));
    if problems.is_empty() {
        return Ok(());
    }
    for problem in &problems {
        println!("      {problem}");
    }
    bail!("{} problems", problems.len());
}

/// A text file of the repository.
struct TextFile {
    /// From the root, with `/`.
    path: String,
    text: String,
}

/// What git follows or would follow, as far as the rules look at it.
fn repository_files(project: &Project) -> Result<Vec<TextFile>> {
    let listed = cmd("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .dir(&project.root)
        .read()
        .context("tidy asks git which files there are")?;
    let is_checked = |path: &&str| {
        [".rs", ".md", "Cargo.toml"].iter().any(|end| path.ends_with(end))
            && project.root.join(path).is_file()
    };
    listed.lines().filter(is_checked).map(|path| read(&project.root, path)).collect()
}

fn read(root: &Path, path: &str) -> Result<TextFile> {
    let text = fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"))?;
    Ok(TextFile { path: path.to_owned(), text })
}
