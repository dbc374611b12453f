//! Running other programs: what ran is known when it fails, and what to do about it.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};

/// A program about to run. It never waits for a person: its standard input is closed.
pub(crate) struct Cmd {
    command: Command,
    hint: Option<String>,
}

pub(crate) fn cmd(program: impl AsRef<OsStr>) -> Cmd {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    // `cargo run` says which cargo started us. A child with another toolchain must find its own.
    command.env_remove("CARGO");
    // It also describes our own package, whose folder is another in each clone. Build scripts that watch these variables
    // (ring's does) would run again, and with them everything that depends on their crate.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        let is_ours = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
        if is_ours.iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name.as_ref());
        }
    }
    Cmd { command, hint: None }
}

impl Cmd {
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// What a person can do when this fails.
    pub(crate) fn hint(mut self, hint: &str) -> Self {
        self.hint = Some(hint.to_owned());
        self
    }

    /// Drops what it writes to standard output.
    pub(crate) fn quiet(mut self) -> Self {
        self.command.stdout(Stdio::null());
        self
    }

    /// Runs it, its output going where ours goes. An exit status other than 0 is an error.
    pub(crate) fn run(mut self) -> Result<()> {
        let status = self.command.status();
        let shown = self.shown();
        let failure = match status {
            Ok(status) if status.success() => return Ok(()),
            Ok(status) => anyhow!("this failed ({status}): {shown}"),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                anyhow!("`{}` is not installed, needed for: {shown}", self.program())
            }
            Err(error) => anyhow!("cannot start: {shown}: {error}"),
        };
        match self.hint {
            Some(hint) => Err(anyhow!("{failure}\n       {hint}")),
            None => Err(failure),
        }
    }

    /// Runs it and returns what it wrote to standard output, without the last line's end.
    pub(crate) fn read(mut self) -> Result<String> {
        let output = self.command.output().with_context(|| format!("cannot start: {}", self.shown()))?;
        if !output.status.success() {
            let shown = self.shown();
            bail!("this failed ({}): {shown}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// Runs it quietly; whether it succeeded.
    pub(crate) fn succeeds(mut self) -> bool {
        let status = self.command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }

    fn program(&self) -> String {
        self.command.get_program().to_string_lossy().into_owned()
    }

    /// The command as a person would type it, with the variables that it sets.
    fn shown(&self) -> String {
        let mut shown = String::new();
        for (name, value) in self.command.get_envs() {
            // PATH is long, and a name without a value was only removed.
            if let (Some(value), false) = (value, name == "PATH") {
                shown += &format!("{}={} ", name.to_string_lossy(), quoted(value));
            }
        }
        shown += &self.program();
        for arg in self.command.get_args() {
            shown += &format!(" {}", quoted(arg));
        }
        shown
    }
}

fn quoted(text: &OsStr) -> String {
    let text = text.to_string_lossy();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,+@%".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { text.into_owned() } else { format!("{text:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_the_command_and_the_hint() {
        let failed = cmd("false").arg("a b").env("X", "1").hint("Try again.").run();
        let message = failed.unwrap_err().to_string();
        assert!(message.contains("X=1 false \"a b\""), "{message}");
        assert!(message.ends_with("Try again."), "{message}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let message = cmd("no-such-program-here").run().unwrap_err().to_string();
        assert!(message.contains("`no-such-program-here` is not installed"), "{message}");
    }

    #[test]
    fn reads_output_without_the_last_newline() {
        assert_eq!(cmd("echo").arg("hello").read().unwrap(), "hello");
    }
}
