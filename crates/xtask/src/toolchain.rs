//! The compiler for wasm32: rustup's where it can be had, else Debian's; and the C compiler that zstd needs.
//!
//! Where rustup's servers are out of reach but Debian's are not, Debian's `rustc-web` packages bring a newer rustc and
//! the library's source. The standard library for wasm32 is then built once, into the place where rustc looks for it,
//! and rustup gets to know that compiler as the toolchain `tarn-wasm`.

use std::env;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::project::{Project, find_program};
use crate::sh::{Cmd, cmd};
use crate::system;

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

const LINKED_TOOLCHAIN: &str = "tarn-wasm";
const DEBIAN_PACKAGES: &[&str] = &[
    "rustc-web",
    "cargo-web",
    "rust-web-src",
    "libstd-rust-web-dev",
    "rust-web-clippy",
    "lld-22",
    "clang-22",
    "llvm-22",
];
const DEBIAN_LIBRARY: &str = "/usr/lib/rustlib/wasm32-unknown-unknown/lib";

/// How to compile for wasm32 on this machine.
pub(crate) struct WasmToolchain {
    /// The name of rustup's toolchain, where the default one cannot do it.
    toolchain: Option<&'static str>,
    c_compiler: String,
    archiver: String,
}

/// Finds the toolchain, and installs what is missing and may be installed, when first asked for it.
pub(crate) fn wasm(project: &Project) -> Result<&WasmToolchain> {
    if let Some(found) = project.wasm.get() {
        return Ok(found);
    }
    let found = WasmToolchain::set_up(project)?;
    Ok(project.wasm.get_or_init(|| found))
}

impl WasmToolchain {
    fn set_up(project: &Project) -> Result<Self> {
        let toolchain = set_up_rust(project)?;
        let (c_compiler, archiver) = set_up_c()?;
        Ok(Self { toolchain, c_compiler, archiver })
    }

    /// cargo for wasm, with a target folder of its own.
    pub(crate) fn cargo(&self, project: &Project) -> Result<Cmd> {
        self.cmd(project, "cargo")
    }

    /// A program that calls cargo for wasm.
    pub(crate) fn cmd(&self, project: &Project, program: &str) -> Result<Cmd> {
        let mut cmd = project
            .cmd(program)?
            .env("CARGO_TARGET_DIR", &project.target_wasm)
            // Without a little optimization the engine is too large and too slow for a browser, even to test.
            .env("CARGO_PROFILE_DEV_OPT_LEVEL", "1")
            .env("CC_wasm32_unknown_unknown", &self.c_compiler)
            .env("AR_wasm32_unknown_unknown", &self.archiver);
        if let Some(toolchain) = self.toolchain {
            cmd = cmd.env("RUSTUP_TOOLCHAIN", toolchain);
        }
        Ok(cmd)
    }
}

fn set_up_rust(project: &Project) -> Result<Option<&'static str>> {
    if find_program("rustup").is_none() {
        // A rustc from elsewhere: it has the target's library, or it does not.
        let library = cmd("rustc").args(["--print", "target-libdir", "--target", TARGET]).read()?;
        if Path::new(&library).is_dir() {
            return Ok(None);
        }
        bail!("rustc has no library for {TARGET}. Install rustup (https://rustup.rs) and run this again.");
    }
    if has_rustup_target()? {
        return Ok(None);
    }
    if linked_toolchain_is_ready() {
        link_linker(project)?;
        return Ok(Some(LINKED_TOOLCHAIN));
    }
    println!("      Adding the target {TARGET} to rustup's toolchain");
    if cmd("rustup").args(["target", "add", TARGET]).run().is_ok() {
        return Ok(None);
    }
    if !system::can_apt() {
        bail!(
            "rustup could not fetch {TARGET}. Connect to the internet and run `rustup target add {TARGET}`, or on \
             Debian run this task as root to use the packages of Debian."
        );
    }
    println!(
        "      rustup's servers are out of reach: using Debian's rustc-web, which takes about two minutes"
    );
    install_debian_toolchain(project)?;
    Ok(Some(LINKED_TOOLCHAIN))
}

fn has_rustup_target() -> Result<bool> {
    let installed = cmd("rustup").args(["target", "list", "--installed"]).read()?;
    Ok(installed.lines().any(|line| line == TARGET))
}

fn linked_toolchain_is_ready() -> bool {
    let Ok(version) = debian_rustc_version() else { return false };
    fs::read_to_string(built_by()).is_ok_and(|built_by| built_by.trim() == version)
        && cmd("rustup").args(["run", LINKED_TOOLCHAIN, "rustc", "--version"]).succeeds()
}

fn debian_rustc_version() -> Result<String> {
    cmd("/usr/bin/rustc").arg("--version").read()
}

/// Says which compiler built the library in `DEBIAN_LIBRARY`.
fn built_by() -> std::path::PathBuf {
    Path::new(DEBIAN_LIBRARY).join(".built-by")
}

fn install_debian_toolchain(project: &Project) -> Result<()> {
    system::apt_install(DEBIAN_PACKAGES)?;
    link_linker(project)?;
    let version = debian_rustc_version()?;
    if fs::read_to_string(built_by()).is_ok_and(|built_by| built_by.trim() == version) {
        return link_debian_toolchain();
    }

    // An empty crate is enough: `-Zbuild-std` compiles the library for it.
    let dir = project.cache.join("wasm-std");
    fs::create_dir_all(dir.join("src"))?;
    fs::write(dir.join("src/lib.rs"), "")?;
    fs::write(
        dir.join("Cargo.toml"),
        "[package]\nname = \"wasm-std\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n",
    )?;
    let target_dir = dir.join("target");
    cmd("/usr/bin/cargo")
        .args(["build", "--release", "--target", TARGET, "-Zbuild-std=std,panic_abort,panic_unwind,test"])
        .dir(&dir)
        .env("CARGO_TARGET_DIR", &target_dir)
        .env("RUSTC", "/usr/bin/rustc")
        // The library's source is unstable by nature, and Debian's rustc has no nightly sibling.
        .env("RUSTC_BOOTSTRAP", "1")
        // Without bitcode, link-time optimization fails later.
        .env("RUSTFLAGS", "-C embed-bitcode=yes")
        .run()?;

    let library = Path::new(DEBIAN_LIBRARY);
    if library.exists() {
        fs::remove_dir_all(library)?;
    }
    fs::create_dir_all(library)?;
    for entry in fs::read_dir(target_dir.join(TARGET).join("release/deps"))? {
        let file = entry?.path();
        if let (Some(name), Some("rlib")) = (file.file_name(), file.extension().and_then(|e| e.to_str())) {
            fs::copy(&file, library.join(name))?;
        }
    }
    fs::write(built_by(), version)?;
    fs::remove_dir_all(&dir)?;
    link_debian_toolchain()
}

/// Debian's rustc calls the linker `rust-lld`, and Debian's lld has it under another name.
fn link_linker(project: &Project) -> Result<()> {
    let bin = project.tools().join("bin");
    let link = bin.join("rust-lld");
    if link.exists() {
        return Ok(());
    }
    fs::create_dir_all(&bin)?;
    let linker = find_program("wasm-ld-22").context("Debian's lld-22 brought no wasm-ld-22")?;
    cmd("ln").arg("-sf").arg(linker).arg(link).run()
}

fn link_debian_toolchain() -> Result<()> {
    cmd("rustup").args(["toolchain", "link", LINKED_TOOLCHAIN, "/usr"]).run()
}

/// A clang that knows wasm, and its archiver: what the person set, what is there, what Debian has.
fn set_up_c() -> Result<(String, String)> {
    if let (Ok(compiler), Ok(archiver)) =
        (env::var("CC_wasm32_unknown_unknown"), env::var("AR_wasm32_unknown_unknown"))
    {
        return Ok((compiler, archiver));
    }
    if let Some(found) = find_clang() {
        return Ok(found);
    }
    if system::can_apt() {
        system::apt_install(&["clang", "llvm"])?;
        if let Some(found) = find_clang() {
            return Ok(found);
        }
    }
    bail!(
        "zstd needs a C compiler for wasm. Install clang and llvm-ar (Debian and Ubuntu: `apt-get install clang \
         llvm`; macOS: `brew install llvm`, whose bin folder goes on the PATH), or set CC_wasm32_unknown_unknown \
         and AR_wasm32_unknown_unknown."
    );
}

fn find_clang() -> Option<(String, String)> {
    let suffixes = (14..=30).rev().map(|version| format!("-{version}")).chain([String::new()]);
    suffixes.map(|suffix| (format!("clang{suffix}"), format!("llvm-ar{suffix}"))).find(|(clang, archiver)| {
        find_program(archiver).is_some()
            && find_program(clang).is_some()
            && cmd(clang).arg("--print-targets").read().is_ok_and(|targets| targets.contains("wasm32"))
    })
}
