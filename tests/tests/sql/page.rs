//! What a page asks of the lakehouse beside plain statements: sessions that share views, rows of results as tables, values
//! for parameters, what files say of themselves, functions, names that were nearly right.

use crate::home::{Home, run};
use std::path::Path;
use std::process::Command;
use tarn_lakehouse::{FunctionKind, KeptResult, ParameterValue, Parameters, split, syntax_fault};

async fn kept(home: &Home, sql: &str) -> KeptResult {
    let statement = split(sql).remove(0).unwrap();
    let mut running = home.session.start(&statement, &home.lakehouse.control()).await.unwrap();
    let mut kept = KeptResult::new(running.schema().clone(), home.lakehouse.memory().clone());
    while let Some(batch) = running.next().await.unwrap() {
        kept.push(batch).unwrap();
    }
    kept
}

/// What a Python program prints, or `None` where the tests have no Python.
#[expect(clippy::print_stdout, reason = "who reads the log shall know what was not compared")]
fn python(program: &str, file: &Path) -> Option<String> {
    let Some(python) = std::env::var_os("TARN_PYTHON") else {
        println!("TARN_PYTHON is not set: PyArrow is not asked");
        return None;
    };
    let ran = Command::new(python).args(["-c", program]).arg(file).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    Some(String::from_utf8(ran.stdout).unwrap().trim().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn siblings_share_views_and_plan_apart() {
    let home = Home::new();
    let one = home.session.sibling();
    home.rows("CREATE VIEW v AS SELECT 1 AS a").await;
    assert_eq!(run(&home.lakehouse, &one, "SELECT a FROM v").await.unwrap(), r#"[{"a":1}]"#);
    run(&home.lakehouse, &one, "CREATE SCHEMA s; USE s; CREATE TABLE t AS SELECT 2 AS a").await.unwrap();
    assert_eq!(run(&home.lakehouse, &one.sibling(), "SELECT a FROM t").await.unwrap(), r#"[{"a":2}]"#);
    // Who was there before keeps the schema that it had.
    assert_eq!(home.error("SELECT a FROM t").await.kind, tarn_lakehouse::ErrorKind::NotFound);
    // Statements of siblings overlap: each has calls and tables of its own.
    home.write("one.csv", "a\n1\n");
    home.write("two.csv", "a\n2\n");
    let other = home.session.sibling();
    for _ in 0..20 {
        let (first, second) = tokio::join!(
            run(
                &home.lakehouse,
                &home.session,
                "SELECT f.a FROM read_files('one.csv') AS f CROSS JOIN v AS w"
            ),
            run(
                &home.lakehouse,
                &other,
                "SELECT w.a FROM read_files('two.csv') AS f RIGHT JOIN v AS w ON f.a = w.a"
            ),
        );
        assert_eq!(first.err().map(|error| error.message), None);
        assert_eq!(second.unwrap(), r#"[{"a":1}]"#);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_result_are_a_table_also_where_names_repeat() {
    let home = Home::new();
    let rows = kept(
        &home,
        "SELECT * FROM (SELECT value AS a FROM generate_series(1, 10000)) AS x JOIN (SELECT value AS v, value % 3 AS a, \
         named_struct('x', 1) AS s FROM generate_series(1, 10000)) AS y ON x.a = v",
    )
    .await;
    let session = home.lakehouse.session();
    session.add_rows("result", &rows).unwrap();
    let asked = |sql: &'static str| run(&home.lakehouse, &session, sql);
    assert_eq!(
        asked("SELECT c0, c2, c3 FROM __tarn.result WHERE c2 = 2 ORDER BY c0 DESC LIMIT 2").await.unwrap(),
        r#"[{"c0":9998,"c2":2,"c3":{"x":1}},{"c0":9995,"c2":2,"c3":{"x":1}}]"#
    );
    assert_eq!(asked("SELECT count(*) AS n FROM __tarn.result").await.unwrap(), r#"[{"n":10000}]"#);
    // Others do not see it.
    assert!(home.try_rows("SELECT * FROM __tarn.result").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_take_values_of_their_types() {
    let home = Home::new();
    let given = [
        ("n", "BIGINT", "2"),
        ("name", "STRING", "it's; -- b"),
        ("day", "DATE", "2024-01-31"),
        ("at", "TIMESTAMP", "2024-01-31 12:00:00"),
        ("share", "DOUBLE", "-0.5"),
        ("is", "BOOLEAN", "true"),
    ];
    let mut parameters: Parameters = given
        .iter()
        .map(|(name, of, text)| ((*name).to_owned(), ParameterValue::of(of, text).unwrap()))
        .collect();
    parameters.set("nothing", ParameterValue::Null);
    let sql = "SELECT value + :n AS n, :name AS name, :day + INTERVAL 1 DAY AS day, :at AS at, 1 -:share AS share, \
               :is AS yes, :nothing IS NULL AS is_null FROM generate_series(1, 9) LIMIT :n";
    let statement = split(sql).remove(0).unwrap();
    assert_eq!(statement.parameters(), ["n", "name", "day", "at", "share", "is", "nothing"]);
    let mut running =
        home.session.start_with(&statement, &parameters, &home.lakehouse.control()).await.unwrap();
    let mut kept = KeptResult::new(running.schema().clone(), home.lakehouse.memory().clone());
    while let Some(batch) = running.next().await.unwrap() {
        kept.push(batch).unwrap();
    }
    let texts =
        |row: u64| (0..7).map(|column| kept.value(row, column).unwrap()).collect::<Vec<_>>().join(" | ");
    assert_eq!(kept.rows(), 2);
    assert_eq!(texts(1), "4 | it's; -- b | 2024-02-01 | 2024-01-31T12:00:00Z | 1.5 | true | true");
    // A statement with a parameter that has no value says which.
    let error = home.error("SELECT 1,\n :left_out").await;
    assert_eq!(error.message, "The parameter :left_out has no value");
    assert_eq!(error.position.map(|at| (at.line, at.column, at.length)), Some((2, 2, 9)));
    // A check of the syntax alone needs no values.
    assert_eq!(syntax_fault(&statement), None);
    let wrong = split("SELEC :a").remove(0).unwrap();
    assert_eq!(syntax_fault(&wrong).and_then(|fault| fault.fix).as_deref(), Some("SELECT"));
}

#[tokio::test(flavor = "multi_thread")]
async fn parquet_files_tell_what_pyarrow_reads_in_them() {
    let home = Home::new();
    home.rows(
        "COPY (SELECT value AS n, CAST(value AS DECIMAL(10, 2)) AS d, concat('name ', value % 5) AS s, \
         CASE WHEN value % 4 > 0 THEN CAST(value AS DOUBLE) END AS f, named_struct('x', value, 'y', make_array(value)) AS nested, \
         DATE '2024-01-01' + CAST(value % 10 AS INT) AS day FROM generate_series(1, 5000)) \
         TO 'facts.parquet' (FORMAT parquet, ROW_GROUP_SIZE 2000)",
    )
    .await;
    let own = [
        home.rows("SELECT num_rows, num_row_groups, num_columns FROM parquet_file_metadata('facts.parquet')").await,
        home.rows(
            "SELECT row_group_id, path_in_schema, num_values, stats_null_count AS nulls, stats_min_value AS least, \
             stats_max_value AS most, total_compressed_size AS bytes, compression = 'ZSTD' AS is_zstd, \
             data_page_offset AS at FROM parquet_metadata('facts.parquet') ORDER BY 1, column_id",
        )
        .await,
        home.rows("SELECT path_in_schema, sum(num_rows) AS n, min(first_row) AS first FROM parquet_pages('facts.parquet') GROUP BY ALL ORDER BY 1").await,
        home.rows("SELECT name, depth, type, logical_type FROM parquet_schema('facts.parquet') WHERE depth = 1").await,
    ];
    assert_eq!(own[0], r#"[{"num_rows":5000,"num_row_groups":3,"num_columns":7}]"#);
    assert!(own[2].contains(r#"{"path_in_schema":"n","n":5000,"first":0}"#), "{}", own[2]);
    assert!(
        own[3].contains(r#"{"name":"d","depth":1,"type":"INT64","logical_type":"DECIMAL(10,2)"}"#),
        "{}",
        own[3]
    );
    let program = "
import json, sys, pyarrow.parquet as pq
meta = pq.ParquetFile(sys.argv[1]).metadata
rows = []
for g in range(meta.num_row_groups):
    for c in range(meta.num_columns):
        column = meta.row_group(g).column(c)
        stats = column.statistics
        known = stats is not None and stats.has_min_max
        # PyArrow has no point in whole floats' texts where Tarn has one.
        text = lambda value: value if isinstance(value, str) else str(value)
        rows.append(dict(row_group_id=g, path_in_schema=column.path_in_schema, num_values=column.num_values,
            nulls=stats.null_count if stats else None, least=text(stats.min) if known else None,
            most=text(stats.max) if known else None, bytes=column.total_compressed_size,
            is_zstd=column.compression == 'ZSTD', at=column.data_page_offset))
print(json.dumps(rows, separators=(',', ':')))
";
    if let Some(theirs) = python(program, &home.path("facts.parquet")) {
        assert_eq!(own[1], theirs);
    }
    let error = home.error("SELECT * FROM parquet_metadata('nowhere.parquet')").await;
    assert_eq!((error.kind, error.position.unwrap().column), (tarn_lakehouse::ErrorKind::NotFound, 32));
    home.write("text.parquet", "no parquet");
    assert_eq!(
        home.error("SELECT * FROM parquet_schema('text.parquet')").await.kind,
        tarn_lakehouse::ErrorKind::BadData
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn arrow_files_are_read_by_pyarrow() {
    let home = Home::new();
    home.rows(
        "COPY (SELECT value AS n, concat('é', value) AS s, CAST(NULL AS DATE) AS d, make_array(value, NULL) AS l \
         FROM generate_series(1, 20000)) TO 'out.arrow'",
    )
    .await;
    let program = "
import sys, pyarrow as pa
table = pa.ipc.open_file(sys.argv[1]).read_all()
print(table.num_rows, table.schema.field('s').type, table.column('s')[19999], table.column('l')[1], table.column('d').null_count)
";
    if let Some(read) = python(program, &home.path("out.arrow")) {
        assert_eq!(read, "20000 string é20000 [2, None] 20000");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_were_nearly_right_have_a_fix() {
    let home = Home::new();
    home.rows("CREATE VIEW flights AS SELECT 1 AS origin, 2 AS `two words`").await;
    for (sql, fix, place) in [
        ("SELECT orgin FROM flights", "origin", (1, 8, 5)),
        ("SELECT f.orgin FROM flights AS f", "f.origin", (1, 8, 7)),
        ("SELECT `two word` FROM flights", "`two words`", (1, 8, 10)),
        ("SELECT * FROM fligts", "flights", (1, 15, 6)),
        ("SELECT cuont(*) FROM flights", "count", (1, 8, 5)),
        ("SELECT 1 FORM flights", "FROM", (1, 10, 4)),
    ] {
        let error = home.error(sql).await;
        assert_eq!(error.fix.as_deref(), Some(fix), "{sql}: {error:?}");
        let at = error.position.map(|at| (at.line, at.column, at.length));
        assert_eq!(at, Some(place), "{sql}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_are_listed_as_they_are_called() {
    let home = Home::new();
    let functions = home.session.functions();
    let found = |name: &str, kind| {
        functions.iter().find(|function| function.name == name && function.kind == kind).unwrap().clone()
    };
    let trunc = found("date_trunc", FunctionKind::Scalar);
    assert_eq!(trunc.signatures, ["date_trunc(precision, expression)"]);
    assert!(!trunc.description.is_empty());
    // An alias is shown under its own name.
    assert_eq!(found("datetrunc", FunctionKind::Scalar).signatures, ["datetrunc(precision, expression)"]);
    assert!(found("sum", FunctionKind::Aggregate).signatures[0].starts_with("sum("));
    assert!(found("row_number", FunctionKind::Window).signatures[0].starts_with("row_number("));
    assert!(found("read_files", FunctionKind::Table).signatures[0].starts_with("read_files("));
    assert!(functions.iter().all(|function| !function.signatures.is_empty()));
}

/// The row counts stand in the benchmark's specification, the revenue is DuckDB's answer to query 6 at this scale.
#[tokio::test(flavor = "multi_thread")]
async fn tpch_makes_the_rows_of_the_benchmark() {
    let home = Home::new();
    for (table, rows) in [
        ("region", 5),
        ("nation", 25),
        ("supplier", 100),
        ("customer", 1_500),
        ("part", 2_000),
        ("partsupp", 8_000),
        ("orders", 15_000),
        ("lineitem", 60_175),
    ] {
        let counted = home.rows(&format!("SELECT count(*) AS n FROM tpch('{table}', 0.01)")).await;
        assert_eq!(counted, format!(r#"[{{"n":{rows}}}]"#), "{table}");
    }
    home.rows("CREATE TABLE lineitem AS SELECT * FROM tpch('lineitem', 0.01)").await;
    let revenue = home
        .rows(
            "SELECT sum(l_extendedprice * l_discount) AS revenue FROM lineitem WHERE l_shipdate >= DATE '1994-01-01' \
             AND l_shipdate < DATE '1995-01-01' AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24",
        )
        .await;
    assert_eq!(revenue, r#"[{"revenue":1193053.2253}]"#);
    assert_eq!(
        home.error("SELECT * FROM tpch('lineitems', 1)").await.hint.as_deref(),
        Some("Did you mean lineitem?")
    );
    assert_eq!(home.error("SELECT * FROM tpch('orders', 0)").await.message, "0 is no scale of TPC-H");
    assert_eq!(
        home.error("SELECT * FROM tpch('orders')").await.hint.as_deref(),
        Some("Write tpch('lineitem', 0.1)")
    );
}
