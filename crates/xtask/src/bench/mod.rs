//! `bench`: how long things take and how much memory, beside another program that does the same.

mod copies;
mod delta;
mod measure;
mod report;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::args::Args;
use crate::project::Project;
use crate::system;

pub(crate) const HELP: &str = "
  delta          Delta tables: `tarn sql` beside the package deltalake of PyPI
  --scale N      so much of the full size (default: 1, which is 10 M rows, 10,000 commits, 300,000 files)
  --runs N       how often each case runs on each side; the median counts (default: 3)
  --only TEXT    only cases whose name holds this
  --tarn FILE    this binary, instead of building one in the profile release
  --json FILE    write the figures to this file too

Both sides are whole processes, measured from outside: wall time and the most memory that was ever resident, the start of
the process included. They take turns. Their answers are compared, and a difference is a failure; times never are.
Data is made once and kept in the cache (`~/.cache/tarn/bench`).";

/// What a run is asked for.
struct Options {
    scale: f64,
    runs: usize,
    only: String,
}

/// What both sides run with.
struct Bench {
    project: Project,
    options: Options,
    /// The native binary.
    tarn: PathBuf,
    /// A Python with the packages that the tests compare with.
    python: PathBuf,
    /// The scripts of this benchmark.
    scripts: PathBuf,
    /// Where its data is.
    data: PathBuf,
}

pub(crate) fn run(mut args: Args) -> Result<()> {
    let scale = args.value("--scale")?.map_or(Ok(1.0), |scale| scale.parse::<f64>());
    let scale = scale.ok().filter(|scale| *scale > 0.0 && *scale <= 10.0);
    let runs = args.value("--runs")?.map_or(Ok(3), |runs| runs.parse::<usize>());
    let options = Options {
        scale: scale.context("--scale takes a number above 0 and up to 10")?,
        runs: runs.ok().filter(|runs| *runs > 0).context("--runs takes a number from 1")?,
        only: args.value("--only")?.unwrap_or_default(),
    };
    let json = args.value("--json")?;
    let tarn = args.value("--tarn")?;
    let Some(what) = args.word() else { bail!("say what: `cargo xtask bench delta`") };
    args.finish()?;
    if what != "delta" {
        bail!("there is no benchmark `{what}`; there is `delta`");
    }
    let project = Project::find()?;
    let python = system::set_up_python(&project)?.context("tests/requirements.txt is missing")?;
    let tarn = match tarn {
        Some(file) => std::path::absolute(Path::new(&file))?,
        None => build(&project)?,
    };
    let scripts = project.root.join("benches").join(&what);
    let data = project.cache.join(format!("bench/{what}-{}", options.scale));
    let bench = Bench { project, options, tarn, python, scripts, data };
    let results = delta::run(&bench)?;
    report::print(&results);
    if let Some(file) = json {
        report::write_json(Path::new(&file), bench.options.scale, bench.options.runs, &results)?;
    }
    let wrong: Vec<&str> =
        results.iter().filter(|result| !result.agrees).map(|result| result.name.as_str()).collect();
    if wrong.is_empty() { Ok(()) } else { bail!("the answers differ: {}", wrong.join("; ")) }
}

fn build(project: &Project) -> Result<PathBuf> {
    println!("Building the binary, with optimizations");
    project.cargo()?.args(["build", "--quiet", "--release", "--package", "tarn"]).run()?;
    Ok(project.target.join("release").join(format!("tarn{}", std::env::consts::EXE_SUFFIX)))
}
