//! Checkpoints in Parquet with the schemas that writers differ in.

#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use crate::support::{Log, add, metadata, paths, protocol};
use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Date32Type, Field, Fields, Int64Type, Schema};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use std::sync::Arc;

fn fields(fields: Vec<Field>) -> DataType {
    DataType::Struct(Fields::from(fields))
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

fn long(name: &str) -> Field {
    Field::new(name, DataType::Int64, true)
}

fn map(name: &str) -> Field {
    let entries = fields(vec![Field::new("key", DataType::Utf8, false), text("value")]);
    Field::new(name, DataType::Map(Arc::new(Field::new("key_value", entries, false)), false), true)
}

fn schema(add: Vec<Field>) -> Arc<Schema> {
    let protocol = vec![
        Field::new("minReaderVersion", DataType::Int32, true),
        Field::new("minWriterVersion", DataType::Int32, true),
    ];
    let list = DataType::List(Arc::new(Field::new("element", DataType::Utf8, true)));
    let metadata = vec![
        text("id"),
        Field::new("format", fields(vec![text("provider"), map("options")]), true),
        text("schemaString"),
        Field::new("partitionColumns", list, true),
        map("configuration"),
    ];
    Arc::new(Schema::new(vec![
        Field::new("protocol", fields(protocol), true),
        Field::new("metaData", fields(metadata), true),
        Field::new("add", fields(add), true),
        Field::new(
            "remove",
            fields(vec![
                text("path"),
                long("deletionTimestamp"),
                Field::new("dataChange", DataType::Boolean, true),
            ]),
            true,
        ),
    ]))
}

fn parquet(schema: &Arc<Schema>, actions: &[Value]) -> Vec<u8> {
    let mut decoder = arrow::json::ReaderBuilder::new(Arc::clone(schema)).build_decoder().unwrap();
    decoder.serialize(actions).unwrap();
    let batch = decoder.flush().unwrap().unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, Arc::clone(schema), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

async fn log_with_checkpoint(schema: &Arc<Schema>, actions: &[Value]) -> Log {
    let log = Log::new();
    let mut all = vec![protocol(), metadata()];
    all.extend_from_slice(actions);
    log.put("00000000000000000010.checkpoint.parquet", parquet(schema, &all)).await;
    log.put("_last_checkpoint", json!({"version": 10, "size": 3}).to_string()).await;
    log
}

#[tokio::test]
async fn a_checkpoint_alone_is_a_version() {
    let columns = vec![
        text("path"),
        map("partitionValues"),
        long("size"),
        long("modificationTime"),
        text("stats"),
        Field::new("dataChange", DataType::Boolean, true),
    ];
    let stats = json!({"numRecords": 3, "minValues": {"id": 4}}).to_string();
    let mut with = add("a");
    with["add"]["stats"] = json!(stats);
    let log = log_with_checkpoint(
        &schema(columns),
        &[with, add("b"), json!({"remove": {"path": "c", "deletionTimestamp": 1, "dataChange": false}})],
    )
    .await;
    let snapshot = log.open().await.unwrap();
    assert_eq!((snapshot.version(), paths(&snapshot)), (10, vec!["a", "b"]));
    assert_eq!(snapshot.load_tombstones().await.unwrap()[0].path, "c");
    let statistics = snapshot.statistics(&[vec!["id".to_owned()]]).await.unwrap();
    assert_eq!(statistics.num_records.iter().collect::<Vec<_>>(), [Some(3), None]);
    assert_eq!(statistics.columns[0].min.as_primitive::<Int64Type>().value(0), 4);
    let ids: Vec<_> = snapshot.files().iter().map(|file| file.id()).collect();
    let adds = snapshot.adds_with_stats(&[ids[1], ids[0]]).await.unwrap();
    assert_eq!((adds[0].path.as_str(), adds[1].stats.as_deref()), ("b", Some(stats.as_str())));
    // An empty listing after it is no news.
    assert!(Arc::ptr_eq(&snapshot.update().await.unwrap(), &snapshot));
    log.commit(11, &[json!({"remove": {"path": "a", "dataChange": true}})]).await;
    let newer = snapshot.update().await.unwrap();
    assert_eq!(paths(&newer), ["b"]);
    assert_eq!(newer.statistics(&[vec!["id".to_owned()]]).await.unwrap().num_records.len(), 1);
}

#[tokio::test]
async fn typed_partition_values_and_statistics_stand_in() {
    let bounds = |name: &str| Field::new(name, fields(vec![long("id")]), true);
    let parsed =
        fields(vec![long("numRecords"), bounds("minValues"), bounds("maxValues"), bounds("nullCount")]);
    let columns = vec![
        text("path"),
        long("size"),
        long("modificationTime"),
        text("stats"),
        Field::new("dataChange", DataType::Boolean, true),
        Field::new("partitionValues_parsed", fields(vec![Field::new("p", DataType::Date32, true)]), true),
        Field::new("stats_parsed", parsed, true),
    ];
    let file = |path: &str, stats: Value, parsed: Value| {
        json!({"add": {"path": path, "size": 1, "modificationTime": 2, "dataChange": true, "stats": stats,
            "partitionValues_parsed": {"p": "2024-02-29"}, "stats_parsed": parsed}})
    };
    let typed =
        json!({"numRecords": 5, "minValues": {"id": 1}, "maxValues": {"id": 8}, "nullCount": {"id": 0}});
    let written = json!({"numRecords": 6, "minValues": {"id": 2}}).to_string();
    let log = log_with_checkpoint(
        &schema(columns),
        &[
            file("a", Value::Null, typed.clone()),
            file("b", json!(written), typed),
            file("c", Value::Null, Value::Null),
        ],
    )
    .await;
    let snapshot = log.open().await.unwrap();
    assert_eq!(snapshot.files().iter().next().unwrap().partition_value("p"), Some("2024-02-29"));
    let p = snapshot.partition_values(snapshot.schema().field("p").unwrap()).unwrap();
    assert_eq!(p.as_primitive::<Date32Type>().value(2), 19_782);
    let statistics = snapshot.statistics(&[vec!["id".to_owned()]]).await.unwrap();
    assert_eq!(statistics.num_records.iter().collect::<Vec<_>>(), [Some(5), Some(6), None]);
    let min = statistics.columns[0].min.as_primitive::<Int64Type>();
    assert_eq!(min.iter().collect::<Vec<_>>(), [Some(1), Some(2), None]);
    assert_eq!(statistics.columns[0].max.null_count(), 2);
    let ids: Vec<_> = snapshot.files().iter().map(|file| file.id()).collect();
    let adds = snapshot.adds_with_stats(&ids).await.unwrap();
    let stats: Value = serde_json::from_str(adds[0].stats.as_ref().unwrap()).unwrap();
    assert_eq!((&stats["numRecords"], &stats["minValues"]["id"]), (&json!(5), &json!(1)));
    assert_eq!(adds[1].stats.as_deref(), Some(written.as_str()));
    assert_eq!(adds[2].stats, None);
    assert_eq!(adds[2].partition_values["p"].as_deref(), Some("2024-02-29"));
}

#[tokio::test]
async fn a_checkpoint_that_is_none_names_its_file() {
    let log = Log::new();
    log.put("00000000000000000010.checkpoint.parquet", "no Parquet, whatever its name".to_owned()).await;
    let error = log.error().await;
    assert!(error.starts_with("_delta_log/00000000000000000010.checkpoint.parquet is damaged: "), "{error}");
    let columns = vec![text("path"), map("partitionValues")];
    let log = log_with_checkpoint(&schema(columns), &[add("a")]).await;
    let error = log.error().await;
    assert!(error.contains("it has no column add.size"), "{error}");
}

/// As in Spark: a checkpoint is a short cut, and the long way is still there.
#[tokio::test]
async fn what_a_damaged_checkpoint_stands_for_is_read_instead() {
    for can_list in [true, false] {
        let log = if can_list { Log::new() } else { Log::without_listing() };
        log.commit(0, &[protocol(), metadata()]).await;
        for version in 1..=11u64 {
            log.commit(version, &[add(&format!("f{version}"))]).await;
        }
        log.put("00000000000000000010.checkpoint.parquet", "no Parquet, whatever its name".to_owned()).await;
        log.put("_last_checkpoint", json!({"version": 10, "size": 3}).to_string()).await;
        for (version, files) in [(10, 10), (11, 11)] {
            assert_eq!(
                log.open_at(version).await.unwrap().files().len(),
                files,
                "version {version}, {can_list}"
            );
        }
        assert_eq!(log.open().await.unwrap().files().len(), 11);
        // Without the commits there is no other way.
        log.delete("00000000000000000003.json").await;
        let error = log.error().await;
        assert!(
            error.starts_with("_delta_log/00000000000000000010.checkpoint.parquet is damaged: "),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_checkpoint_that_is_missed_is_named() {
    let log = Log::new();
    log.commit(11, &[add("a")]).await;
    log.put("_last_checkpoint", json!({"version": 10, "size": 3}).to_string()).await;
    let error = log.error().await;
    assert!(error.starts_with("_delta_log/00000000000000000010.checkpoint.parquet is missing"), "{error}");
    log.put("00000000000000000010.checkpoint.0000000001.0000000002.parquet", "no Parquet".to_owned()).await;
    let error = log.error().await;
    let part = "_delta_log/00000000000000000010.checkpoint.0000000002.0000000002.parquet";
    assert!(error.starts_with(&format!("{part} is missing, though version 10")), "{error}");
}
