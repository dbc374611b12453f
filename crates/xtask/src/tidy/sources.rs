//! What every Rust file keeps to.

use super::TextFile;

const MAX_LINES: usize = 600;

/// A name that says nothing gathers everything.
const GRAB_BAGS: &[&str] = &["utils", "util", "helpers", "helper", "common", "misc"];

/// Where code for one target may stand: the crates that exist for it. xtask names the words that it looks for.
const TARGET_CRATES: &[&str] = &[
    "crates/platform/",
    "crates/storage_opfs/",
    "crates/storage_local/",
    "crates/tarn/",
    "crates/xtask/",
    "worker/",
    "app/",
];

pub(super) fn check(file: &TextFile) -> Vec<String> {
    let mut problems = Vec::new();
    let lines: Vec<&str> = file.text.lines().collect();
    if !lines.first().is_some_and(|line| line.starts_with("//!")) {
        problems.push(format!("{}: opens without `//!`; say in a line or two what the file is", file.path));
    }
    if file.path.trim_end_matches(".rs").split('/').any(|part| GRAB_BAGS.contains(&part)) {
        problems.push(format!("{}: the name says nothing; name what the code is about", file.path));
    }
    let code = lines.iter().take_while(|line| **line != "#[cfg(test)]").count();
    if !is_test(&file.path) && code > MAX_LINES {
        problems.push(format!(
            "{}: {code} lines before its tests, of {MAX_LINES}; it wants to be two",
            file.path
        ));
    }
    // A suite that runs in several homes chooses each one's test harness.
    if !is_test(&file.path) && !TARGET_CRATES.iter().any(|dir| file.path.starts_with(dir)) {
        for (index, _) in lines.iter().enumerate().filter(|(_, line)| depends_on_target(line)) {
            let at = format!("{}:{}", file.path, index + 1);
            problems.push(format!("{at}: code for one target belongs in crates/platform or a leaf crate"));
        }
    }
    problems
}

fn is_test(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs")
}

fn depends_on_target(line: &str) -> bool {
    let code = line.trim_start();
    !code.starts_with("//")
        && ["target_arch", "target_family", "target_os"].iter().any(|word| code.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_file(path: &str, text: &str, expect: &[&str]) {
        let problems = check(&TextFile { path: path.to_owned(), text: text.to_owned() });
        assert_eq!(problems.len(), expect.len(), "{problems:?}");
        for (problem, expect) in problems.iter().zip(expect) {
            assert!(problem.contains(expect), "{problem}");
        }
    }

    #[test]
    fn opening_and_name() {
        check_file("crates/a/src/lib.rs", "//! A.\n", &[]);
        check_file("crates/a/src/lib.rs", "use b;\n", &["opens without"]);
        check_file("crates/a/src/utils.rs", "//! A.\n", &["name says nothing"]);
        check_file("crates/a/src/common/x.rs", "//! A.\n", &["name says nothing"]);
    }

    #[test]
    fn length_counts_what_is_not_test() {
        let long = format!("//! A.\n{}", "fn a() {}\n".repeat(MAX_LINES));
        check_file("crates/a/src/lib.rs", &long, &["601 lines"]);
        check_file("crates/a/tests/all.rs", &long, &[]);
        let tested = format!("//! A.\n#[cfg(test)]\nmod tests {{\n{}}}\n", "fn a() {}\n".repeat(MAX_LINES));
        check_file("crates/a/src/lib.rs", &tested, &[]);
    }

    #[test]
    fn targets() {
        let cfg = "//! A.\n#[cfg(target_arch = \"wasm32\")]\nmod web;\n";
        check_file("crates/platform/src/lib.rs", cfg, &[]);
        check_file("crates/engine/src/lib.rs", cfg, &["lib.rs:2: code for one target"]);
        check_file("crates/engine/src/lib.rs", "//! A.\n// not target_arch\n", &[]);
        check_file("crates/lakehouse/tests/web.rs", cfg, &[]);
    }
}
