//! Typed statistics out of commits.

use crate::support::{Log, add, add_with, metadata_of, protocol};
use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int64Type};
use serde_json::json;

#[tokio::test]
async fn statistics_follow_the_files() {
    let log = Log::started().await;
    let stats = |text: &str| json!({ "stats": text });
    log.commit(1, &[
        add_with("a", &stats(r#"{"numRecords":3,"minValues":{"id":1},"maxValues":{"id":9},"nullCount":{"id":1}}"#)),
        add("b"),
        add_with("c", &stats("{\"numRecords\":")),
        add_with("d", &stats(r#"{"numRecords":4,"tightBounds":false,"minValues":{"id":-5},"nullCount":{"id":2}}"#)),
        add_with("e", &json!({"partitionValues": {"p": null}, "stats": r#"{"numRecords":2,"nullCount":{"id":2},"tightBounds":false}"#})),
    ])
    .await;
    let snapshot = log.open().await.unwrap();
    log.take_read();
    let asked = [vec!["ID".to_owned()], vec!["p".to_owned()]];
    let statistics = snapshot.statistics(&asked).await.unwrap();
    assert_eq!(log.take_read(), Vec::<String>::new(), "small commits keep their statistics");
    let all = |array: &dyn Array| array.as_primitive::<Int64Type>().iter().collect::<Vec<_>>();
    assert_eq!(all(&statistics.num_records), [Some(3), None, None, Some(4), Some(2)]);
    let id = &statistics.columns[0];
    assert_eq!(all(&id.min), [Some(1), None, None, Some(-5), None]);
    assert_eq!(all(&id.max), [Some(9), None, None, None, None]);
    // With wide bounds a count that is neither none nor all says nothing.
    assert_eq!(all(&id.null_count), [Some(1), None, None, None, Some(2)]);
    let p = &statistics.columns[1];
    assert_eq!(p.min.as_primitive::<Date32Type>().value(0), 19_782);
    assert!(p.min.is_null(4) && p.max.is_null(4));
    assert_eq!(all(&p.null_count), [Some(0), Some(0), Some(0), Some(0), Some(2)]);
    assert!(
        snapshot.statistics(&[vec!["q".to_owned()]]).await.unwrap_err().to_string().contains("no column q")
    );
    let none = log.open_at(0).await.unwrap().statistics(&asked).await.unwrap();
    assert_eq!((none.num_records.len(), none.columns.len()), (0, 2));
}

#[tokio::test]
async fn large_commits_are_read_again_for_statistics() {
    let log = Log::started().await;
    let text = "x".repeat(1_000);
    let adds: Vec<_> = (0..400)
        .map(|n| {
            let stats = json!({"numRecords": n, "minValues": {"id": n, "t": text}}).to_string();
            add_with(&format!("f{n}"), &json!({ "stats": stats, "tags": {"k": "v"} }))
        })
        .collect();
    log.commit(1, &adds).await;
    let snapshot = log.open().await.unwrap();
    log.take_read();
    let asked = [vec!["id".to_owned()]];
    let statistics = snapshot.statistics(&asked).await.unwrap();
    assert_eq!(log.take_read(), ["00000000000000000001.json"]);
    assert_eq!(statistics.columns[0].min.as_primitive::<Int64Type>().value(399), 399);
    snapshot.statistics(&asked).await.unwrap();
    assert_eq!(log.take_read(), Vec::<String>::new(), "what was read is kept");
    let ids: Vec<_> = snapshot.files().iter().skip(7).step_by(100).map(|file| file.id()).collect();
    let adds = snapshot.adds_with_stats(&[ids[2], ids[0], ids[2]]).await.unwrap();
    assert_eq!(adds.iter().map(|add| add.path.as_str()).collect::<Vec<_>>(), ["f207", "f7", "f207"]);
    assert!(adds[1].stats.as_ref().unwrap().contains("\"numRecords\":7"));
    assert!(adds[1].tags.is_some());
}

#[tokio::test]
async fn nested_and_mapped_columns_are_found_by_physical_names() {
    let log = Log::new();
    let named = json!({"protocol": {"minReaderVersion": 2, "minWriterVersion": 5}});
    let mapped =
        |id: i32, name: &str| json!({"delta.columnMapping.id": id, "delta.columnMapping.physicalName": name});
    let inner =
        json!({"name": "d", "type": "decimal(30,2)", "nullable": true, "metadata": mapped(2, "col-2")});
    let outer = json!({"type": "struct", "fields": [inner]});
    let fields = json!([
        {"name": "s", "type": outer, "nullable": true, "metadata": mapped(1, "col-1")},
        {"name": "p", "type": "integer", "nullable": true, "metadata": mapped(3, "col-3")},
    ]);
    let mut metadata = metadata_of(&fields);
    metadata["metaData"]["configuration"] = json!({"delta.columnMapping.mode": "name"});
    let stats = r#"{"numRecords":1,"minValues":{"col-1":{"col-2":1234567890123456789012345678.91}},"maxValues":{"s":{"d":1}}}"#;
    let file = add_with("a", &json!({"partitionValues": {"col-3": "7"}, "stats": stats}));
    log.commit(0, &[named, metadata.clone(), file.clone()]).await;
    let snapshot = log.open().await.unwrap();
    let asked = [vec!["s".to_owned(), "d".to_owned()], vec!["p".to_owned()]];
    let statistics = snapshot.statistics(&asked).await.unwrap();
    let min = &statistics.columns[0].min;
    assert_eq!(*min.data_type(), DataType::Decimal128(30, 2));
    // Seventeen digits could be a rounded double, so the bound may be lower, but never higher.
    let exact = 123_456_789_012_345_678_901_234_567_891i128;
    let bound = min.as_primitive::<Decimal128Type>().value(0);
    assert!(bound <= exact && bound > exact - exact / 1_000_000_000_000_000, "{bound}");
    assert!(statistics.columns[0].max.is_null(0));
    assert!(statistics.columns[1].min.is_valid(0));

    // Without a protocol that knows of mapping the property is not honoured.
    log.commit(0, &[protocol(), metadata, file]).await;
    let plain = log.open().await.unwrap().statistics(&asked).await.unwrap();
    assert!(plain.columns[0].min.is_null(0) && plain.columns[0].max.is_valid(0));
}
