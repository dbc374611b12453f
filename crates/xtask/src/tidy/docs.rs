//! The documents name only what is there, and the map names all of it.

use super::TextFile;

/// The folders at the root whose paths are checked when they stand in `code`.
const FOLDERS: &[&str] = &["crates/", "app/", "worker/", "tests/", "e2e/", "docs/", ".ci/", ".cargo/"];

/// Checks the links and the paths in code spans of one document. `exists` is asked about paths from the root.
pub(super) fn check(file: &TextFile, exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut problems = Vec::new();
    let mut is_listing = false;
    for (index, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_listing = !is_listing;
        } else if !is_listing {
            let missing_paths = code_paths(line).filter(|path| !exists(path)).map(str::to_owned);
            let missing_links =
                link_targets(line).map(|link| resolve(folder, link)).filter(|path| !exists(path));
            for path in missing_paths.chain(missing_links) {
                problems.push(format!("{}:{}: there is no {path}", file.path, index + 1));
            }
        }
    }
    problems
}

/// ARCHITECTURE.md names the folder of each package.
pub(super) fn check_map(files: &[TextFile]) -> Vec<String> {
    let Some(map) = files.iter().find(|file| file.path == "ARCHITECTURE.md") else {
        return vec!["ARCHITECTURE.md is missing".to_owned()];
    };
    let folders = files.iter().filter_map(|file| file.path.strip_suffix("/Cargo.toml"));
    let missing = folders.filter(|folder| !map.text.contains(&format!("`{folder}`")));
    missing.map(|folder| format!("ARCHITECTURE.md: the map does not name `{folder}`")).collect()
}

/// The paths in the code spans of a line. A pattern or a placeholder is no path.
fn code_paths(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2).filter(|code| {
        let is_pattern = code.contains(|c: char| "*<>{}… ".contains(c));
        FOLDERS.iter().any(|folder| code.starts_with(folder)) && !is_pattern
    })
}

/// Where the links of a line lead, as far as that is within the repository.
fn link_targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#']).next())
        .filter(|target| !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:"))
}

/// A link's target from the root.
fn resolve(folder: &str, link: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in link.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> TextFile {
        TextFile { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn paths_and_links() {
        let exists = |path: &str| ["crates/a/src", "docs/b.md", "README.md"].contains(&path);
        let check = |path: &str, text: &str, expect: &[&str]| {
            let problems = check(&file(path, text), &exists);
            assert_eq!(problems.len(), expect.len(), "{problems:?}");
            for (problem, expect) in problems.iter().zip(expect) {
                assert!(problem.ends_with(expect), "{problem}");
            }
        };
        check("README.md", "`crates/a/src` and [b](docs/b.md#top)", &[]);
        check("README.md", "`crates/gone` and [c](docs/c.md)", &["no crates/gone", "no docs/c.md"]);
        check("docs/b.md", "[up](../README.md) [beside](b.md) [out](https://example.org/x)", &[]);
        check("README.md", "`e2e/*.test.mjs`, `cargo build`, `crates/<name>`", &[]);
        check("README.md", "```\n`crates/gone`\n```", &[]);
    }

    #[test]
    fn the_map_names_every_package() {
        let files =
            [file("crates/a/Cargo.toml", ""), file("app/Cargo.toml", ""), file("ARCHITECTURE.md", "`app`")];
        let problems = check_map(&files);
        assert_eq!(problems, ["ARCHITECTURE.md: the map does not name `crates/a`"]);
    }
}
