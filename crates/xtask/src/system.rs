//! What the machine itself must have: packages of Debian, Node, a browser with its driver, Python with DuckDB.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::project::{Project, find_program};
use crate::sh::cmd;

const NODE_MAJOR: u32 = 20;

/// Whether packages of Debian can be installed without asking anybody.
pub(crate) fn can_apt() -> bool {
    find_program("apt-get").is_some() && cmd("id").arg("-u").read().is_ok_and(|id| id == "0")
}

/// Installs packages of Debian; a list of packages that is out of date is fetched anew.
pub(crate) fn apt_install(packages: &[&str]) -> Result<()> {
    println!("      Installing {}", packages.join(", "));
    let install = || {
        cmd("apt-get")
            .args(["install", "-y", "-qq", "--no-install-recommends"])
            .args(packages)
            .env("DEBIAN_FRONTEND", "noninteractive")
    };
    if install().succeeds() {
        return Ok(());
    }
    cmd("apt-get").args(["update", "-qq"]).run()?;
    install().quiet().run()
}

/// Node, new enough.
pub(crate) fn require_node() -> Result<()> {
    let hint = format!("Install Node {NODE_MAJOR} or newer (https://nodejs.org).");
    let version = cmd("node").arg("--version").read().ok().context(hint.clone())?;
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE_MAJOR) {
        bail!("node is {version}. {hint}");
    }
    Ok(())
}

/// The npm packages of `dir`, as its lock file has them.
pub(crate) fn set_up_npm(project: &Project, dir: &Path) -> Result<()> {
    let lock = dir.join("package-lock.json");
    if !lock.is_file() {
        return Ok(());
    }
    require_node()?;
    once(&dir.join("node_modules/.tarn-stamp"), &fs::read(&lock)?, || {
        project
            .cmd("npm")?
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .dir(dir)
            // The browser is the system's.
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
            .hint("npm must reach its registry once.")
            .run()
    })
}

/// A browser of the Chromium family and the driver that steers it.
pub(crate) struct Browser {
    pub(crate) chromium: PathBuf,
    pub(crate) driver: PathBuf,
}

/// Finds Chromium and its driver: `TARN_CHROMIUM` and `CHROMEDRIVER`, what is installed, what Debian has.
pub(crate) fn set_up_browser() -> Result<Browser> {
    if let Some(browser) = find_browser() {
        return Ok(browser);
    }
    if can_apt() {
        apt_install(&["chromium", "chromium-driver"])?;
        if let Some(browser) = find_browser() {
            return Ok(browser);
        }
    }
    bail!(
        "the tests need Chromium or Chrome and the chromedriver of the same version. Install both (Debian: `apt-get \
         install chromium chromium-driver`; elsewhere https://googlechromelabs.github.io/chrome-for-testing/), or \
         set TARN_CHROMIUM and CHROMEDRIVER to their paths."
    );
}

fn find_browser() -> Option<Browser> {
    const CHROMIUM: &[&str] = &[
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ];
    const DRIVER: &[&str] = &["chromedriver", "/usr/lib/chromium/chromedriver"];
    Some(Browser {
        chromium: named_or_found("TARN_CHROMIUM", CHROMIUM)?,
        driver: named_or_found("CHROMEDRIVER", DRIVER)?,
    })
}

fn named_or_found(variable: &str, programs: &[&str]) -> Option<PathBuf> {
    env::var_os(variable)
        .map(PathBuf::from)
        .or_else(|| programs.iter().find_map(|program| find_program(program)))
}

/// A Python with the packages of `tests/requirements.txt`, against which answers are compared. `None` where the tests
/// ask for none.
pub(crate) fn set_up_python(project: &Project) -> Result<Option<PathBuf>> {
    let requirements = project.root.join("tests/requirements.txt");
    if !requirements.is_file() {
        return Ok(None);
    }
    if find_program("python3").is_none() && can_apt() {
        apt_install(&["python3", "python3-venv"])?;
    }
    let version = cmd("python3").arg("--version").read().context("Install Python 3 (https://python.org).")?;
    let venv = project.cache.join("venv");
    let python = venv.join("bin/python");
    let input = [version.as_bytes(), &fs::read(&requirements)?].concat();
    once(&venv.join(".tarn-stamp"), &input, || {
        if !cmd("python3").args(["-m", "venv", "--clear"]).arg(&venv).succeeds() {
            // Debian ships Python without the part that makes environments.
            if can_apt() {
                apt_install(&["python3-venv"])?;
            }
            cmd("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&venv)
                .hint("On Debian and Ubuntu this needs the package python3-venv.")
                .run()?;
        }
        cmd(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(&requirements)
            .run()
    })?;
    Ok(Some(python))
}

/// Runs `work` unless `stamp` says that it was done for this very input.
pub(crate) fn once(stamp: &Path, input: &[u8], work: impl FnOnce() -> Result<()>) -> Result<()> {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let wanted = format!("{:016x}", hasher.finish());
    if fs::read_to_string(stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    if stamp.exists() {
        // Work that fails half way must not pass for done.
        fs::remove_file(stamp)?;
    }
    work()?;
    if let Some(dir) = stamp.parent() {
        fs::create_dir_all(dir)?;
    }
    fs::write(stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}
