//! The twenty queries over real files, against DuckDB's answers. `TARN_VEGA_DIR` names the data folder of vega-datasets.

use crate::home::{open, run};
use serde_json::Value;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn the_twenty_queries() {
    let Some(data) = std::env::var_os("TARN_VEGA_DIR") else {
        // `cargo xtask test` installs the package and sets the variable.
        println!("TARN_VEGA_DIR is not set: the twenty queries are not run");
        return;
    };
    let lakehouse = open(Path::new(&data), 2 << 30, false);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("queries");
    let mut names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
    names.sort();
    assert_eq!(names.len(), 20);
    let mut failures = Vec::new();
    for path in names {
        let sql = std::fs::read_to_string(&path).unwrap();
        let wanted: Value =
            serde_json::from_str(&std::fs::read_to_string(path.with_extension("json")).unwrap()).unwrap();
        let outcome = run(&lakehouse, &lakehouse.session(), &sql).await;
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        match outcome {
            Ok(text) => {
                let got: Value = serde_json::from_str(&text).unwrap();
                if !same(&got, &wanted) {
                    failures.push(format!("{name}:\n  got    {got}\n  wanted {wanted}"));
                }
            }
            Err(error) => failures.push(format!("{name}: {error:?}")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Equal values; of two numbers the value counts, not its spelling.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        _ => a == b,
    }
}

/// The answers are DuckDB's own. `TARN_PYTHON` names a Python with the packages of tests/requirements.txt.
#[test]
fn the_answers_are_those_of_duckdb() {
    let (Some(python), Some(data)) = (std::env::var_os("TARN_PYTHON"), std::env::var_os("TARN_VEGA_DIR"))
    else {
        println!("TARN_PYTHON or TARN_VEGA_DIR is not set: DuckDB is not asked again");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("queries/duckdb_answers.py");
    let checked = std::process::Command::new(python).arg(script).arg("--check").arg(data).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
