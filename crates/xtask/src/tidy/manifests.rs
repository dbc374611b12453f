//! Each package takes from the workspace what is the same for all.

use super::TextFile;

const INHERITED: &[&str] = &[
    "version.workspace = true",
    "edition.workspace = true",
    "rust-version.workspace = true",
    "license.workspace = true",
    "publish.workspace = true",
    "[lints]\nworkspace = true",
];

pub(super) fn check(file: &TextFile) -> Vec<String> {
    let text = &file.text;
    // A package that is a workspace of its own has nothing to take from this one.
    if !text.contains("[package]") || text.contains("[workspace]") {
        return Vec::new();
    }
    let missing = INHERITED.iter().filter(|line| !text.contains(**line));
    missing.map(|line| format!("{}: says nowhere `{}`", file.path, line.replace('\n', " "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_is_missing() {
        let all = format!("[package]\nname = \"x\"\n{}\n", INHERITED.join("\n"));
        let check = |text: &str, expect: usize| {
            let file = TextFile { path: "x/Cargo.toml".to_owned(), text: text.to_owned() };
            assert_eq!(check(&file).len(), expect, "{text}");
        };
        check(&all, 0);
        check(&all.replace("[lints]", "[features]"), 1);
        check("[workspace]\nmembers = []\n", 0);
    }
}
