//! `build`: the page and the edge worker, from Rust to folders that can be put on a host.
//!
//! cargo compiles the engine's two wasm homes in one go, so that they share every dependency; wasm-bindgen writes the
//! JavaScript around each, and around the page's own program. Each step is left out when its input has not changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};

use crate::args::Args;
use crate::lint;
use crate::page;
use crate::project::Project;
use crate::service_worker;
use crate::sh::Cmd;
use crate::steps::Steps;
use crate::system::{self, once};
use crate::toolchain::{self, TARGET};
use crate::tools;

pub(crate) const HELP: &str = "
  --out DIR             where to leave DIR/page and DIR/edge (default: dist)
  --profile ship|dev    ship is small and slow to build, dev the other way round (default: ship)

DIR/page goes to any static host, under a sub-path too. DIR/edge goes to Cloudflare with wrangler, or runs in any
workerd. docs/deploy.md says how.";

/// The wasm homes of the engine.
pub(crate) const ENGINE_PACKAGES: &[&str] = &["tarn-worker-browser", "tarn-worker-edge"];
/// Whose wasm tests run in a browser. Compiled together with the homes, so that all share every dependency.
pub(crate) const TESTED_PACKAGES: &[&str] =
    &["tarn-platform", "tarn-storage", "tarn-storage-opfs", "tarn-lakehouse"];

/// What wasm-bindgen writes for the edge: `web` leaves the instantiation to `worker/edge/shim.mjs`.
const EDGE_BINDGEN_TARGET: &str = "web";

/// What rustc lets the wasm files use, so that wasm-opt lets it pass.
const WASM_FEATURES: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
];

/// What lies beside the page, each in a folder of its own.
const BESIDE: &[&str] = &["engine", "editor", "excel", "samples"];
/// What is compiled with the page.
const PAGE_PACKAGES: &[&str] = &["tarn-app", "tarn-excel"];
/// The files of the sample lake, from vega-datasets. `app/src/rooms/home/samples.rs` shows them.
const SAMPLES: &[&str] =
    &["airports.csv", "earthquakes.json", "flights-3m.parquet", "movies.json", "weather.csv"];

/// What to build.
pub(crate) struct Build<'a> {
    pub(crate) project: &'a Project,
    pub(crate) profile: Profile,
    pub(crate) purpose: Purpose,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    Ship,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The homes alone.
    Use,
    /// The homes as they come out beside their tests, with clippy's warnings as errors: one compilation for all.
    Test,
}

pub(crate) fn run(mut args: Args) -> Result<()> {
    let out = args.value("--out")?.unwrap_or_else(|| "dist".to_owned());
    let profile = match args.value("--profile")?.as_deref() {
        None | Some("ship") => Profile::Ship,
        Some("dev") => Profile::Dev,
        Some(other) => bail!("there is no profile `{other}`; it is `ship` or `dev`"),
    };
    args.finish()?;

    let project = Project::find()?;
    let out = project.root.join(out);
    let build = Build { project: &project, profile, purpose: Purpose::Use };
    let mut steps = Steps::default();
    add_tool_steps(&mut steps, &project);
    if profile == Profile::Ship {
        steps.add("Checking wasm-opt", || tools::set_up_wasm_opt(&project));
    }
    build.add_page_steps(&mut steps);
    build.add_edge_steps(&mut steps);
    steps.add("Copying the results", || {
        replace_dir(&build.page_dir(), &out.join("page"))?;
        replace_dir(&build.edge_dir(), &out.join("edge"))
    });
    steps.run()?;
    println!(
        "\nThe page is in {}, the edge worker in {}.",
        out.join("page").display(),
        out.join("edge").display()
    );
    Ok(())
}

/// Installs what every build of the page needs.
pub(crate) fn add_tool_steps<'s>(steps: &mut Steps<'s>, project: &'s Project) {
    steps.add("Checking the compiler for wasm", || toolchain::wasm(project).map(drop));
    steps.add("Checking wasm-bindgen", || tools::set_up_wasm_bindgen(project));
}

impl Build<'_> {
    /// The page with its engine, ready to be served.
    pub(crate) fn page_dir(&self) -> PathBuf {
        self.stage().join("page")
    }

    /// The edge worker with its wrangler.toml.
    pub(crate) fn edge_dir(&self) -> PathBuf {
        self.stage().join("edge")
    }

    /// The contract of stores for R2, a worker of its own for the tests.
    pub(crate) fn contract_dir(&self) -> PathBuf {
        self.stage().join("contract")
    }

    pub(crate) fn add_page_steps<'s>(&'s self, steps: &mut Steps<'s>) {
        steps.add("Compiling the engine to wasm", || self.compile_engine());
        steps.add("Writing the tab's engine", || self.bind_tab());
        steps.add("Bundling the editor", || self.bundle_editor());
        steps.add("Copying the samples", || self.copy_samples());
        steps.add("Compiling the page", || self.compile_page());
        steps.add("Writing the page", || self.build_page());
    }

    /// After the page's steps, which compile the engine.
    pub(crate) fn add_edge_steps<'s>(&'s self, steps: &mut Steps<'s>) {
        steps.add("Writing the edge worker", || self.bind_edge());
        if self.purpose == Purpose::Test {
            steps.add("Writing the contract of R2", || self.bind_contract());
        }
    }

    fn compile_engine(&self) -> Result<()> {
        self.linted(toolchain::wasm(self.project)?.cargo(self.project)?)
            .args(["build", "--target", TARGET, "--profile", self.profile.name()])
            .args(self.engine_args())
            .run()
    }

    /// The packages and targets that make cargo compile the engine; for tests, what they are built of too.
    fn engine_args(&self) -> Vec<&'static str> {
        match self.purpose {
            Purpose::Use => packages(ENGINE_PACKAGES).collect(),
            Purpose::Test => test_args(),
        }
    }

    fn linted(&self, cmd: Cmd) -> Cmd {
        if self.purpose == Purpose::Test { lint::with_clippy(cmd) } else { cmd }
    }

    fn bind_tab(&self) -> Result<()> {
        let sources = self.project.root.join("worker/browser");
        self.bind(&Binding {
            module: "tarn_worker_browser",
            wasm: self.wasm_file("tarn_worker_browser"),
            target: "web",
            shims: files_with(&sources, &["js", "mjs"])?,
            dir: self.stage().join("engine"),
        })
    }

    fn bind_edge(&self) -> Result<()> {
        let sources = self.project.root.join("worker/edge");
        self.bind(&Binding {
            module: "tarn_worker_edge",
            wasm: self.wasm_file("tarn_worker_edge"),
            target: EDGE_BINDGEN_TARGET,
            shims: [files_with(&sources, &["js", "mjs"])?, vec![sources.join("wrangler.toml")]].concat(),
            dir: self.edge_dir(),
        })
    }

    fn bind_contract(&self) -> Result<()> {
        self.bind(&Binding {
            module: "r2_contract",
            wasm: self.wasm_file("examples/r2_contract"),
            target: EDGE_BINDGEN_TARGET,
            shims: Vec::new(),
            dir: self.contract_dir(),
        })
    }

    fn bind(&self, binding: &Binding) -> Result<()> {
        let wasm = &binding.wasm;
        let input = [fingerprint(wasm)?, self.project.locked_version("wasm-bindgen")?];
        let shims = binding.shims.iter().map(|shim| fingerprint(shim)).collect::<Result<Vec<_>>>()?;
        once(&stamp(&binding.dir), [&input[..], &shims].concat().join("\n").as_bytes(), || {
            empty_dir(&binding.dir)?;
            self.project
                .cmd("wasm-bindgen")?
                .args(["--no-typescript", "--target", binding.target, "--out-dir"])
                .arg(&binding.dir)
                .arg(wasm)
                .run()?;
            self.shrink(&binding.dir.join(format!("{}_bg.wasm", binding.module)))?;
            for shim in &binding.shims {
                fs::copy(shim, binding.dir.join(shim.file_name().context("a file has a name")?))
                    .with_context(|| format!("cannot copy {}", shim.display()))?;
            }
            Ok(())
        })
    }

    /// The page's SQL editor, which is JavaScript and fetched after the page.
    fn bundle_editor(&self) -> Result<()> {
        let sources = self.project.root.join("app/editor");
        system::set_up_npm(self.project, &sources)?;
        let mut input = files_below(&sources.join("src"))?;
        input.extend(["build.mjs", "package-lock.json"].map(|name| sources.join(name)));
        let input = input.iter().map(|file| fingerprint(file)).collect::<Result<Vec<_>>>()?.join("\n");
        let dir = self.stage().join("editor");
        once(&stamp(&dir), input.as_bytes(), || {
            empty_dir(&dir)?;
            self.project.cmd("node")?.arg("build.mjs").arg(&dir).dir(&sources).run()
        })
    }

    /// The page and the writer of Excel files. The latter comes with the page and not with the engine: what it shares with
    /// that would be compiled again for its features.
    fn compile_page(&self) -> Result<()> {
        self.linted(toolchain::wasm(self.project)?.cargo(self.project)?)
            .args(["build", "--target", TARGET, "--profile", self.profile.name()])
            .args(packages(PAGE_PACKAGES))
            .run()?;
        self.bind(&Binding {
            module: "tarn-app",
            wasm: self.wasm_file("tarn-app"),
            target: "web",
            shims: Vec::new(),
            dir: self.stage().join("program"),
        })?;
        self.bind(&Binding {
            module: "tarn_excel",
            wasm: self.wasm_file("tarn_excel"),
            target: "web",
            shims: Vec::new(),
            dir: self.stage().join("excel"),
        })
    }

    /// The files of the sample lake, which the page serves beside itself.
    fn copy_samples(&self) -> Result<()> {
        let sources = self.project.root.join("app/samples");
        system::set_up_npm(self.project, &sources)?;
        let data = sources.join("node_modules/vega-datasets/data");
        let files: Vec<PathBuf> = SAMPLES.iter().map(|name| data.join(name)).collect();
        let input = files.iter().map(|file| fingerprint(file)).collect::<Result<Vec<_>>>()?.join("\n");
        let dir = self.stage().join("samples");
        once(&stamp(&dir), input.as_bytes(), || {
            empty_dir(&dir)?;
            for (file, name) in files.iter().zip(SAMPLES) {
                fs::copy(file, dir.join(name)).with_context(|| format!("cannot copy {}", file.display()))?;
            }
            Ok(())
        })
    }

    fn build_page(&self) -> Result<()> {
        let root = &self.project.root;
        let bound = self.stage().join("program");
        let mut input = vec![root.join("index.html"), root.join("app/boot.js")];
        input.extend(files_below(&root.join("app/assets"))?);
        let is_style = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "css");
        input.extend(files_below(&root.join("app/src"))?.into_iter().filter(is_style));
        let input = input.iter().map(|file| fingerprint(file)).collect::<Result<Vec<_>>>()?.join("\n");
        let input = input + &fs::read_to_string(stamp(&bound))?;
        let app_dir = self.stage().join("app");
        once(&stamp(&app_dir), input.as_bytes(), || {
            empty_dir(&app_dir)?;
            page::write(root, &bound, &app_dir)
        })?;

        let parts = [&["app"][..], BESIDE].concat();
        let stamps = parts.iter().map(|part| fs::read_to_string(stamp(&self.stage().join(part))));
        let worker = fingerprint(&self.project.root.join("app/sw.js"))?;
        let stamps = stamps.collect::<Result<Vec<_>, _>>()?.concat() + &worker;
        once(&stamp(&self.page_dir()), stamps.as_bytes(), || {
            replace_dir(&app_dir, &self.page_dir())?;
            BESIDE
                .iter()
                .try_for_each(|part| replace_dir(&self.stage().join(part), &self.page_dir().join(part)))?;
            service_worker::write(&self.page_dir(), &self.project.root.join("app/sw.js"))
        })
    }

    /// wasm-opt, for what ships.
    fn shrink(&self, wasm: &Path) -> Result<()> {
        if self.profile == Profile::Dev {
            return Ok(());
        }
        self.project.cmd("wasm-opt")?.arg("-O2").args(WASM_FEATURES).arg(wasm).arg("-o").arg(wasm).run()
    }

    /// What cargo leaves for a package or, for a library, its module.
    fn wasm_file(&self, name: &str) -> PathBuf {
        self.project.target_wasm.join(TARGET).join(self.profile.folder()).join(format!("{name}.wasm"))
    }

    fn stage(&self) -> PathBuf {
        let name = match self.purpose {
            Purpose::Use => self.profile.name(),
            Purpose::Test => "test",
        };
        self.project.target_wasm.join("tarn").join(name)
    }
}

/// The wasm of one home, and the JavaScript around it.
struct Binding {
    module: &'static str,
    wasm: PathBuf,
    /// wasm-bindgen's `--target`.
    target: &'static str,
    shims: Vec<PathBuf>,
    dir: PathBuf,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Ship => "ship",
        }
    }

    /// cargo's folder for it.
    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Ship => "ship",
        }
    }
}

/// The arguments of `cargo build` that compile the wasm tests, and the homes beside them with the same features.
pub(crate) fn test_args() -> Vec<&'static str> {
    ["--lib", "--tests", "--examples"].into_iter().chain(test_packages()).collect()
}

/// The packages of `test_args`.
pub(crate) fn test_packages() -> impl Iterator<Item = &'static str> {
    packages(ENGINE_PACKAGES).chain(packages(TESTED_PACKAGES))
}

fn packages(names: &'static [&'static str]) -> impl Iterator<Item = &'static str> {
    names.iter().flat_map(|name| ["--package", *name])
}

/// The stamp lies beside the folder, so that the folder can be served as it is.
fn stamp(dir: &Path) -> PathBuf {
    dir.with_extension("stamp")
}

/// Changes when the file does.
fn fingerprint(file: &Path) -> Result<String> {
    let metadata = fs::metadata(file).with_context(|| format!("{} is missing", file.display()))?;
    let modified = metadata.modified()?.duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(format!("{} {} {}", file.display(), metadata.len(), modified.as_nanos()))
}

pub(crate) fn files_with(dir: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>> {
    let has_one = |file: &PathBuf| file.extension().is_some_and(|e| extensions.iter().any(|one| e == *one));
    Ok(entries(dir)?.into_iter().filter(|path| path.is_file()).filter(has_one).collect())
}

pub(crate) fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let (dirs, mut files): (Vec<_>, Vec<_>) = entries(dir)?.into_iter().partition(|path| path.is_dir());
    for dir in dirs {
        files.extend(files_below(&dir)?);
    }
    Ok(files)
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read the folder {}", dir.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn empty_dir(dir: &Path) -> Result<()> {
    if dir.exists() {
        fs::remove_dir_all(dir).with_context(|| format!("cannot clear {}", dir.display()))?;
    }
    fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))
}

/// Makes `to` a copy of `from`.
pub(crate) fn replace_dir(from: &Path, to: &Path) -> Result<()> {
    empty_dir(to)?;
    for path in files_below(from)? {
        let copy = to.join(path.strip_prefix(from)?);
        if let Some(dir) = copy.parent() {
            fs::create_dir_all(dir)?;
        }
        fs::copy(&path, &copy).with_context(|| format!("cannot write {}", copy.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_folder_holds_nothing_of_before() {
        let dir = std::env::temp_dir().join(format!("xtask-replace-{}", std::process::id()));
        let (from, to) = (dir.join("from"), dir.join("to"));
        fs::create_dir_all(from.join("a")).unwrap();
        fs::write(from.join("a/new"), "1").unwrap();
        fs::create_dir_all(&to).unwrap();
        fs::write(to.join("old"), "2").unwrap();
        replace_dir(&from, &to).unwrap();
        assert_eq!(files_below(&to).unwrap(), [to.join("a/new")]);
        fs::remove_dir_all(&dir).unwrap();
    }
}
