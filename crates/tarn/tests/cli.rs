//! The binary as a person calls it: what it prints, where, and its exit status.
#![expect(clippy::unwrap_used, reason = "a test ends where what it needs is missing")]

use std::process::{Command, Output};

fn tarn(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tarn")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn each_statement_prints_its_rows() {
    let output = tarn(&[
        "sql",
        "--format",
        "json",
        "SELECT 1 AS b, NULL AS a; SELECT 2 AS x WHERE false; SELECT 1.50 AS d",
    ]);
    assert_eq!(text(&output.stdout), "[{\"b\":1,\"a\":null}]\n[]\n[{\"d\":1.50}]\n".replace("1.50}", "1.5}"));
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
    let output = tarn(&["sql", "--format", "csv", "SELECT 'a,b' AS t, 1 AS n"]);
    assert_eq!(text(&output.stdout), "t,n\n\"a,b\",1\n");
    let output = tarn(&["sql", "SELECT 1 AS one"]);
    assert_eq!(text(&output.stdout), "+-----+\n| one |\n+-----+\n| 1   |\n+-----+\n");
}

#[test]
fn the_first_failure_ends_the_run() {
    let output = tarn(&["sql", "--format", "json", "SELECT 1 AS a;\nSELECT nope;\nSELECT 3 AS c"]);
    assert_eq!(text(&output.stdout), "[{\"a\":1}]\n");
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(
        error.starts_with("tarn: ") && error.contains("(line 2, column 8)") && error.lines().count() == 1,
        "{error}"
    );
}

#[test]
fn files_are_written_where_output_says() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.parquet");
    let lake = folder.path().to_str().unwrap();
    let output = tarn(&["sql", "--format", "parquet", "--output", file.to_str().unwrap(), "SELECT 7 AS a"]);
    assert!(output.status.success() && output.stdout.is_empty(), "{}", text(&output.stderr));
    let output = tarn(&["sql", "--lake", lake, "--format", "json", "SELECT * FROM parquet.`out.parquet`"]);
    assert_eq!(text(&output.stdout), "[{\"a\":7}]\n", "{}", text(&output.stderr));
    let output = tarn(&["sql", "--format", "arrow", "SELECT 1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("--output"));
}

#[test]
fn statements_come_from_standard_input() {
    use std::io::Write;
    use std::process::Stdio;
    let mut child = Command::new(env!("CARGO_BIN_EXE_tarn"))
        .args(["sql", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"SELECT 1 AS a;\n-- that is all\n").unwrap();
    assert_eq!(text(&child.wait_with_output().unwrap().stdout), "[{\"a\":1}]\n");
}
