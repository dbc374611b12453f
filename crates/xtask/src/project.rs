//! Where things are: the checkout, the build folders, the cache of installed tools, and what Cargo.lock pins.

use std::cell::OnceCell;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::sh::{Cmd, cmd};
use crate::toolchain::WasmToolchain;

/// The folders that every task works with.
pub(crate) struct Project {
    /// The checkout.
    pub(crate) root: PathBuf,
    /// What outlives a checkout: tools, the Python environment. `TARN_CACHE`, or `~/.cache/tarn`.
    pub(crate) cache: PathBuf,
    /// Native builds: `CARGO_TARGET_DIR`, or cargo's own choice, `target` in the checkout.
    pub(crate) target: PathBuf,
    /// wasm builds: beside the native ones, since they may come from another compiler.
    pub(crate) target_wasm: PathBuf,
    /// Known once somebody has asked for it: `toolchain::wasm`.
    pub(crate) wasm: OnceCell<WasmToolchain>,
}

impl Project {
    pub(crate) fn find() -> Result<Self> {
        let manifest_dir =
            env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root =
            Path::new(&manifest_dir).join("../..").canonicalize().context("cannot find the checkout")?;
        let cache = match env::var_os("TARN_CACHE") {
            Some(dir) => root.join(dir),
            None => home()?.join(".cache/tarn"),
        };
        let target = root.join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()));
        let mut target_wasm = target.clone().into_os_string();
        target_wasm.push("-wasm");
        Ok(Self { root, cache, target, target_wasm: target_wasm.into(), wasm: OnceCell::new() })
    }

    /// Where `cargo install` puts the tools of this project.
    pub(crate) fn tools(&self) -> PathBuf {
        self.cache.join("tools")
    }

    /// The packages of npm that the tests use.
    pub(crate) fn e2e(&self) -> PathBuf {
        self.root.join("e2e")
    }

    /// `PATH` with the tools of this project first.
    pub(crate) fn path(&self) -> Result<OsString> {
        let path = env::var_os("PATH").unwrap_or_default();
        let with_ours = std::iter::once(self.tools().join("bin")).chain(env::split_paths(&path));
        env::join_paths(with_ours).context("PATH holds a folder with a colon in its name")
    }

    /// A program that runs in the checkout and finds the project's tools.
    pub(crate) fn cmd(&self, program: &str) -> Result<Cmd> {
        Ok(cmd(program).dir(&self.root).env("PATH", self.path()?))
    }

    /// Native cargo.
    pub(crate) fn cargo(&self) -> Result<Cmd> {
        Ok(self.cmd("cargo")?.env("CARGO_TARGET_DIR", &self.target))
    }

    /// The version of `package` in Cargo.lock (the first, where there are several).
    pub(crate) fn locked_version(&self, package: &str) -> Result<String> {
        let lock = std::fs::read_to_string(self.root.join("Cargo.lock")).context("cannot read Cargo.lock")?;
        locked_version(&lock, package).with_context(|| format!("Cargo.lock has no package `{package}`"))
    }
}

/// Finds `program` on `PATH`, or takes it as it is when it is a path.
pub(crate) fn find_program(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

fn home() -> Result<PathBuf> {
    env::home_dir().context("no home folder is known; set TARN_CACHE to a folder for tools")
}

fn locked_version(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"').map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_locked_version() {
        let lock = "[[package]]\nname = \"a-b\"\nversion = \"1.2.3\"\n\n[[package]]\nname = \"a\"\nversion = \"2.0.0\"\n";
        assert_eq!(locked_version(lock, "a").as_deref(), Some("2.0.0"));
        assert_eq!(locked_version(lock, "a-b").as_deref(), Some("1.2.3"));
        assert_eq!(locked_version(lock, "c"), None);
    }
}
