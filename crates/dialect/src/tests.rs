//! What scripts and statements turn into.

use super::*;

fn texts(sql: &str) -> Vec<String> {
    split(sql)
        .into_iter()
        .map(|s| s.map_or_else(|e| format!("! {} {}:{}", e.message, e.line, e.column), |s| s.text))
        .collect()
}

fn first_error(sql: &str) -> SyntaxError {
    split(sql).into_iter().find_map(|s| s.and_then(|s| parse(&s)).err()).expect("an error")
}

#[test]
fn scripts_are_cut_at_semicolons() {
    assert_eq!(texts("select 1; ;\n select ';' -- ; no\n; /* ; */"), ["select 1", "select ';'"]);
    assert_eq!(texts(""), [""; 0]);
    assert_eq!(texts("select `a;b`"), ["select `a;b`"]);
    assert_eq!(texts("select 'é' as \u{fc};select 2"), ["select 'é' as \u{fc}", "select 2"]);
}

#[test]
fn statements_before_an_open_quote_stay_usable() {
    let cut = texts("select 1;\nselect 'abc");
    assert_eq!(cut.len(), 2);
    assert_eq!(cut[0], "select 1");
    assert!(cut[1].starts_with("! Unterminated string literal 2:8"), "{}", cut[1]);
}

#[test]
fn syntax_errors_have_their_place_in_the_script() {
    let error = first_error("select 1;\nselect a frm t x");
    assert_eq!((error.line, error.column, error.length), (2, 14, 1), "{error}");
    let error = first_error("SELEC 1");
    assert_eq!((error.line, error.column, error.length), (1, 1, 5));
    assert_eq!(error.hint.as_deref(), Some("Did you mean SELECT?"));
    let error = first_error("select 1 +");
    assert_eq!((error.line, error.column, error.length), (1, 11, 0), "{error}");
    let error = first_error("select count(* from t");
    assert_eq!((error.line, error.column), (1, 16), "{error}");
}

#[test]
fn nesting_too_deep_is_an_error_not_a_crash() {
    let sql = format!("select {}1{}", "(".repeat(5000), ")".repeat(5000));
    assert!(first_error(&sql).message.contains("nests too deeply"));
}

fn copy(sql: &str) -> CopyTo {
    let statement = split(sql).remove(0).unwrap();
    match parse(&statement).unwrap() {
        Statement::CopyTo(copy) => *copy,
        other => panic!("{other:?}"),
    }
}

#[test]
fn copy_to_in_both_spellings() {
    let duckdb =
        copy("COPY (SELECT 1 AS a) TO 'x.parquet' (FORMAT parquet, COMPRESSION 'zstd', PARTITION_BY (a, b))");
    assert_eq!(duckdb.format.as_deref(), Some("parquet"));
    assert_eq!(duckdb.options, [("compression".to_owned(), "zstd".to_owned())]);
    assert_eq!(duckdb.partition_by.iter().map(|i| i.value.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let datafusion = copy("copy t to 'x' stored as CSV partitioned by (a) options ('delimiter' ';', header)");
    assert_eq!(datafusion.format.as_deref(), Some("csv"));
    assert_eq!(datafusion.options[1], ("header".to_owned(), "true".to_owned()));
    assert_eq!(datafusion.source.to_string(), "SELECT * FROM t");
    assert_eq!(copy("COPY t TO 'a.csv'").target, "a.csv");
}

#[test]
fn read_files_takes_named_arguments() {
    let statement =
        split("select * from read_files('a/*.csv', format => 'csv', header => true) t").remove(0).unwrap();
    parse(&statement).unwrap();
}
