//! Tables that are broken in one way: a statement that would need what is broken is refused in a sentence that names the
//! file and says what to do, and leaves every file as it was; once the file is mended, the rows are right and writes work.

use crate::lake::{Case, Damage, Lake};
use serde_json::{Value, json};

/// Statements that need the log.
const OF_LOG: &[&str] = &[
    "SELECT * FROM t",
    "SELECT count(*) FROM t",
    "INSERT INTO t VALUES (9, 'z', DATE '2024-01-09')",
    "INSERT OVERWRITE t VALUES (9, 'z', DATE '2024-01-09')",
    "UPDATE t SET v = 'q' WHERE id = 1",
    "DELETE FROM t WHERE id = 1",
    "DELETE FROM t WHERE p = DATE '2024-01-01'",
    "MERGE INTO t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN DELETE",
    "OPTIMIZE t",
    "VACUUM t",
    "ALTER TABLE t ADD COLUMN z INT",
    "RESTORE TABLE t TO VERSION AS OF 0",
    "CREATE OR REPLACE TABLE t (a INT)",
    "CREATE TABLE u DEEP CLONE t",
];

const FIRST_ROWS: &str = r#"[{"id":1,"v":"a"},{"id":2,"v":"b"}]"#;
const AT_FIRST: (&str, &str) = ("SELECT id, v FROM t VERSION AS OF 1 ORDER BY id", FIRST_ROWS);

fn set_schema(lake: &Lake, schema: &str) {
    lake.edit(0, "metaData", |metadata| metadata["schemaString"] = json!(schema));
}

#[tokio::test(flavor = "multi_thread")]
async fn logs() {
    let lake = Lake::of_three_versions().await;
    let cases = [
        Case {
            name: "cut within a line",
            damage: |lake| {
                let bytes = std::fs::read(lake.commit(2)).unwrap();
                std::fs::write(lake.commit(2), &bytes[..bytes.len() - 30]).unwrap();
            },
            says: &["_delta_log/00000000000000000002.json is damaged: line 2: column ", "EOF"],
            works: &[AT_FIRST],
        },
        Case {
            name: "cut at the end of a line, beside a checksum as Spark writes it",
            damage: |lake| {
                let actions = lake.actions(3);
                lake.put_actions(3, &actions[..1]);
                let state = lake.actions(0);
                let of = |kind: &str| state.iter().find_map(|action| action.get(kind)).unwrap().clone();
                let checksum = json!({"tableSizeBytes": 1776, "numFiles": 4, "numMetadata": 1, "numProtocol": 1,
                    "metadata": of("metaData"), "protocol": of("protocol")});
                std::fs::write(lake.in_log("00000000000000000003.crc"), checksum.to_string()).unwrap();
            },
            says: &[
                "_delta_log/00000000000000000003.json is damaged: ",
                "3.crc says that version 3 has 4 files",
            ],
            works: &[AT_FIRST],
        },
        Case {
            name: "empty",
            damage: |lake| std::fs::write(lake.commit(2), "").unwrap(),
            says: &["_delta_log/00000000000000000002.json is damaged: it is empty"],
            works: &[AT_FIRST],
        },
        Case {
            name: "garbage",
            damage: |lake| std::fs::write(lake.commit(2), (0..=255).collect::<Vec<u8>>()).unwrap(),
            says: &["_delta_log/00000000000000000002.json is damaged: line ", "it is not a JSON object"],
            works: &[AT_FIRST],
        },
        Case {
            name: "a line that is no object",
            damage: |lake| {
                let mut text = std::fs::read_to_string(lake.commit(2)).unwrap();
                text.push_str("[1]\n");
                std::fs::write(lake.commit(2), text).unwrap();
            },
            says: &["_delta_log/00000000000000000002.json is damaged: line 3: it is not a JSON object"],
            works: &[AT_FIRST],
        },
        Case {
            name: "a gap in the middle",
            damage: |lake| std::fs::remove_file(lake.commit(2)).unwrap(),
            says: &["has a gap: version 2 is missing"],
            works: &[AT_FIRST],
        },
        Case {
            name: "a gap at the start",
            damage: |lake| std::fs::remove_file(lake.commit(0)).unwrap(),
            says: &["has a gap: version 0 is missing"],
            works: &[],
        },
        Case {
            name: "a schema that is no JSON",
            damage: |lake| set_schema(lake, "{\"type\":"),
            says: &["_delta_log/00000000000000000000.json is damaged: the schema is not JSON"],
            works: &[],
        },
        Case {
            name: "a schema of another shape",
            damage: |lake| set_schema(lake, "[1]"),
            says: &["_delta_log/00000000000000000000.json is damaged: the schema has no type"],
            works: &[],
        },
        Case {
            name: "a schema that is no struct",
            damage: |lake| set_schema(lake, "\"long\""),
            says: &["_delta_log/00000000000000000000.json is damaged: the schema is not a struct"],
            works: &[],
        },
        Case {
            name: "an unknown type",
            damage: |lake| {
                let schema = r#"{"type":"struct","fields":[{"name":"id","type":"quux","nullable":true,"metadata":{}}]}"#;
                set_schema(lake, schema);
            },
            says: &["_delta_log/00000000000000000000.json is damaged: column id has the unknown type quux"],
            works: &[],
        },
        Case {
            name: "two metadata actions",
            damage: |lake| lake.repeat(0, "metaData"),
            says: &[
                "_delta_log/00000000000000000000.json is damaged: line ",
                "more than one metaData action",
            ],
            works: &[],
        },
        Case {
            name: "two protocol actions",
            damage: |lake| lake.repeat(0, "protocol"),
            says: &[
                "_delta_log/00000000000000000000.json is damaged: line ",
                "more than one protocol action",
            ],
            works: &[],
        },
        Case {
            name: "partition values that are no texts",
            damage: |lake| lake.edit(2, "add", |add| add["partitionValues"] = json!({"p": [5]})),
            says: &["_delta_log/00000000000000000002.json is damaged: line 2: column ", "invalid type"],
            works: &[AT_FIRST],
        },
        Case {
            name: "an unknown kind of deletion vector",
            damage: |lake| {
                lake.edit(2, "add", |add| {
                    add["deletionVector"] =
                        json!({"storageType": "x", "pathOrInlineDv": "", "sizeInBytes": 1, "cardinality": 1});
                });
            },
            says: &[
                "_delta_log/00000000000000000002.json is damaged: line 2: column ",
                "unknown variant `x`",
            ],
            works: &[AT_FIRST],
        },
        Case {
            name: "an unknown reader feature",
            damage: |lake| {
                lake.edit(0, "protocol", |protocol| {
                    *protocol = json!({"minReaderVersion": 3, "minWriterVersion": 7,
                        "readerFeatures": ["fromTheFuture"], "writerFeatures": ["fromTheFuture"]});
                });
            },
            says: &["The table cannot be read: it needs fromTheFuture"],
            works: &[],
        },
    ];
    for case in cases {
        lake.check(&case, OF_LOG).await;
    }
    let writing: Vec<&str> =
        OF_LOG.iter().copied().filter(|sql| !sql.starts_with("SELECT") && !sql.contains("CLONE")).collect();
    let unwritable = Case {
        name: "an unknown writer feature",
        damage: |lake| {
            lake.edit(0, "protocol", |protocol| {
                *protocol = json!({"minReaderVersion": 1, "minWriterVersion": 7, "writerFeatures": ["fromTheFuture"]});
            });
        },
        says: &["The table cannot be written: it needs fromTheFuture"],
        works: &[("SELECT count(*) AS n FROM t", r#"[{"n":4}]"#), AT_FIRST],
    };
    lake.check(&unwritable, &writing).await;
    // The same file twice is one file, as in Spark.
    let twice = Case {
        name: "two adds of one file",
        damage: |lake| lake.repeat(2, "add"),
        says: &[],
        works: &[
            ("SELECT id FROM t ORDER BY id", r#"[{"id":1},{"id":2},{"id":3},{"id":4}]"#),
            ("SELECT count(*) AS n FROM t", r#"[{"n":4}]"#),
            ("DELETE FROM t WHERE id = 3", r#"[{"num_affected_rows":1}]"#),
            ("SELECT id FROM t ORDER BY id", r#"[{"id":1},{"id":2},{"id":4}]"#),
        ],
    };
    lake.check(&twice, &[]).await;
}

/// Statements that need the rows of the data file of version 2.
const OF_DATA: &[&str] = &[
    "SELECT * FROM t",
    "SELECT v FROM t WHERE id = 3",
    "INSERT INTO t SELECT id + 100, v, p FROM t",
    "INSERT INTO t REPLACE WHERE id = 3 VALUES (3, 'z', DATE '2024-01-01')",
    "UPDATE t SET v = 'q'",
    "DELETE FROM t WHERE id = 3",
    "MERGE INTO t USING (SELECT 3 AS id) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET v = 'm' \
     WHEN NOT MATCHED BY SOURCE THEN DELETE",
    "OPTIMIZE t WHERE p = '2024-01-0' || '1'",
    "CREATE TABLE u AS SELECT * FROM t",
];

const OTHER_PARTITION: (&str, &str) =
    ("SELECT v FROM t WHERE p = DATE '2024-01-02' ORDER BY id", r#"[{"v":"b"},{"v":"d"}]"#);

#[tokio::test(flavor = "multi_thread")]
async fn data_files() {
    let lake = Lake::of_three_versions().await;
    for (file, query) in [
        ("text.parquet", "'x3' AS id, 'c' AS v"),
        ("double.parquet", "3.7 AS id, 'c' AS v"),
        ("long.parquet", "CAST(3 AS BIGINT) AS id, 'c' AS v"),
        ("struct.parquet", "CAST(3 AS INT) AS id, named_struct('a', 1) AS v"),
    ] {
        lake.home.rows(&format!("COPY (SELECT {query}) TO '{file}'")).await;
    }
    let cases = [
        Case {
            name: "missing",
            damage: |lake| std::fs::remove_file(lake.in_table(&lake.data())).unwrap(),
            says: &["{data} is missing, though version 3 of the table names it"],
            works: &[AT_FIRST, OTHER_PARTITION, ("SELECT count(*) AS n FROM t", r#"[{"n":4}]"#)],
        },
        Case {
            name: "cut",
            damage: |lake| {
                let path = lake.in_table(&lake.data());
                let bytes = std::fs::read(&path).unwrap();
                std::fs::write(path, &bytes[..bytes.len() - 50]).unwrap();
            },
            says: &[
                "{data}, which version 3 of the table names, is damaged: it has ",
                "bytes, and the log says",
            ],
            works: &[AT_FIRST, OTHER_PARTITION],
        },
        Case {
            name: "empty",
            damage: |lake| std::fs::write(lake.in_table(&lake.data()), "").unwrap(),
            says: &["{data}, which version 3 of the table names, is damaged: it has 0 bytes"],
            works: &[AT_FIRST, OTHER_PARTITION],
        },
        Case {
            name: "not Parquet",
            damage: |lake| {
                let path = lake.in_table(&lake.data());
                let size = std::fs::metadata(&path).unwrap().len();
                std::fs::write(path, "x".repeat(usize::try_from(size).unwrap())).unwrap();
            },
            says: &["{data}, which version 3 of the table names, is damaged: Invalid Parquet file"],
            works: &[AT_FIRST, OTHER_PARTITION],
        },
        Case {
            name: "a page that cannot be decoded",
            damage: |lake| {
                let path = lake.in_table(&lake.data());
                let mut bytes = std::fs::read(&path).unwrap();
                bytes[4..64].fill(0xAA);
                std::fs::write(path, bytes).unwrap();
            },
            says: &["{data}, which version 3 of the table names, is damaged: "],
            works: &[AT_FIRST, OTHER_PARTITION],
        },
        Case {
            name: "text for numbers",
            damage: |lake| lake.replace_data("text.parquet"),
            says: &[
                "{data}, which version 3 of the table names, is damaged: column id is string in the file, and int in",
            ],
            works: &[AT_FIRST, OTHER_PARTITION],
        },
        Case {
            name: "fractions for whole numbers",
            damage: |lake| lake.replace_data("double.parquet"),
            says: &["{data}, which version 3", "column id is ", " in the file, and int in the table"],
            works: &[AT_FIRST, OTHER_PARTITION, ("SELECT v FROM t ORDER BY v LIMIT 1", r#"[{"v":"a"}]"#)],
        },
        Case {
            name: "wider numbers",
            damage: |lake| lake.replace_data("long.parquet"),
            says: &["{data}, which version 3", "column id is bigint in the file, and int in the table"],
            works: &[AT_FIRST, OTHER_PARTITION],
        },
        Case {
            name: "partition values that do not parse",
            damage: |lake| lake.edit(2, "add", |add| add["partitionValues"] = json!({"p": "2024-13-45"})),
            says: &[
                "_delta_log/00000000000000000002.json is damaged: line 2: {data} has the value 2024-13-45 of the partition column p",
            ],
            works: &[AT_FIRST],
        },
    ];
    for case in cases {
        lake.check(&case, OF_DATA).await;
    }
    // Without `id` in the statement that column is not looked at.
    let nested = Case {
        name: "a struct for text",
        damage: |lake| lake.replace_data("struct.parquet"),
        says: &[
            "{data}, which version 3",
            "column v is struct<a:bigint> in the file, and string in the table",
        ],
        works: &[("SELECT id FROM t ORDER BY id DESC LIMIT 2", r#"[{"id":4},{"id":3}]"#)],
    };
    lake.check(&nested, &["SELECT * FROM t", "UPDATE t SET id = 1 WHERE v = 'c'", "OPTIMIZE t"]).await;
    // As in Spark, a partition value that is not there is null.
    let absent = Case {
        name: "no partition values",
        damage: |lake| lake.edit(2, "add", |add| add["partitionValues"] = json!({})),
        says: &[],
        works: &[("SELECT id FROM t WHERE p IS NULL", r#"[{"id":3}]"#)],
    };
    lake.check(&absent, &[]).await;
}

fn set_vector(lake: &Lake, field: &str, value: &Value) {
    lake.edit(2, "add", |add| add["deletionVector"][field] = value.clone());
}

fn flip(lake: &Lake, at: usize) {
    let path = lake.in_table(&lake.vector().unwrap());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[at] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_vectors() {
    let lake = Lake::new(
        "CREATE TABLE t (id INT, v STRING) TBLPROPERTIES ('delta.enableDeletionVectors' = 'true'); \
         INSERT INTO t SELECT value, 'v' || value FROM generate_series(1, 10); DELETE FROM t WHERE id IN (3, 5)",
    )
    .await;
    let refused = [
        "SELECT * FROM t",
        "SELECT count(*) FROM t WHERE id > 2",
        "UPDATE t SET v = 'q' WHERE id = 1",
        "DELETE FROM t WHERE id = 7",
        "MERGE INTO t USING (SELECT 7 AS id) s ON t.id = s.id WHEN MATCHED THEN DELETE",
        "OPTIMIZE t",
        "REORG TABLE t APPLY (PURGE)",
        "CREATE TABLE u AS SELECT * FROM t",
    ];
    let before: &[(&str, &str)] = &[("SELECT count(*) AS n FROM t VERSION AS OF 1", r#"[{"n":10}]"#)];
    let inline: Damage = |lake| {
        set_vector(lake, "storageType", &json!("i"));
        set_vector(lake, "sizeInBytes", &json!(20));
    };
    let cases: [(&'static str, Damage, &'static [&'static str]); 10] = [
        (
            "missing",
            |lake| std::fs::remove_file(lake.in_table(&lake.vector().unwrap())).unwrap(),
            &["{vector} is damaged: the file is missing", "it deletes rows of {data} in version 2"],
        ),
        (
            "checksum",
            |lake| flip(lake, 12),
            &["{vector} is damaged: the checksum of the vector at 1 is wrong"],
        ),
        (
            "size",
            |lake| flip(lake, 4),
            &["{vector} is damaged: the vector at 1 has 37 bytes, and the log says 36"],
        ),
        (
            "too short",
            |lake| {
                let path = lake.in_table(&lake.vector().unwrap());
                let bytes = std::fs::read(&path).unwrap();
                std::fs::write(path, &bytes[..bytes.len() - 1]).unwrap();
            },
            &["{vector} is damaged: it ends before the vector at 1 does", "{data} in version 2"],
        ),
        (
            "empty",
            |lake| std::fs::write(lake.in_table(&lake.vector().unwrap()), "").unwrap(),
            &["{vector} is damaged: it has 0 bytes, and the vector ends at 45"],
        ),
        (
            "cardinality",
            |lake| set_vector(lake, "cardinality", &json!(3)),
            &[
                "{vector} is damaged: it has 2 rows, and the log says 3 (it deletes rows of {data} in version 2)",
            ],
        ),
        (
            "offset",
            |lake| set_vector(lake, "offset", &json!(-1)),
            &["{vector} is damaged: the offset is negative"],
        ),
        (
            "no name",
            |lake| set_vector(lake, "pathOrInlineDv", &json!("abc")),
            &["abc is damaged: the log names a deletion vector by it", "{data} in version 2"],
        ),
        (
            "inline, and no Base85",
            |lake| set_vector(lake, "pathOrInlineDv", &json!("not Base85 ä")),
            &[
                "an inline deletion vector is damaged: it is no Base85 (it deletes rows of {data} in version 2)",
            ],
        ),
        (
            "inline, and no vector",
            |lake| set_vector(lake, "pathOrInlineDv", &json!("0rJua0rJua0rJua0rJua0rJua")),
            &["an inline deletion vector is damaged: its magic number is", "{data} in version 2"],
        ),
    ];
    for (name, damage, says) in cases {
        if name.starts_with("inline") {
            inline(&lake);
        }
        lake.check(&Case { name, damage, says, works: before }, &refused).await;
    }
}
