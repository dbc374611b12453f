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

/// Files below a folder.
#[cfg(unix)]
fn files_below(folder: &std::path::Path) -> Vec<String> {
    let mut files = vec![];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => files.push(path.to_str().unwrap().to_owned()),
        }
    }
    files.sort();
    files
}

#[cfg(unix)]
#[test]
fn a_file_that_finds_no_room_leaves_the_table_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().to_str().unwrap();
    let sql = |script: &str| {
        let output = tarn(&["sql", "--lake", lake, "--format", "json", script]);
        assert!(output.status.success(), "{script}: {}", text(&output.stderr));
        text(&output.stdout).to_owned()
    };
    // No file may have more than 8 blocks of 512 bytes; a write beyond fails as it would on a full disk.
    let limited = |script: &str| {
        let shell = "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"";
        let tarn = env!("CARGO_BIN_EXE_tarn");
        Command::new("sh").args(["-c", shell, tarn, "sql", "--lake", lake, script]).output().unwrap()
    };
    sql("CREATE TABLE t (n BIGINT, part BIGINT) PARTITIONED BY (part); INSERT INTO t VALUES (1, 0)");
    let before = files_below(folder.path());
    let read = "SELECT count(*) AS n FROM t";
    // One large data file; then many small ones, so that it is the commit that does not fit.
    for parts in [1, 60] {
        let insert = format!("INSERT INTO t SELECT value * 7919, value % {parts} FROM range(6000)");
        let output = limited(&insert);
        let error = text(&output.stderr);
        assert!(!output.status.success() && error.contains("storage is full"), "{parts}: {error}");
        assert!(error.contains("not needed"), "what to do is missing: {error}");
        assert_eq!(sql(read), "[{\"n\":1}]\n");
        assert_eq!(files_below(folder.path()), before, "{parts}");
    }
    // A deletion vector that fits, in a commit that does not.
    let vectors = "PARTITIONED BY (part) TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')";
    sql(&format!("CREATE TABLE v {vectors} AS SELECT value AS n, value % 40 AS part FROM range(80)"));
    let before = files_below(folder.path());
    let output = limited("DELETE FROM v WHERE n < 40");
    assert!(text(&output.stderr).contains("storage is full"), "{}", text(&output.stderr));
    assert_eq!(files_below(folder.path()), before);
    let output = limited("INSERT INTO t VALUES (2, 0)");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(sql(read), "[{\"n\":2}]\n");
}
