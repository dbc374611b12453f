//! `test`: sets up what the tests need, then runs every test there is, in all three homes.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::args::Args;
use crate::build::{self, Build, Profile, Purpose};
use crate::fmt;
use crate::lint;
use crate::project::Project;
use crate::sh::Cmd;
use crate::steps::Steps;
use crate::system;
use crate::tidy;
use crate::toolchain;

pub(crate) const HELP: &str = "
  FILTER        only tests whose name contains it (and no tidy, no fmt)
  --only PART   one part: tidy, fmt, native, wasm, edge or page

Installs what is missing: the tools of `up`, npm packages, Python packages, and, as root on Debian,
Chromium with its driver. Compiles with clippy, whose warnings are errors. Stops at the first step that fails.

The tests of edge and page are e2e/edge/*.test.mjs and e2e/*.test.mjs, run by Node. Tests are told:
  TARN_PAGE_DIR   the page, to be served as it is     TARN_EDGE_DIR  the edge worker with its wrangler.toml
  TARN_BIN        the native binary                   TARN_PYTHON    a Python with tests/requirements.txt
  TARN_CHROMIUM   the browser                         TARN_VEGA_DIR  the real files of vega-datasets
  TARN_CONTRACT_DIR   the contract of stores for R2   TARN_TEST_SERVERS   the program with the S3 server of tests/servers
  TARN_EDITOR_DIR     the page's editor alone";

/// Long enough for a slow machine to load an engine that is hardly optimized.
const WASM_TEST_TIMEOUT_SECONDS: &str = "600";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Tidy,
    Fmt,
    Native,
    Wasm,
    Edge,
    Page,
}

const PARTS: &[(&str, Part)] = &[
    ("tidy", Part::Tidy),
    ("fmt", Part::Fmt),
    ("native", Part::Native),
    ("wasm", Part::Wasm),
    ("edge", Part::Edge),
    ("page", Part::Page),
];

pub(crate) fn run(mut args: Args) -> Result<()> {
    let only = args.value("--only")?;
    let filter = args.word();
    args.finish()?;
    let parts = chosen_parts(only.as_deref(), filter.is_some())?;
    let has = |wanted: &[Part]| wanted.iter().any(|part| parts.contains(part));

    let project = Project::find()?;
    let run = Run { project: &project, filter: filter.as_deref() };
    let homes = Build { project: &project, profile: Profile::Dev, purpose: Purpose::Test };
    let mut steps = Steps::default();

    if has(&[Part::Tidy]) {
        steps.add("Checking the rules of the repository", || tidy::check(&project));
    }
    if has(&[Part::Fmt]) {
        steps.add("Checking the format", || fmt::check(&project));
    }
    if has(&[Part::Native, Part::Edge, Part::Page]) {
        steps.add("Checking the packages of npm and Python", || run.set_up_packages());
    }
    if has(&[Part::Wasm, Part::Edge, Part::Page]) {
        build::add_tool_steps(&mut steps, &project);
    }
    if has(&[Part::Wasm, Part::Page]) {
        steps.add("Checking the browser", || system::set_up_browser().map(drop));
    }
    if has(&[Part::Native, Part::Edge, Part::Page]) {
        steps.add("Compiling and linting the native crates", || lint::native(&project));
    }
    if has(&[Part::Native]) {
        steps.add("Testing the native crates", || run.test_native());
    }
    if has(&[Part::Wasm]) {
        steps.add("Testing the wasm crates in a browser", || run.test_wasm());
    }
    if has(&[Part::Edge, Part::Page]) {
        homes.add_page_steps(&mut steps);
        homes.add_edge_steps(&mut steps);
    }
    if has(&[Part::Edge]) {
        steps.add("Testing the edge worker", || run.test_node(&homes, "edge"));
    }
    if has(&[Part::Page]) {
        steps.add("Testing the parts of the page", || run.test_page_parts());
        steps.add("Testing the page", || run.test_node(&homes, ""));
    }
    steps.run_with_table()
}

fn chosen_parts(only: Option<&str>, is_filtered: bool) -> Result<Vec<Part>> {
    if let Some(only) = only {
        let part = PARTS.iter().find(|(name, _)| *name == only).with_context(|| {
            let names: Vec<_> = PARTS.iter().map(|(name, _)| *name).collect();
            format!("there is no part `{only}`; it is one of {}", names.join(", "))
        })?;
        return Ok(vec![part.1]);
    }
    let has_names = |part: &Part| !matches!(part, Part::Tidy | Part::Fmt);
    Ok(PARTS.iter().map(|(_, part)| *part).filter(|part| !is_filtered || has_names(part)).collect())
}

/// One run of the tests.
struct Run<'a> {
    project: &'a Project,
    filter: Option<&'a str>,
}

impl Run<'_> {
    fn set_up_packages(&self) -> Result<()> {
        let e2e = self.project.e2e();
        for dir in [&e2e, &e2e.join("edge")] {
            system::set_up_npm(self.project, dir)?;
        }
        system::set_up_python(self.project).map(drop)
    }

    fn test_native(&self) -> Result<()> {
        let cargo = lint::with_clippy(self.project.cargo()?).arg("test").args(lint::native_args());
        with_surroundings(self.project, cargo)?.args(self.filter).run()
    }

    fn test_wasm(&self) -> Result<()> {
        let browser = system::set_up_browser()?;
        let mut cargo = lint::with_clippy(toolchain::wasm(self.project)?.cargo(self.project)?)
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner")
            .env("CHROMEDRIVER", &browser.driver)
            .env("WASM_BINDGEN_TEST_TIMEOUT", WASM_TEST_TIMEOUT_SECONDS)
            .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60")
            .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", self.project.root.join("webdriver.json"))
            // What `--tests` means, but for the examples and what is in the documentation.
            .args(["test", "--target", toolchain::TARGET, "--lib", "--test", "*"])
            .args(build::test_packages());
        if let Some(filter) = self.filter {
            cargo = cargo.arg(filter);
        }
        cargo.run()
    }

    /// What of the page and of its SQL editor is tested without a browser.
    fn test_page_parts(&self) -> Result<()> {
        let cargo = lint::with_clippy(self.project.cargo()?).args(["test", "--package", "tarn-app"]);
        cargo.args(self.filter).run()?;
        let dir = self.project.root.join("app/editor");
        let mut node = self.project.cmd("node")?.dir(&dir).args(["--test", "--test-reporter=dot"]);
        if let Some(filter) = self.filter {
            node = node.arg(format!("--test-name-pattern={filter}"));
        }
        node.args(test_files(&dir.join("test"))?).run()
    }

    /// Runs the test files in a folder of `e2e`.
    fn test_node(&self, homes: &Build<'_>, folder: &str) -> Result<()> {
        let dir = self.project.e2e().join(folder);
        let files = test_files(&dir)?;
        if files.is_empty() {
            bail!("there are no *.test.mjs in {}", dir.display());
        }
        let mut node = with_surroundings(self.project, self.project.cmd("node")?)?
            .env("TARN_PAGE_DIR", homes.page_dir())
            .env("TARN_EDITOR_DIR", homes.page_dir().join("editor"))
            .env("TARN_EDGE_DIR", homes.edge_dir())
            .env("TARN_CONTRACT_DIR", homes.contract_dir())
            .dir(&self.project.e2e())
            // Each file starts servers and browsers of its own, and two cores are soon busy.
            .args(["--test", "--test-concurrency=1", "--test-reporter=spec"]);
        if let Some(filter) = self.filter {
            node = node.arg(format!("--test-name-pattern={filter}"));
        }
        node.args(files).run()
    }
}

/// Tells a test where to find what it does not make itself.
pub(crate) fn with_surroundings(project: &Project, cmd: Cmd) -> Result<Cmd> {
    let mut cmd = cmd
        .env("TARN_BIN", project.target.join("debug/tarn"))
        .env("TARN_TEST_SERVERS", project.target.join("debug/tarn-test-servers"))
        .env("TARN_VEGA_DIR", project.e2e().join("node_modules/vega-datasets/data"));
    if let Ok(browser) = system::set_up_browser() {
        cmd = cmd.env("TARN_CHROMIUM", browser.chromium);
    }
    if let Some(python) = system::set_up_python(project)? {
        cmd = cmd.env("TARN_PYTHON", python);
    }
    Ok(cmd)
}

/// The test files directly in a folder, in the order of their names.
fn test_files(dir: &Path) -> Result<Vec<std::path::PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("there are no tests in {}", dir.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.retain(|file| file.to_string_lossy().ends_with(".test.mjs"));
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        assert_eq!(chosen_parts(None, false).unwrap().len(), PARTS.len());
        assert!(!chosen_parts(None, true).unwrap().contains(&Part::Fmt));
        assert_eq!(chosen_parts(Some("edge"), false).unwrap(), [Part::Edge]);
        assert!(chosen_parts(Some("egde"), false).is_err());
    }
}
