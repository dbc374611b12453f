//! What broken logs are answered with: which file, which version, what is wrong.

use crate::support::{Log, add, add_with, metadata, metadata_of, protocol, remove};
use serde_json::json;
use tarn_delta::Error;

#[tokio::test]
async fn nothing_there() {
    let error = Log::new().open().await.unwrap_err();
    assert!(matches!(error, Error::NotATable { url } if url == "memory:///lake/t/"));
}

#[tokio::test]
async fn a_cut_commit_names_file_and_line() {
    let log = Log::started().await;
    log.put("00000000000000000001.json", format!("{}\n\n{{\"add\":{{\"path\":\"b", add("a"))).await;
    let error = log.error().await;
    assert!(
        error.starts_with("_delta_log/00000000000000000001.json is damaged: line 3: column 17: EOF"),
        "{error}"
    );
    // The version before is not touched by it.
    assert_eq!(log.open_at(0).await.unwrap().version(), 0);
}

#[tokio::test]
async fn a_commit_without_actions_was_never_written_to_its_end() {
    let log = Log::started().await;
    for text in ["", "\n", " \n\n"] {
        log.put("00000000000000000001.json", text.to_owned()).await;
        let error = log.error().await;
        assert!(error.starts_with("_delta_log/00000000000000000001.json is damaged: it is empty"), "{error}");
        assert!(tarn_delta::commit::read_commit(&log.table, 1).await.is_err(), "{text:?}");
        assert_eq!(log.open_at(0).await.unwrap().version(), 0);
    }
}

#[tokio::test]
async fn lines_are_objects() {
    let log = Log::started().await;
    for line in [
        "5",
        "[]",
        "null",
        "\"add\"",
        "[{\"path\":\"a\",\"size\":1},null,null,null,null,null,null]",
        "\u{fffd}",
    ] {
        log.put("00000000000000000001.json", format!("{}\n{line}\n", add("a"))).await;
        let error = log.error().await;
        assert!(error.ends_with("1.json is damaged: line 2: it is not a JSON object"), "{line}: {error}");
        let error = tarn_delta::commit::read_commit(&log.table, 1).await.unwrap_err().to_string();
        assert!(error.ends_with("1.json is damaged: line 2: it is not a JSON object"), "{line}: {error}");
    }
}

/// Spark writes such a file beside each commit. What is cut off at the end of a line looks whole without it.
#[tokio::test]
async fn a_version_that_is_not_what_its_checksum_says_is_damaged() {
    let log = Log::started().await;
    let checksum = |files: i64, bytes: i64| {
        let of_table = json!({"tableSizeBytes": bytes, "numFiles": files, "numMetadata": 1, "numProtocol": 1,
            "metadata": metadata()["metaData"], "protocol": protocol()["protocol"]});
        of_table.to_string()
    };
    log.commit(1, &[add_with("a", &json!({"size": 10})), add_with("b", &json!({"size": 5}))]).await;
    log.put("00000000000000000001.crc", checksum(2, 15)).await;
    assert_eq!(log.open().await.unwrap().files().len(), 2);
    log.commit(1, &[add_with("a", &json!({"size": 10}))]).await;
    let error = log.error().await;
    assert!(
        error.contains("1.json is damaged: 00000000000000000001.crc says")
            && error.contains("2 files of 15 bytes"),
        "{error}"
    );
    for other in [checksum(1, 10), checksum(-1, 15), "{".to_owned(), String::new()] {
        log.put("00000000000000000001.crc", other).await;
        assert_eq!(log.open().await.unwrap().files().len(), 1);
    }
}

#[tokio::test]
async fn a_line_that_lacks_a_field_is_told() {
    let log = Log::started().await;
    log.commit(1, &[add("a"), json!({"add": {"path": "b"}})]).await;
    let error = log.error().await;
    assert!(error.contains("line 2") && error.contains("missing field `size`"), "{error}");
    log.commit(1, &[add_with("a", &json!({"size": -1}))]).await;
    assert!(log.error().await.contains("the size of a is negative"));
}

#[tokio::test]
async fn unknown_actions_and_odd_provenance_are_ignored() {
    let log = Log::started().await;
    let info = json!({"commitInfo": {"timestamp": "noon", "operationParameters": [1]}});
    log.commit(1, &[info, json!({"future": {"a": 1}}), add("a"), json!({"commitInfo": null})]).await;
    assert_eq!(log.open().await.unwrap().files().len(), 1);
}

#[tokio::test]
async fn a_gap_is_named() {
    let log = Log::started().await;
    for version in [1, 2, 4] {
        log.commit(version, &[add(&format!("f{version}"))]).await;
    }
    let error = log.open().await.unwrap_err();
    assert!(matches!(error, Error::Gap { missing: 3, .. }), "{error}");
    assert_eq!(log.open_at(2).await.unwrap().files().len(), 2);
    log.delete("00000000000000000000.json").await;
    // Nothing is left to start from.
    let error = log.open().await.unwrap_err();
    assert!(matches!(error, Error::Gap { missing: 0, .. }), "{error}");
}

#[tokio::test]
async fn a_version_that_is_not_there_tells_which_are() {
    let log = Log::started().await;
    log.commit(1, &[add("a")]).await;
    let error = log.open_at(2).await.unwrap_err();
    assert!(matches!(error, Error::NoSuchVersion { version: 2, first: 0, last: 1, .. }), "{error}");
    let error = log.open_at(u64::MAX).await.unwrap_err();
    assert!(matches!(error, Error::NoSuchVersion { version: u64::MAX, .. }), "{error}");
}

#[tokio::test]
async fn protocol_and_metadata_must_be_there_once() {
    let log = Log::new();
    log.commit(0, &[metadata(), add("a")]).await;
    assert!(log.error().await.contains("version 0 has no protocol action"));
    log.commit(0, &[protocol(), add("a")]).await;
    assert!(log.error().await.contains("version 0 has no metaData action"));
    log.commit(0, &[protocol(), metadata(), metadata()]).await;
    let error = log.error().await;
    assert!(
        error.contains("00000000000000000000.json") && error.contains("more than one metaData"),
        "{error}"
    );
    log.commit(0, &[protocol(), metadata(), protocol()]).await;
    assert!(log.error().await.contains("more than one protocol"));
}

#[tokio::test]
async fn a_schema_that_is_none_is_told_with_its_file() {
    let log = Log::started().await;
    let mut broken = metadata();
    broken["metaData"]["schemaString"] = json!("{\"type\":");
    log.commit(1, &[broken]).await;
    let error = log.error().await;
    assert!(
        error.starts_with("_delta_log/00000000000000000001.json is damaged: the schema is not JSON"),
        "{error}"
    );
    let mut other = metadata();
    other["metaData"]["partitionColumns"] = json!(["q"]);
    log.commit(1, &[other]).await;
    assert!(log.error().await.contains("the partition column q is not in the schema"));
    let twice = json!({"name": "x", "type": "integer", "nullable": true, "metadata": {}});
    let within = json!({"name": "s", "type": {"type": "struct", "fields": [twice, twice]}, "nullable": true, "metadata": {}});
    for fields in [json!([twice, twice]), json!([within])] {
        log.commit(1, &[metadata_of(&fields)]).await;
        assert!(log.error().await.contains("the column or field x occurs twice in the schema"));
    }
}

#[tokio::test]
async fn unknown_reader_features_are_named() {
    let log = Log::new();
    let newer = json!({"protocol": {"minReaderVersion": 3, "minWriterVersion": 7,
        "readerFeatures": ["deletionVectors", "catalogManaged", "fromTheFuture"],
        "writerFeatures": ["deletionVectors", "catalogManaged", "fromTheFuture"]}});
    log.commit(0, &[newer, metadata()]).await;
    let error = log.open().await.unwrap_err();
    assert!(
        matches!(error, Error::UnsupportedReader { features } if features == ["catalogManaged", "fromTheFuture"])
    );
}

#[tokio::test]
async fn a_partition_value_that_is_none_names_its_file() {
    let log = Log::started().await;
    log.commit(1, &[add("a"), add_with("b", &json!({"partitionValues": {"p": "2024-02-30"}}))]).await;
    let snapshot = log.open().await.unwrap();
    let error = snapshot.partition_values(snapshot.schema().field("p").unwrap()).unwrap_err().to_string();
    assert_eq!(
        error,
        "_delta_log/00000000000000000001.json is damaged: line 2: b has the value 2024-02-30 of the partition column p, \
         which is no date"
    );
}

#[tokio::test]
async fn type_changes_that_are_not_known_refuse_reading() {
    let log = Log::new();
    let changed = json!([
        {"name": "id", "type": "integer", "nullable": true, "metadata":
            {"delta.typeChanges": [{"fromType": "string", "toType": "integer"}]}},
        {"name": "p", "type": "date", "nullable": true, "metadata": {}},
    ]);
    log.commit(0, &[protocol(), metadata_of(&changed)]).await;
    assert!(log.error().await.contains("the type of column id from string to integer"));
}

#[tokio::test]
async fn the_newest_reference_to_a_file_counts() {
    let log = Log::started().await;
    log.commit(1, &[add("a"), add("b%20c"), add("d")]).await;
    log.commit(2, &[remove("a"), remove("b c"), add_with("d", &json!({"size": 11}))]).await;
    log.commit(3, &[add("a")]).await;
    let snapshot = log.open().await.unwrap();
    assert_eq!(crate::support::paths(&snapshot), ["d", "a"]);
    assert_eq!(snapshot.files().size_bytes(), 21);
    let tombstones = snapshot.load_tombstones().await.unwrap();
    assert_eq!(tombstones.iter().map(|remove| remove.path.as_str()).collect::<Vec<_>>(), ["b c"]);
    assert_eq!(log.open_at(1).await.unwrap().files().len(), 3);
}
