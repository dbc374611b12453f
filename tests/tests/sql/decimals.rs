//! Numbers with more digits than a DOUBLE keeps.

use crate::home::Home;
use crate::steps::{affected, check, inserted, merged};

#[tokio::test(flavor = "multi_thread")]
async fn literals_keep_their_digits() {
    let home = Home::new();
    home.rows("CREATE TABLE t (id INT, d DECIMAL(20,2) DEFAULT 99999999999999999.99, x DOUBLE)").await;
    check(
        &home,
        &[
            (
                "INSERT INTO t VALUES (1, 12345678901234567.89, 0.1), (2, -12345678901234567.89, 1e20), (3, 1.5, 0.2)",
                inserted(3).as_str(),
            ),
            ("INSERT INTO t (id) VALUES (4)", inserted(1).as_str()),
            (
                "SELECT id, d FROM t ORDER BY id",
                "[{\"id\":1,\"d\":12345678901234567.89},{\"id\":2,\"d\":-12345678901234567.89},{\"id\":3,\"d\":1.50},\
                 {\"id\":4,\"d\":99999999999999999.99}]",
            ),
            ("SELECT id FROM t WHERE d = 12345678901234567.89", r#"[{"id":1}]"#),
            ("SELECT id FROM t WHERE d IN (-12345678901234567.89, 1.5) ORDER BY id", r#"[{"id":2},{"id":3}]"#),
            (
                "UPDATE t SET d = CASE WHEN id = 3 THEN 12345678901234567.88 ELSE d END WHERE id < 4",
                affected(3).as_str(),
            ),
            (
                "SELECT id FROM t WHERE d BETWEEN 12345678901234567.88 AND 12345678901234567.885",
                r#"[{"id":3}]"#,
            ),
            (
                "MERGE INTO t USING (SELECT 3 AS id) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET d = 12345678901234567.87",
                merged(1, 0, 0).as_str(),
            ),
            ("SELECT sum(d) AS d FROM t WHERE id IN (2, 3)", r#"[{"d":-0.02}]"#),
            // As doubles the two would be equal.
            ("ALTER TABLE t ADD CONSTRAINT least CHECK (d < 99999999999999999.995)", "[]"),
            ("SELECT 99999999999999999999 AS n, -12345678901234567.89 AS m", r#"[{"n":99999999999999999999,"m":-12345678901234567.89}]"#),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_doubles_they_are_doubles() {
    let home = Home::new();
    check(
        &home,
        &[
            (
                "SELECT x = 0.30000000000000004 AS a, 0.10000000000000001 + x AS b, x > -0.10000000000000001 AS c \
                 FROM VALUES (0.1e0 + 0.2e0) v(x)",
                r#"[{"a":true,"b":0.4,"c":true}]"#,
            ),
            (
                "SELECT x > 12345678901234567.89 AS a FROM VALUES (CAST('NaN' AS DOUBLE)), (1e300), (1.0) v(x)",
                r#"[{"a":true},{"a":true},{"a":false}]"#,
            ),
            // Numbers that a double holds as they are written stay doubles.
            ("SELECT round(7 / 2.5, 3) AS a, 1 / 3.0 AS b, 1.5e3 AS c", r#"[{"a":2.8,"b":0.3333333333333333,"c":1500.0}]"#),
        ],
    )
    .await;
}
