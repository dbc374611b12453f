//! The cases about Delta tables: what `tarn sql` and the package deltalake are asked for, and what is compared.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::measure::{self, Run, is_same};
use super::report::{CaseResult, Goal, Side};
use super::{Bench, copies};

/// What is done to a table.
#[derive(Debug, Clone)]
enum Work {
    /// Neither opens anything: what their start costs.
    Start,
    /// Reads the log.
    Open,
    /// Asks a query, in which the table is `t`.
    Query(String),
    /// Appends the rows of a Parquet file.
    Append,
    /// Merges a Parquet file in, by these columns.
    Merge(&'static [&'static str]),
    /// Deletes the rows that meet a condition.
    Delete(&'static str),
}

struct Case {
    name: &'static str,
    table: &'static str,
    work: Work,
    /// Whether Tarn's copy of the table has deletion vectors; the peer writes none.
    has_vectors: bool,
    goal: Goal,
}

/// The rows of a table that was changed, in few values.
const SUMMARY: &str = "SELECT count(*) AS rows, sum(id) AS ids, sum(part) AS parts, sum(value) AS value, \
                       max(name) AS name, count(DISTINCT kind) AS kinds FROM t";

pub(super) fn run(bench: &Bench) -> Result<Vec<CaseResult>> {
    println!("Making data in {}", bench.data.display());
    let python = bench.project.cmd(&bench.python.to_string_lossy())?;
    let made =
        python.arg(bench.scripts.join("data.py")).arg(&bench.data).arg(bench.options.scale.to_string());
    let made = made.read()?;
    let sizes: Value = serde_json::from_str(made.lines().last().unwrap_or_default())
        .with_context(|| format!("the data was not made: {made}"))?;
    let rows = sizes["rows"].as_u64().context("the script that makes data does not say how many rows")?;
    let mut results = Vec::new();
    for case in cases(rows).iter().filter(|case| case.name.contains(&bench.options.only)) {
        println!("Running: {}", case.name);
        results.push(measure_case(bench, case)?);
    }
    for side in ["tarn", "peer"] {
        copies::remove(&bench.data.join(format!("changed-by-{side}")))?;
    }
    Ok(results)
}

fn cases(rows: u64) -> Vec<Case> {
    let goal = |time, memory| Goal { time, memory, written: None };
    let case = |name, table, work, goal| Case { name, table, work, has_vectors: false, goal };
    let all = "SELECT kind, count(*) AS rows, sum(id) AS ids, sum(part) AS parts, sum(value) AS value, \
               max(name) AS name FROM t GROUP BY kind ORDER BY kind";
    let (first, last) = (rows / 2 + rows / 100, rows / 2 + rows / 50);
    let some = format!(
        "SELECT count(*) AS rows, sum(value) AS value, max(name) AS name FROM t WHERE id BETWEEN {first} AND {last}"
    );
    let opening = goal(Some(0.7), Some(0.5));
    let by_id = Work::Merge(&["id"]);
    vec![
        case("start", "table", Work::Start, Goal::default()),
        case("open, many commits", "commits", Work::Open, opening),
        case("open, many files", "files", Work::Open, opening),
        case("scan, all", "table", Work::Query(all.to_owned()), goal(Some(1.0), None)),
        case("scan, 1 % by statistics", "table", Work::Query(some), goal(Some(0.7), None)),
        case("append", "table", Work::Append, goal(Some(1.0), None)),
        case("append, partitioned", "partitioned", Work::Append, goal(Some(1.0), None)),
        case("merge", "table", by_id.clone(), opening),
        case("merge, partitioned", "partitioned", Work::Merge(&["id", "part"]), opening),
        Case { has_vectors: true, ..case("merge, deletion vectors", "table", by_id, opening) },
        Case {
            has_vectors: true,
            ..case(
                "delete 1 %, deletion vectors",
                "table",
                Work::Delete("id % 100 = 7"),
                Goal { written: Some(0.02), ..Goal::default() },
            )
        },
    ]
}

fn measure_case(bench: &Bench, case: &Case) -> Result<CaseResult> {
    let original = bench.data.join(case.table);
    let is_write = matches!(case.work, Work::Append | Work::Merge(_) | Work::Delete(_));
    let [of_tarn, of_peer] = match is_write {
        true => ["tarn", "peer"].map(|side| bench.data.join(format!("changed-by-{side}"))),
        false => [original.clone(), original.clone()],
    };
    let (mut tarn, mut peer) = (Side::default(), Side::default());
    let table_bytes = copies::files(&original)?.values().sum();
    for _ in 0..bench.options.runs {
        if is_write {
            copies::copy(&original, &of_tarn)?;
            copies::copy(&original, &of_peer)?;
            if case.has_vectors {
                let sql = "ALTER TABLE delta.`changed-by-tarn` \
                           SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')";
                measure::tarn(bench, &bench.data, sql, &[])?;
            }
        }
        tarn.measure(&of_tarn, is_write, || run_tarn(bench, case, &of_tarn))?;
        peer.measure(&of_peer, is_write, || run_peer(bench, case, &of_peer))?;
    }
    let mut agrees = tarn.runs.iter().zip(&peer.runs).all(|(one, other)| is_same(&one.answer, &other.answer));
    if is_write {
        agrees &= is_same_table(bench, &of_tarn, &of_peer, case.has_vectors)?;
    }
    Ok(CaseResult { name: case.name.to_owned(), goal: case.goal, tarn, peer, table_bytes, agrees })
}

impl Side {
    fn measure(&mut self, table: &Path, is_write: bool, run: impl FnOnce() -> Result<Run>) -> Result<()> {
        let before = if is_write { copies::files(table)? } else { Default::default() };
        self.runs.push(run()?);
        if is_write {
            self.written = Some(copies::new_bytes(&before, &copies::files(table)?));
        }
        Ok(())
    }
}

/// Tarn reads what the peer wrote, and the peer what Tarn wrote, as far as it can: of deletion vectors Tarn alone says
/// what is left.
fn is_same_table(bench: &Bench, of_tarn: &Path, of_peer: &Path, has_vectors: bool) -> Result<bool> {
    let by_tarn = measure::tarn(bench, &bench.data, &in_table(SUMMARY, of_peer), &[])?;
    let other = match has_vectors {
        true => measure::tarn(bench, &bench.data, &in_table(SUMMARY, of_tarn), &[])?,
        false => measure::peer(bench, "query", of_tarn, &[SUMMARY])?,
    };
    Ok(is_same(&by_tarn.answer, &other.answer))
}

fn run_tarn(bench: &Bench, case: &Case, table: &Path) -> Result<Run> {
    let name = named(table);
    let (sql, columns): (String, &[&str]) = match &case.work {
        Work::Start => ("SELECT 1".to_owned(), &[]),
        Work::Open => (format!("DESCRIBE DETAIL {name}"), &["numFiles"]),
        Work::Query(sql) => (in_table(sql, table), &[]),
        Work::Append => {
            let sql = format!("INSERT INTO {name} SELECT * FROM parquet.`appended.parquet`");
            (sql, &["num_inserted_rows"])
        }
        Work::Merge(columns) => {
            let sql = format!(
                "MERGE INTO {name} AS t USING parquet.`source.parquet` AS s ON {} \
                 WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *",
                equal(columns)
            );
            (sql, &["num_updated_rows", "num_inserted_rows"])
        }
        Work::Delete(condition) => (format!("DELETE FROM {name} WHERE {condition}"), &["num_affected_rows"]),
    };
    measure::tarn(bench, &bench.data, &sql, columns)
}

fn run_peer(bench: &Bench, case: &Case, table: &Path) -> Result<Run> {
    let file = |name: &str| bench.data.join(name).to_string_lossy().into_owned();
    match &case.work {
        Work::Start => measure::peer(bench, "start", table, &[]),
        Work::Open => measure::peer(bench, "open", table, &[]),
        Work::Query(sql) => measure::peer(bench, "query", table, &[sql]),
        Work::Append => measure::peer(bench, "append", table, &[&file("appended.parquet")]),
        Work::Merge(columns) => {
            measure::peer(bench, "merge", table, &[&file("source.parquet"), &equal(columns)])
        }
        Work::Delete(condition) => measure::peer(bench, "delete", table, &[condition]),
    }
}

fn equal(columns: &[&str]) -> String {
    columns.iter().map(|column| format!("t.{column} = s.{column}")).collect::<Vec<_>>().join(" AND ")
}

/// A table's name in Tarn's SQL.
fn named(table: &Path) -> String {
    format!("delta.`{}`", table.file_name().unwrap_or_default().to_string_lossy())
}

fn in_table(sql: &str, table: &Path) -> String {
    sql.replace(" FROM t", &format!(" FROM {}", named(table)))
}
