//! Scripts in steps: a statement, and what it answers.

use crate::home::Home;
use tarn_lakehouse::ErrorKind;

/// Each statement, and the rows that it answers with.
pub(crate) async fn check(home: &Home, steps: &[(&str, &str)]) {
    for (sql, expect) in steps {
        assert_eq!(home.rows(sql).await, *expect, "{sql}");
    }
}

/// Each statement, the kind of error, and a part of its message.
pub(crate) async fn check_errors(home: &Home, steps: &[(&str, ErrorKind, &str)]) {
    for (sql, kind, message) in steps {
        let error = home.error(sql).await;
        assert!(error.message.contains(message), "{sql}: {error:?}");
        assert_eq!(error.kind, *kind, "{sql}: {error:?}");
    }
}

pub(crate) fn affected(count: u64) -> String {
    format!(r#"[{{"num_affected_rows":{count}}}]"#)
}

pub(crate) fn inserted(count: u64) -> String {
    format!(r#"[{{"num_affected_rows":{count},"num_inserted_rows":{count}}}]"#)
}

/// What MERGE answers.
pub(crate) fn merged(updated: u64, deleted: u64, inserted: u64) -> String {
    format!(
        r#"[{{"num_affected_rows":{},"num_updated_rows":{updated},"num_deleted_rows":{deleted},"num_inserted_rows":{inserted}}}]"#,
        updated + deleted + inserted
    )
}
