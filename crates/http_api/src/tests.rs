//! The routes, asked as a client would ask them.

use super::*;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use object_store::ObjectStoreExt as _;
use object_store::memory::InMemory;
use serde_json::{Value, json};
use tarn_lakehouse::Options;
use tarn_storage::Stores;
use tower::ServiceExt as _;
use url::Url;

const STATEMENTS: &str = "/api/2.0/sql/statements";

async fn app() -> Router {
    let store = Arc::new(InMemory::new());
    store.put(&"places.csv".into(), "city,people\nBern,134\nBasel,173\nChur,38\n".into()).await.unwrap();
    let base = Url::parse("memory://lake/").unwrap();
    let stores = Arc::new(Stores::new(1 << 20));
    stores.register(&base, store);
    let options = Options { base, memory_limit_bytes: 64 << 20, partitions: 2, spills: false };
    router(Arc::new(Lakehouse::open(stores, options).unwrap()))
}

async fn send(app: &Router, method: Method, path: &str, body: impl Into<Body>) -> (StatusCode, Value) {
    let request = Request::builder().method(method).uri(path).body(body.into()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn execute(app: &Router, body: Value) -> Value {
    let (status, answer) = send(app, Method::POST, STATEMENTS, body.to_string()).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

/// The message of a statement that fails.
async fn failure(app: &Router, statement: &str) -> (String, String) {
    let answer = execute(app, json!({ "statement": statement })).await;
    assert_eq!(answer["status"]["state"], "FAILED", "{answer}");
    assert!(answer.get("result").is_none() && answer.get("manifest").is_none());
    let error = &answer["status"]["error"];
    (error["error_code"].as_str().unwrap().to_owned(), error["message"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_statement_gives_rows() {
    let app = app().await;
    let statement = "SELECT city, people FROM csv.`places.csv` WHERE people > 100 ORDER BY people;";
    let answer =
        execute(&app, json!({ "statement": statement, "warehouse_id": "w", "wait_timeout": "30s" })).await;
    assert_eq!(answer["status"], json!({ "state": "SUCCEEDED" }));
    assert_eq!(answer["statement_id"].as_str().unwrap().len(), 36);
    let columns = json!([
        { "name": "city", "position": 0, "type_name": "STRING", "type_text": "STRING" },
        { "name": "people", "position": 1, "type_name": "LONG", "type_text": "BIGINT" },
    ]);
    assert_eq!(
        answer["manifest"],
        json!({
            "format": "JSON_ARRAY",
            "schema": { "column_count": 2, "columns": columns },
            "total_chunk_count": 1,
            "chunks": [{ "chunk_index": 0, "row_offset": 0, "row_count": 2 }],
            "total_row_count": 2,
            "total_byte_count": 30,
            "truncated": false,
        })
    );
    let rows = json!([["Bern", "134"], ["Basel", "173"]]);
    assert_eq!(
        answer["result"],
        json!({ "chunk_index": 0, "row_offset": 0, "row_count": 2, "data_array": rows })
    );
}

#[tokio::test]
async fn values_of_every_kind_are_strings_or_null() {
    let statement =
        "SELECT 1, CAST(1.5 AS DOUBLE), 'it', NULL, true, DATE '2024-02-29', CAST(1.25 AS DECIMAL(5, 2))";
    let answer = execute(&app().await, json!({ "statement": statement })).await;
    assert_eq!(
        answer["result"]["data_array"],
        json!([["1", "1.5", "it", null, "true", "2024-02-29", "1.25"]]),
        "{answer}"
    );
}

#[tokio::test]
async fn no_rows_are_an_empty_array() {
    let app = app().await;
    for statement in ["SELECT 1 WHERE false", "CREATE VIEW v AS SELECT 1"] {
        let answer = execute(&app, json!({ "statement": statement })).await;
        assert_eq!(answer["status"]["state"], "SUCCEEDED", "{answer}");
        assert_eq!(answer["result"]["data_array"], json!([]));
        assert_eq!(answer["manifest"]["total_row_count"], 0);
    }
}

#[tokio::test]
async fn limits_cut_and_say_so() {
    let app = app().await;
    let statement = "SELECT * FROM csv.`places.csv` ORDER BY people";
    for (limits, rows, is_truncated) in [
        (json!({ "row_limit": 2 }), 2, true),
        (json!({ "row_limit": 3 }), 3, false),
        (json!({ "byte_limit": 20 }), 1, true),
        (json!({ "byte_limit": 1000 }), 3, false),
    ] {
        let mut body = json!({ "statement": statement });
        body.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
        let answer = execute(&app, body).await;
        assert_eq!(answer["manifest"]["truncated"], is_truncated, "{limits}");
        assert_eq!(answer["result"]["row_count"], rows, "{limits}");
        assert_eq!(answer["result"]["data_array"].as_array().unwrap().len(), rows, "{limits}");
    }
}

#[tokio::test]
async fn a_fault_in_the_statement_is_a_failed_state() {
    let app = app().await;
    let (code, message) = failure(&app, "SELECT\n  FROM WHERE").await;
    assert_eq!(code, "BAD_REQUEST");
    assert!(message.contains("(line 2, column "), "{message}");

    let (code, message) = failure(&app, "SELECT poeple FROM csv.`places.csv`").await;
    assert_eq!(code, "NOT_FOUND");
    assert!(message.contains("(line 1, column 8)") && message.contains("people"), "{message}");

    let (code, message) = failure(&app, "SELECT * FROM csv.`place.csv`").await;
    assert_eq!(code, "NOT_FOUND");
    assert!(message.contains("places.csv"), "{message}");

    let (_, message) = failure(&app, "SELECT 1; SELECT 2").await;
    assert!(message.contains("one statement") && message.contains('2'), "{message}");

    let (_, message) = failure(&app, "-- nothing").await;
    assert!(message.contains("empty"), "{message}");

    let (code, message) = failure(&app, "SELECT 'open").await;
    assert!(code == "BAD_REQUEST" && message.contains("(line 1, column"), "{message}");
}

#[tokio::test]
async fn a_request_that_cannot_be_accepted_is_refused() {
    let app = app().await;
    for (body, code, part) in [
        ("{", "BAD_REQUEST", "not the JSON"),
        ("[]", "BAD_REQUEST", "not the JSON"),
        (r#"{"statement": 1}"#, "BAD_REQUEST", "not the JSON"),
        ("{}", "INVALID_PARAMETER_VALUE", "statement"),
        (r#"{"statement": " "}"#, "INVALID_PARAMETER_VALUE", "statement"),
        (r#"{"statement": "SELECT 1", "format": "XML"}"#, "BAD_REQUEST", "JSON_ARRAY"),
        (r#"{"statement": "SELECT 1", "format": "CSV"}"#, "INVALID_PARAMETER_VALUE", "use format JSON_ARRAY"),
        (
            r#"{"statement": "SELECT 1", "format": "ARROW_STREAM"}"#,
            "INVALID_PARAMETER_VALUE",
            "disposition INLINE",
        ),
        (
            r#"{"statement": "SELECT 1", "disposition": "EXTERNAL_LINKS"}"#,
            "INVALID_PARAMETER_VALUE",
            "disposition INLINE",
        ),
        (
            r#"{"statement": "SELECT :a", "parameters": [{"name": "a"}]}"#,
            "INVALID_PARAMETER_VALUE",
            "parameters",
        ),
        (r#"{"statement": "SELECT 1", "wait_timeout": "3s"}"#, "INVALID_PARAMETER_VALUE", "wait_timeout"),
        (r#"{"statement": "SELECT 1", "wait_timeout": "10"}"#, "INVALID_PARAMETER_VALUE", "wait_timeout"),
        (r#"{"statement": "SELECT 1", "row_limit": -1}"#, "BAD_REQUEST", "not the JSON"),
    ] {
        let (status, answer) = send(&app, Method::POST, STATEMENTS, body).await;
        assert_eq!((status, answer["error_code"].as_str()), (StatusCode::BAD_REQUEST, Some(code)), "{body}");
        assert!(answer["message"].as_str().unwrap().contains(part), "{answer}");
    }
}

#[tokio::test]
async fn what_is_allowed_and_changes_nothing() {
    let body = json!({
        "statement": "SELECT 1",
        "catalog": "main",
        "schema": "default",
        "warehouse_id": "abc",
        "parameters": [],
        "query_tags": [{ "key": "team" }],
        "format": "JSON_ARRAY",
        "disposition": "INLINE",
        "wait_timeout": "0s",
        "on_wait_timeout": "CANCEL",
    });
    assert_eq!(execute(&app().await, body).await["result"]["data_array"], json!([["1"]]));
}

#[tokio::test]
async fn other_addresses_and_methods_are_answered_in_json() {
    let app = app().await;
    let (status, answer) = send(&app, Method::GET, "/api/2.0/clusters/list", Body::empty()).await;
    assert_eq!((status, answer["error_code"].as_str()), (StatusCode::NOT_FOUND, Some("ENDPOINT_NOT_FOUND")));
    let (status, answer) = send(&app, Method::PUT, STATEMENTS, Body::empty()).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(answer["message"].as_str().unwrap().contains("POST"));
}
