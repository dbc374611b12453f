//! `size`: what the shipped build weighs, against what it may weigh.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::args::Args;
use crate::build::{self, Build, Profile, Purpose};
use crate::project::Project;
use crate::steps::Steps;
use crate::system;
use crate::tools;

pub(crate) const HELP: &str = "
  --built    weigh what the last `size` or `build` left, without building

Builds with the profile `ship` and wasm-opt, then measures each wasm file: raw, gzip -9, Brotli at level 9. Fails when
one is over its budget.";

/// Weighs with the compressors that Node has, so that nothing else need be installed.
const WEIGH: &str = "
const zlib = require('node:zlib'), data = require('node:fs').readFileSync(process.argv[1]);
const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants;
const params = { [BROTLI_PARAM_QUALITY]: 9, [BROTLI_PARAM_SIZE_HINT]: data.length };
console.log(JSON.stringify({
  raw: data.length,
  gzip: zlib.gzipSync(data, { level: 9 }).length,
  brotli: zlib.brotliCompressSync(data, { params }).length,
}));";

/// A wasm file and the bytes that it may have in each form.
struct Budget {
    name: &'static str,
    file: PathBuf,
    limits: &'static [(Form, u64)],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Raw,
    Gzip,
    Brotli,
}

#[derive(Debug)]
struct Weight {
    raw_bytes: u64,
    gzip_bytes: u64,
    brotli_bytes: u64,
}

pub(crate) fn run(mut args: Args) -> Result<()> {
    let is_built = args.flag("--built");
    args.finish()?;
    let project = Project::find()?;
    system::require_node()?;
    let build = Build { project: &project, profile: Profile::Ship, purpose: Purpose::Use };
    if !is_built {
        let mut steps = Steps::default();
        build::add_tool_steps(&mut steps, &project);
        steps.add("Checking wasm-opt", || tools::set_up_wasm_opt(&project));
        build.add_page_steps(&mut steps);
        build.add_edge_steps(&mut steps);
        steps.run()?;
    }

    println!("\n{:<16} {:>12} {:>12} {:>12}", "bytes", "raw", "gzip", "Brotli 9");
    let mut over = Vec::new();
    for budget in budgets(&build)? {
        let weight = weigh(&project, &budget.file)?;
        let [raw, gzip, brotli] = [Form::Raw, Form::Gzip, Form::Brotli].map(|form| weight.of(form));
        println!("{:<16} {raw:>12} {gzip:>12} {brotli:>12}", budget.name);
        over.extend(excess(&budget, &weight));
    }
    if over.is_empty() { Ok(()) } else { bail!("over budget: {}", over.join("; ")) }
}

fn budgets(build: &Build<'_>) -> Result<Vec<Budget>> {
    let page = build.page_dir();
    let page_wasm =
        build::files_with(&page, &["wasm"])?.into_iter().next().context("the page has no wasm file")?;
    Ok(vec![
        // What a person on a phone waits for.
        Budget {
            name: "tab's engine",
            file: page.join("engine/tarn_worker_browser_bg.wasm"),
            limits: &[(Form::Brotli, 8_000_000)],
        },
        Budget { name: "page", file: page_wasm, limits: &[] },
        // Cloudflare's limits: before compression, and after it on its older plans.
        Budget {
            name: "edge worker",
            file: build.edge_dir().join("tarn_worker_edge_bg.wasm"),
            limits: &[(Form::Raw, 64 * 1024 * 1024), (Form::Gzip, 10_000_000)],
        },
    ])
}

fn weigh(project: &Project, file: &Path) -> Result<Weight> {
    if !file.is_file() {
        bail!("{} is missing; build it without `--built`", file.display());
    }
    let weight: Value = serde_json::from_str(&project.cmd("node")?.args(["-e", WEIGH]).arg(file).read()?)?;
    let bytes = |name: &str| weight[name].as_u64().with_context(|| format!("node did not say `{name}`"));
    Ok(Weight { raw_bytes: bytes("raw")?, gzip_bytes: bytes("gzip")?, brotli_bytes: bytes("brotli")? })
}

impl Weight {
    fn of(&self, form: Form) -> u64 {
        match form {
            Form::Raw => self.raw_bytes,
            Form::Gzip => self.gzip_bytes,
            Form::Brotli => self.brotli_bytes,
        }
    }
}

/// A sentence for each limit that is passed.
fn excess(budget: &Budget, weight: &Weight) -> Vec<String> {
    let over = budget.limits.iter().filter(|(form, limit)| weight.of(*form) > *limit);
    over.map(|(form, limit)| {
        format!("{} has {} bytes as {form:?}, of {limit}", budget.name, weight.of(*form))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_over_is_named() {
        let limits = &[(Form::Raw, 10), (Form::Gzip, 5)];
        let budget = Budget { name: "x", file: PathBuf::new(), limits };
        let check = |raw_bytes, gzip_bytes, expect: usize| {
            let weight = Weight { raw_bytes, gzip_bytes, brotli_bytes: 99 };
            assert_eq!(excess(&budget, &weight).len(), expect, "{weight:?}");
        };
        check(10, 5, 0);
        check(11, 5, 1);
        check(11, 6, 2);
    }
}
