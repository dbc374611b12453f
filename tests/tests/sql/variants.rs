//! Variants: shredded files, columns that are mapped, every statement that writes them, copies, and what has no meaning
//! for them.

use crate::home::Home;
use std::fmt::Write as _;

/// A column of variants as a data file has it.
struct Shredded {
    /// The columns that its parts are made of: first `m` and `v`, its metadata and value.
    columns: &'static str,
    rows: &'static [&'static str],
    /// The part that has a type of its own.
    typed: &'static str,
    expect: &'static [&'static str],
}

/// What each file holds, and what is right. In the encoding, 010000 is the metadata without names, 11020001026162 the one
/// with the names `a` and `b`, 0C05 is 5, 0561 is 'a', 00 is null.
const FILES: &[Shredded] = &[
    Shredded {
        columns: "m, v, t",
        rows: &["X'010000', NULL, 7", "X'010000', X'0561', NULL", "X'010000', NULL, NULL"],
        typed: "t",
        expect: &["7", "\"a\"", "null"],
    },
    Shredded {
        columns: "m, v, t",
        rows: &["X'010000', NULL, 'text'", "X'010000', X'0C05', NULL"],
        typed: "t",
        expect: &["\"text\"", "5"],
    },
    Shredded {
        columns: "m, v, t",
        rows: &["X'010000', NULL, '12.30'"],
        typed: "CAST(t AS DECIMAL(9, 2))",
        expect: &["12.3"],
    },
    Shredded {
        columns: "m, v, t",
        rows: &["X'010000', NULL, '2020-01-02T03:04:05.5'"],
        typed: "arrow_cast(t, 'Timestamp(Microsecond, Some(\"UTC\"))')",
        expect: &["\"2020-01-02 03:04:05.5+00:00\""],
    },
    // An array, whose elements are shredded each: a number, and what is none.
    Shredded {
        columns: "m, v, t, e",
        rows: &["X'010000', NULL, 1, X'0561'"],
        typed: "make_array(named_struct('value', arrow_cast(v, 'Binary'), 'typed_value', t), \
                named_struct('value', e, 'typed_value', NULLIF(t, 1)))",
        expect: &["[1,\"a\"]"],
    },
    // An object with a field of its own column, and one that is left in the value.
    Shredded {
        columns: "m, v, e, t, o",
        rows: &[
            "X'11020001026162', X'02010100020C05', NULL, 1, true",
            "X'11020001026162', NULL, X'0561', NULL, true",
            "X'11020001026162', NULL, NULL, NULL, true",
            "X'010000', X'0C05', NULL, NULL, false",
        ],
        typed: "CASE WHEN o THEN named_struct('a', named_struct('value', e, 'typed_value', t)) END",
        expect: &[r#"{"a":1,"b":5}"#, r#"{"a":"a"}"#, "{}", "5"],
    },
];

/// How a table's columns are found in its files.
#[derive(Clone, Copy, PartialEq)]
enum Mapping {
    None,
    Name,
}

/// Makes a table of shredded files, two versions of it, and gives its rows as JSON in the order of their ids.
async fn make(home: &Home, name: &str, mapping: Mapping, suffix: &str) -> Vec<String> {
    let (id, v, s, l) = match mapping {
        Mapping::None => ("id", "v", "s", "l"),
        Mapping::Name => ("c1", "c2", "c3", "c5"),
    };
    let x = if mapping == Mapping::None { "x" } else { "c4" };
    let mut commits = [String::new(), String::new()];
    let mut rows = Vec::new();
    for (number, file) in FILES.iter().enumerate() {
        let first = rows.len();
        for expect in file.expect {
            let id = rows.len();
            rows.push(format!(r#"{{"id":{id},"v":{expect},"s":{{"x":{expect}}},"l":[{expect}]}}"#));
        }
        let values = file.rows.iter().enumerate().map(|(row, parts)| format!("({}, {parts})", first + row));
        let values = values.collect::<Vec<_>>().join(", ");
        let variant = format!(
            "named_struct('metadata', m, 'value', arrow_cast(v, 'Binary'), 'typed_value', {})",
            file.typed
        );
        let path = format!("{name}/f{number}.parquet");
        home.rows(&format!(
            "COPY (SELECT i AS {id}, {variant} AS {v}, named_struct('{x}', {variant}) AS {s}, \
             make_array({variant}) AS {l} FROM (VALUES {values}) AS q(i, {})) TO '{path}'",
            file.columns
        ))
        .await;
        let size = std::fs::metadata(home.path(&path)).unwrap().len();
        let add = format!(
            r#"{{"add":{{"path":"f{number}.parquet","partitionValues":{{}},"size":{size},"modificationTime":1,"dataChange":true}}}}"#
        );
        writeln!(commits[usize::from(number > 1)], "{add}").unwrap();
    }
    let field = |name: &str, data_type: &str, place: u32, physical: &str| {
        let mapped =
            format!(r#""delta.columnMapping.id":{place},"delta.columnMapping.physicalName":"{physical}""#);
        let mapped = if mapping == Mapping::None { "" } else { &mapped };
        format!(r#"{{"name":"{name}","type":{data_type},"nullable":true,"metadata":{{{mapped}}}}}"#)
    };
    let list = r#"{"type":"array","elementType":"variant","containsNull":true}"#;
    let inner = format!(r#"{{"type":"struct","fields":[{}]}}"#, field("x", "\"variant\"", 4, "c4"));
    let fields = [
        field("id", "\"long\"", 1, "c1"),
        field("v", "\"variant\"", 2, "c2"),
        field("s", &inner, 3, "c3"),
        field("l", list, 5, "c5"),
    ];
    let schema = format!(r#"{{"type":"struct","fields":[{}]}}"#, fields.join(","));
    let schema = serde_json::to_string(&schema).unwrap();
    let mut features = format!(r#""variantType{suffix}","variantShredding{suffix}""#);
    let mut configuration =
        r#""delta.enableVariantShredding":"true","delta.enableChangeDataFeed":"true""#.to_owned();
    if mapping == Mapping::Name {
        features += r#","columnMapping""#;
        configuration += r#","delta.columnMapping.mode":"name","delta.columnMapping.maxColumnId":"5""#;
    }
    let head = format!(
        r#"{{"protocol":{{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":[{features}],"writerFeatures":[{features},"changeDataFeed"]}}}}
{{"metaData":{{"id":"{name}","format":{{"provider":"parquet","options":{{}}}},"schemaString":{schema},"partitionColumns":[],"configuration":{{{configuration}}},"createdTime":1}}}}
"#
    );
    let [first, second] = &commits;
    home.write(&format!("{name}/_delta_log/00000000000000000000.json"), format!("{head}{first}"));
    home.write(&format!("{name}/_delta_log/00000000000000000001.json"), second);
    rows
}

fn array(rows: &[String]) -> String {
    format!("[{}]", rows.join(","))
}

#[tokio::test(flavor = "multi_thread")]
async fn shredded_variants_are_read_wherever_they_are() {
    let home = Home::new();
    for (name, mapping, suffix) in
        [("plain", Mapping::None, ""), ("preview", Mapping::None, "-preview"), ("mapped", Mapping::Name, "")]
    {
        let rows = make(&home, name, mapping, suffix).await;
        let all = home.rows(&format!("SELECT * FROM delta.`{name}` ORDER BY id")).await;
        assert_eq!(all, array(&rows), "{name}");
        let first = home.rows(&format!("SELECT * FROM delta.`{name}` VERSION AS OF 0 ORDER BY id")).await;
        assert_eq!(first, array(&rows[..5]), "{name}");
        let one = home
            .rows(&format!("SELECT s.x AS x, array_element(l, 1) AS y FROM delta.`{name}` WHERE id = 8"))
            .await;
        assert_eq!(one, r#"[{"x":{"a":1,"b":5},"y":{"a":1,"b":5}}]"#, "{name}");
        let changes = home
            .rows(&format!(
                "SELECT id, v, _change_type, _commit_version FROM table_changes('delta.`{name}`', 1) ORDER BY id"
            ))
            .await;
        assert!(
            changes.starts_with(r#"[{"id":5,"v":12.3,"_change_type":"insert","_commit_version":1}"#),
            "{changes}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_keeps_variants_as_they_were() {
    let home = Home::new();
    let rows = make(&home, "source", Mapping::None, "").await;
    home.rows("CREATE TABLE made AS SELECT * FROM delta.`source`").await;
    assert_eq!(home.rows("SELECT * FROM made ORDER BY id").await, array(&rows));
    for mode in ["none", "name", "id"] {
        for vectors in [false, true] {
            let table = format!("t_{mode}_{vectors}");
            home.rows(&format!(
                "CREATE TABLE {table} (id BIGINT, v VARIANT, s STRUCT<x: VARIANT>, l ARRAY<VARIANT>) TBLPROPERTIES \
                 ('delta.columnMapping.mode' = '{mode}', 'delta.enableDeletionVectors' = '{vectors}', \
                 'delta.enableChangeDataFeed' = 'true')"
            ))
            .await;
            home.rows(&format!("INSERT INTO {table} SELECT * FROM delta.`source`")).await;
            let select = format!("SELECT * FROM {table} ORDER BY id");
            assert_eq!(home.rows(&select).await, array(&rows), "{table}");
            home.rows(&format!("DELETE FROM {table} WHERE id IN (0, 9)")).await;
            home.rows(&format!("UPDATE {table} SET id = id + 100 WHERE id = 1")).await;
            home.rows(&format!("UPDATE {table} SET v = s.x, s = NULL WHERE id = 2")).await;
            home.rows(&format!(
                "MERGE INTO {table} AS t USING (SELECT * FROM delta.`source` WHERE id < 4) AS q ON t.id = q.id \
                 WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED AND q.id = 0 THEN INSERT *"
            ))
            .await;
            let moved = rows[1].replacen(r#""id":1"#, r#""id":101"#, 1);
            let mut expect = vec![rows[0].clone()];
            expect.extend_from_slice(&rows[2..9]);
            expect.extend_from_slice(&rows[10..]);
            expect.push(moved);
            assert_eq!(home.rows(&select).await, array(&expect), "{table}");
            home.rows(&format!("OPTIMIZE {table}")).await;
            assert_eq!(home.rows(&select).await, array(&expect), "{table}");
            let changed = home
                .rows(&format!(
                    "SELECT v, _change_type FROM table_changes('{table}', 2) WHERE id = 0 ORDER BY _commit_version"
                ))
                .await;
            assert_eq!(
                changed, r#"[{"v":7,"_change_type":"delete"},{"v":7,"_change_type":"insert"}]"#,
                "{table}"
            );
            let first = home.rows(&format!("SELECT * FROM {table} VERSION AS OF 1 ORDER BY id")).await;
            assert_eq!(first, array(&rows), "{table}");
        }
    }
    let described = home.rows("DESCRIBE made").await;
    assert!(described.contains(r#"{"col_name":"v","data_type":"variant""#), "{described}");
    assert!(described.contains("struct<x:variant>") && described.contains("array<variant>"), "{described}");
    let shown = home.rows("SHOW CREATE TABLE made").await;
    assert!(shown.contains("v VARIANT"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_hold_what_variants_hold() {
    let home = Home::new();
    let rows = make(&home, "source", Mapping::None, "").await;
    home.rows("COPY (SELECT id, v, s, l FROM delta.`source` ORDER BY id) TO 'out.json'").await;
    let lines = std::fs::read_to_string(home.path("out.json")).unwrap();
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expect: Vec<serde_json::Value> = rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect();
    assert_eq!(lines, expect);
    home.rows("COPY (SELECT id, v FROM delta.`source` WHERE id IN (1, 8) ORDER BY id) TO 'out.csv'").await;
    let csv = std::fs::read_to_string(home.path("out.csv")).unwrap();
    assert_eq!(csv, "id,v\n1,\"\"\"a\"\"\"\n8,\"{\"\"a\"\":1,\"\"b\"\":5}\"\n");
    home.rows(
        "COPY (SELECT id % 2 AS p, id, v FROM delta.`source`) TO 'parts' (FORMAT parquet, PARTITION_BY (p))",
    )
    .await;
    // What Tarn wrote is read as variants again.
    let read = home.rows("SELECT id, v FROM parquet.`parts` WHERE id IN (7, 11) ORDER BY id").await;
    assert_eq!(read, r#"[{"id":7,"v":[1,"a"]},{"id":11,"v":5}]"#);
    home.rows("CREATE TABLE again AS SELECT id, v FROM parquet.`parts`").await;
    let read = home.rows("SELECT v FROM again WHERE id = 8").await;
    assert_eq!(read, r#"[{"v":{"a":1,"b":5}}]"#);
    home.rows("COPY (SELECT id, v FROM delta.`source` WHERE id < 0) TO 'none.json'").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_meaning_for_variants_is_refused() {
    let home = Home::new();
    make(&home, "source", Mapping::None, "").await;
    home.rows("CREATE TABLE t AS SELECT * FROM delta.`source`").await;
    for sql in [
        "SELECT v FROM t ORDER BY v",
        "SELECT id FROM t ORDER BY s",
        "SELECT v, count(*) FROM t GROUP BY v",
        "SELECT count(*) FROM t GROUP BY ROLLUP (id, l)",
        "SELECT DISTINCT v FROM t",
        "SELECT v FROM t UNION SELECT v FROM t",
        "SELECT v FROM t INTERSECT SELECT v FROM t",
        "SELECT v FROM t EXCEPT SELECT v FROM t",
        "SELECT a.id FROM t a JOIN t b ON a.v = b.v",
        "SELECT a.id FROM t a JOIN t b USING (v)",
        "SELECT id FROM t WHERE v = v",
        "SELECT id FROM t WHERE v IS NOT DISTINCT FROM v",
        "SELECT id FROM t WHERE s IN (SELECT s FROM t)",
        "SELECT id FROM t WHERE id IN (SELECT id FROM t WHERE v = v)",
        "SELECT min(v) FROM t",
        "SELECT max(v) OVER () FROM t",
        "SELECT count(DISTINCT v) FROM t",
        "SELECT array_agg(v ORDER BY v) FROM t",
        "SELECT row_number() OVER (PARTITION BY v ORDER BY id) FROM t",
        "SELECT array_sort(l) FROM t",
        "SELECT array_contains(l, v) FROM t",
        "SELECT nullif(v, v) FROM t",
        "SELECT CASE v WHEN NULL THEN 1 END FROM t",
        "SELECT v.metadata FROM t",
        "SELECT s.x.value FROM t",
        "MERGE INTO t USING t AS y ON t.v = y.v WHEN MATCHED THEN DELETE",
        "CREATE TABLE sorted AS SELECT id, v FROM t ORDER BY v",
    ] {
        let error = home.error(sql).await;
        assert!(error.message.contains("VARIANT"), "{sql}: {error:?}");
        assert_eq!(error.kind, tarn_lakehouse::ErrorKind::Unsupported, "{sql}: {error:?}");
    }
    for sql in [
        "SELECT CAST(v AS STRING) FROM t",
        "SELECT v + 1 FROM t",
        "CREATE TABLE g (v VARIANT, w VARIANT GENERATED ALWAYS AS (v))",
        "INSERT INTO t (id, v) VALUES (1, 'text')",
    ] {
        let error = home.error(sql).await;
        assert!(
            error.message.contains("VARIANT") && !error.message.contains("tarn.variant"),
            "{sql}: {error:?}"
        );
    }
    for (sql, what) in [
        ("CREATE TABLE p (id INT, v VARIANT) PARTITIONED BY (v)", "partitioned"),
        ("CREATE TABLE c (id INT, v VARIANT) CLUSTER BY (v)", "cluster"),
        ("OPTIMIZE t ZORDER BY (v)", "statistics"),
    ] {
        let error = home.error(sql).await;
        assert!(error.message.contains(what), "{sql}: {error:?}");
    }
    for (sql, expect) in [
        ("SELECT count(v) AS n FROM t", r#"[{"n":12}]"#),
        ("SELECT coalesce(v, v) AS v FROM t WHERE id = 1", r#"[{"v":"a"}]"#),
        ("SELECT CASE WHEN id = 1 THEN v END AS v FROM t WHERE id = 1", r#"[{"v":"a"}]"#),
        ("SELECT first_value(v) AS v FROM t WHERE id = 1", r#"[{"v":"a"}]"#),
        ("SELECT array_agg(v) AS v FROM t WHERE id = 1", r#"[{"v":["a"]}]"#),
        ("SELECT named_struct('q', v) AS v FROM t WHERE id = 1", r#"[{"v":{"q":"a"}}]"#),
        ("SELECT v FROM t WHERE id = 1 UNION ALL SELECT v FROM t WHERE id = 1", r#"[{"v":"a"},{"v":"a"}]"#),
        ("SELECT a.v, b.v AS w FROM t a JOIN t b USING (id) WHERE a.id = 1", r#"[{"v":"a","w":"a"}]"#),
        ("SELECT id, v FROM t WHERE v IS NOT NULL ORDER BY id LIMIT 1", r#"[{"id":0,"v":7}]"#),
        ("SELECT lag(v) OVER (ORDER BY id) AS v FROM t WHERE id < 2", r#"[{"v":null},{"v":7}]"#),
    ] {
        assert_eq!(home.rows(sql).await, expect, "{sql}");
    }
}
