//! The command line: flags, options with a value, and plain words, taken one by one; what is left over is an error.

use anyhow::{Result, bail};

/// The arguments that no one has taken yet.
pub(crate) struct Args {
    left: Vec<String>,
}

impl Args {
    pub(crate) fn from_env() -> Self {
        Self { left: std::env::args().skip(1).collect() }
    }

    /// Takes `name` wherever it stands, and says whether it was there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let count = self.left.len();
        self.left.retain(|arg| arg != name);
        self.left.len() < count
    }

    /// Takes `name VALUE` or `name=VALUE`.
    pub(crate) fn value(&mut self, name: &str) -> Result<Option<String>> {
        let prefix = format!("{name}=");
        if let Some(at) = self.left.iter().position(|arg| arg.starts_with(&prefix)) {
            return Ok(Some(self.left.remove(at).split_off(prefix.len())));
        }
        let Some(at) = self.left.iter().position(|arg| arg == name) else { return Ok(None) };
        if at + 1 == self.left.len() {
            bail!("`{name}` wants a value");
        }
        self.left.remove(at);
        Ok(Some(self.left.remove(at)))
    }

    /// Takes the first argument that is not an option.
    pub(crate) fn word(&mut self) -> Option<String> {
        let at = self.left.iter().position(|arg| !arg.starts_with('-'))?;
        Some(self.left.remove(at))
    }

    /// Refuses what nobody took.
    pub(crate) fn finish(self) -> Result<()> {
        match self.left.first() {
            None => Ok(()),
            Some(arg) => bail!("`{arg}` is not understood here; `--help` says what is"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(text: &str) -> Args {
        Args { left: text.split_whitespace().map(str::to_owned).collect() }
    }

    #[test]
    fn takes_options_in_any_order() {
        let mut args = args("--out=a build --port 80 --check");
        assert_eq!(args.value("--port").unwrap().as_deref(), Some("80"));
        assert_eq!(args.word().as_deref(), Some("build"));
        assert_eq!(args.value("--out").unwrap().as_deref(), Some("a"));
        assert!(args.flag("--check"));
        args.finish().unwrap();
    }

    #[test]
    fn refuses_what_is_left_and_a_missing_value() {
        assert!(args("--prot 80").finish().is_err());
        assert!(args("--port").value("--port").is_err());
    }
}
