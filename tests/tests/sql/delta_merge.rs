//! MERGE: every kind of clause, what it refuses, and the names that it finds.

use crate::home::Home;
use crate::steps::{affected, check, check_errors, merged};
use tarn_lakehouse::ErrorKind;

const MERGED: &str = "SELECT id, v FROM t ORDER BY id";

async fn merge_tables(home: &Home, properties: &str) {
    home.rows(&format!("CREATE OR REPLACE TABLE t (id INT, v STRING) TBLPROPERTIES ({properties})")).await;
    home.rows("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')").await;
    home.rows(
        "CREATE OR REPLACE TABLE s (id INT, v STRING); INSERT INTO s VALUES (2, 'B'), (3, 'C'), (4, 'D')",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn merges_update_delete_and_insert() {
    let home = Home::new();
    for properties in [
        "'delta.enableDeletionVectors' = 'false'",
        "'delta.enableDeletionVectors' = 'true'",
        "'delta.enableChangeDataFeed' = 'true'",
    ] {
        merge_tables(&home, properties).await;
        check(
            &home,
            &[
                (
                    "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED AND s.id = 2 THEN UPDATE SET v = t.v || s.v \
                     WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (v, id) VALUES (lower(s.v), s.id) \
                     WHEN NOT MATCHED BY SOURCE AND t.id = 1 THEN UPDATE SET v = 'old'",
                    merged(2, 1, 1).as_str(),
                ),
                (MERGED, r#"[{"id":1,"v":"old"},{"id":2,"v":"bB"},{"id":4,"v":"d"}]"#),
                (
                    "MERGE INTO main.default.t USING (SELECT id + 1 AS id, v FROM s) AS x ON main.default.t.id = x.id \
                     WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *",
                    merged(1, 0, 2).as_str(),
                ),
                (MERGED, r#"[{"id":1,"v":"old"},{"id":2,"v":"bB"},{"id":3,"v":"B"},{"id":4,"v":"C"},{"id":5,"v":"D"}]"#),
                (
                    "MERGE INTO t AS target USING s AS source ON target.id = source.id \
                     WHEN NOT MATCHED BY SOURCE THEN DELETE",
                    merged(0, 2, 0).as_str(),
                ),
                (MERGED, r#"[{"id":2,"v":"bB"},{"id":3,"v":"B"},{"id":4,"v":"C"}]"#),
                ("MERGE INTO t USING s ON t.id = s.id + 100 WHEN MATCHED THEN DELETE", merged(0, 0, 0).as_str()),
                (
                    "MERGE INTO t USING s ON false WHEN NOT MATCHED AND s.id > 3 THEN INSERT * EXCEPT (v)",
                    merged(0, 0, 1).as_str(),
                ),
                ("SELECT v FROM t WHERE id = 4 ORDER BY v", r#"[{"v":null},{"v":"C"}]"#),
            ],
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn merges_find_names_in_any_case() {
    let home = Home::new();
    home.rows("CREATE TABLE t (Id INT, Val STRING); INSERT INTO t VALUES (1, 'a')").await;
    check(
        &home,
        &[
            (
                "MERGE INTO T USING (VALUES (1, 'v'), (5, 'five')) AS src(id, v) ON t.id = SRC.id \
                 WHEN MATCHED THEN UPDATE SET val = v WHEN NOT MATCHED AND id > 2 THEN INSERT (ID, VAL) VALUES (id, V)",
                merged(1, 0, 1).as_str(),
            ),
            ("SELECT T.id FROM t WHERE t.VAL = 'five'", r#"[{"Id":5}]"#),
            ("UPDATE T SET val = 'q' WHERE t.ID = 5", affected(1).as_str()),
            (
                "MERGE INTO t USING (SELECT 1 AS id) s ON s.id = t.id WHEN NOT MATCHED BY SOURCE AND id = 5 THEN DELETE",
                merged(0, 1, 0).as_str(),
            ),
            ("SELECT id, val FROM t", r#"[{"Id":1,"Val":"v"}]"#),
        ],
    )
    .await;
    home.rows("CREATE VIEW v AS SELECT * FROM t").await;
    check_errors(&home, &[("DELETE FROM v", ErrorKind::Invalid, "v is a view")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn merges_refuse_what_is_ambiguous() {
    let home = Home::new();
    merge_tables(&home, "'delta.enableDeletionVectors' = 'true', 'delta.enableChangeDataFeed' = 'true'")
        .await;
    home.rows("INSERT INTO s VALUES (2, 'again')").await;
    check_errors(
        &home,
        &[
            (
                "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET v = s.v",
                ErrorKind::Execution,
                "Several rows of the source match one row of the target",
            ),
            (
                "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED AND s.v = 'B' THEN DELETE WHEN MATCHED THEN UPDATE SET v = 'x'",
                ErrorKind::Execution,
                "Several rows",
            ),
            ("MERGE INTO t USING t ON true WHEN MATCHED THEN DELETE", ErrorKind::Invalid, "both called t"),
            ("MERGE INTO t USING (SELECT 1 AS id) ON true WHEN MATCHED THEN DELETE", ErrorKind::Invalid, "no name"),
            (
                "MERGE INTO t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET *",
                ErrorKind::Invalid,
                "The source has no column v",
            ),
            (
                "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET w = 1",
                ErrorKind::NotFound,
                "There is no column w",
            ),
            (
                "MERGE INTO t USING s ON t.id = s.nope WHEN MATCHED THEN DELETE",
                ErrorKind::NotFound,
                "nope",
            ),
        ],
    )
    .await;
    check(
        &home,
        &[
            (MERGED, r#"[{"id":1,"v":"a"},{"id":2,"v":"b"},{"id":3,"v":"c"}]"#),
            // One of the two may change the row, if the other does not.
            (
                "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED AND s.v = 'again' THEN UPDATE SET v = s.v",
                merged(1, 0, 0).as_str(),
            ),
            // All agree that it goes.
            ("MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE", merged(0, 2, 0).as_str()),
            (MERGED, r#"[{"id":1,"v":"a"}]"#),
            (
                "SELECT _change_type AS c, id, v FROM table_changes('t', 3) ORDER BY id",
                r#"[{"c":"delete","id":2,"v":"again"},{"c":"delete","id":3,"v":"c"}]"#,
            ),
        ],
    )
    .await;
}
