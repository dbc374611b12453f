//! What the log alone answers: how many rows there are, and which files.

use crate::home::Home;
use crate::steps::check;
use std::path::Path;

fn data_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "parquet")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_tables_are_counted_without_their_files() {
    let home = Home::new();
    home.rows(
        "CREATE TABLE t (id INT) TBLPROPERTIES ('delta.enableDeletionVectors' = 'true'); \
         INSERT INTO t VALUES (1), (2), (3); INSERT INTO t SELECT unnest(range(0, 20000)); DELETE FROM t WHERE id < 3",
    )
    .await;
    let steps = [
        ("SELECT count(*) AS n FROM t", r#"[{"n":19998}]"#),
        ("SELECT count(*) AS n FROM t VERSION AS OF 1", r#"[{"n":3}]"#),
        // Rows of which no column is wanted: more than one batch of them.
        ("SELECT sum(one) AS n FROM (SELECT 1 AS one FROM t)", r#"[{"n":19998}]"#),
        ("SELECT sum(one) AS n FROM (SELECT 1 AS one FROM t LIMIT 10000)", r#"[{"n":10000}]"#),
        ("SELECT sum(one) AS n FROM (SELECT 1 AS one FROM t LIMIT 30000)", r#"[{"n":19998}]"#),
        ("SELECT count(*) AS n FROM t a CROSS JOIN (SELECT 1 AS x UNION ALL SELECT 2) b", r#"[{"n":39996}]"#),
        ("SELECT 'x' AS x FROM t LIMIT 1", r#"[{"x":"x"}]"#),
        ("SELECT count(*) AS n FROM t WHERE id >= 0", r#"[{"n":19998}]"#),
    ];
    check(&home, &steps).await;
    data_files(&home.path("main/default/t")).iter().for_each(|file| std::fs::remove_file(file).unwrap());
    check(&home, &steps[..7]).await;
    let missing = home.error(steps[7].0).await;
    assert!(missing.message.contains("is missing"), "{}", missing.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_counted_in_files_of_which_the_log_says_nothing() {
    let home = Home::new();
    home.rows("CREATE TABLE t (id INT); INSERT INTO t VALUES (1), (2), (3); INSERT INTO t VALUES (4)").await;
    let commit = home.path("main/default/t/_delta_log/00000000000000000001.json");
    let text = std::fs::read_to_string(&commit).unwrap();
    let without_stats = text.lines().map(|line| {
        let mut action: serde_json::Value = serde_json::from_str(line).unwrap();
        if let Some(add) = action.get_mut("add") {
            add.as_object_mut().unwrap().remove("stats").unwrap();
        }
        format!("{action}\n")
    });
    std::fs::write(&commit, without_stats.collect::<String>()).unwrap();
    let again = home.lakehouse.session();
    let count = crate::home::run(&home.lakehouse, &again, "SELECT count(*) AS n FROM t").await.unwrap();
    assert_eq!(count, r#"[{"n":4}]"#);
    check(
        &home,
        &[(
            "SELECT num_records FROM table_files('t') ORDER BY num_records",
            r#"[{"num_records":null},{"num_records":1}]"#,
        )],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_listed_in_the_columns_that_are_asked_for() {
    let home = Home::new();
    home.rows(
        "CREATE TABLE t (id INT, p INT) PARTITIONED BY (p) TBLPROPERTIES ('delta.enableDeletionVectors' = 'true'); \
         INSERT INTO t VALUES (1, 1), (2, 1), (3, 2), (4, NULL); DELETE FROM t WHERE id = 2",
    )
    .await;
    check(
        &home,
        &[
            (
                "SELECT num_records AS n, deleted_rows AS d, partition_values AS p FROM table_files('t') ORDER BY n DESC, p['p']",
                r#"[{"n":2,"d":1,"p":{"p":"1"}},{"n":1,"d":0,"p":{"p":null}},{"n":1,"d":0,"p":{"p":"2"}}]"#,
            ),
            ("SELECT count(*) AS n, min(size_bytes) > 100 AS big FROM table_files('t')", r#"[{"n":3,"big":true}]"#),
            ("SELECT count(*) AS n FROM (SELECT * FROM table_files('t') LIMIT 2)", r#"[{"n":2}]"#),
            ("SELECT stats LIKE '{\"numRecords\":%' AS s FROM table_files('t') LIMIT 1", r#"[{"s":true}]"#),
            ("SELECT modified > TIMESTAMP '2020-01-01' AS m FROM table_files('t') LIMIT 1", r#"[{"m":true}]"#),
        ],
    )
    .await;
}
