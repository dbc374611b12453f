//! Data files: rows, folders, statistics, sizes.

use crate::support::{Table, metadata};
use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Int32Array, Int64Array, LargeStringArray, ListArray,
    RecordBatch, StringArray, StringViewArray, StructArray, TimestampNanosecondArray,
};
use arrow::buffer::NullBuffer;
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, Fields, Int32Type, Int64Type, Schema, TimeUnit};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};
use std::sync::Arc;
use tarn_delta::actions::Add;
use tarn_delta::column_mapping::{PhysicalNames, map_columns};
use tarn_delta::schema::{ColumnMappingMode, parse};
use tarn_delta::write::{Codec, DataWriter, ParquetFile, WritePlan};
use tarn_delta::{Error, schema};

#[expect(clippy::unwrap_used, reason = "a failure here is a failed test")]
fn rows(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

#[expect(clippy::unwrap_used, reason = "a failure here is a failed test")]
fn stats(add: &Add) -> Value {
    serde_json::from_str(add.stats.as_deref().unwrap()).unwrap()
}

#[tokio::test]
async fn rows_go_to_the_folder_of_their_partition() {
    let fields = vec![Field::new("p", DataType::Utf8, true), Field::new("id", DataType::Int64, true)];
    let table = Table::create(metadata(&Schema::new(fields), &["p"], &[])).await;
    let p: ArrayRef =
        Arc::new(StringArray::from(vec![Some("a/b c"), None, Some("a/b c"), Some(""), Some("é%")]));
    let id: ArrayRef = Arc::new(Int64Array::from_iter_values(1..=5));
    let mut adds = table.write_batches(&[rows(vec![("p", p), ("id", id)])]).await.unwrap();
    adds.sort_by(|a, b| a.path.cmp(&b.path));
    let found: Vec<(String, Option<String>, Value)> = adds
        .iter()
        .map(|add| {
            let folder = add.path.split('/').next().unwrap().to_owned();
            (folder, add.partition_values["p"].clone(), stats(add))
        })
        .collect();
    let expect = |folder: &str, value: Option<&str>, min: i64, max: i64| {
        let stats = json!({
            "numRecords": 2 - i64::from(min == max), "minValues": {"id": min}, "maxValues": {"id": max},
            "nullCount": {"id": 0}, "tightBounds": true,
        });
        (folder.to_owned(), value.map(str::to_owned), stats)
    };
    assert_eq!(
        found,
        [
            expect("p=%C3%A9%2525", Some("é%"), 5, 5),
            expect("p=__HIVE_DEFAULT_PARTITION__", None, 2, 4),
            expect("p=a%252Fb%20c", Some("a/b c"), 1, 3),
        ]
    );
    for add in &adds {
        let batch = &table.read_file(&add.path).await[0];
        assert_eq!(batch.schema().fields().len(), 1);
        assert_eq!(i64::try_from(table.bytes(&add.path).await.len()).unwrap(), add.size);
    }
    let place = table.store.data_path(&adds[2].path).unwrap();
    assert!(place.path.as_ref().starts_with("lake/t/p=a%2Fb c/part-"), "{}", place.path);
}

#[tokio::test]
async fn views_dictionaries_and_other_units_become_plain() {
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let element = Arc::new(Field::new("element", DataType::Utf8, true));
    let fields = vec![
        Field::new("v", DataType::Utf8, true),
        Field::new("d", DataType::Utf8, true),
        Field::new("t", time.clone(), true),
        Field::new("l", DataType::List(element), true),
    ];
    let table = Table::create(metadata(&Schema::new(fields), &[], &[])).await;
    let v: ArrayRef = Arc::new(StringViewArray::from(vec!["x", "y"]));
    let d: DictionaryArray<Int32Type> = vec!["k", "k"].into_iter().collect();
    let t = TimestampNanosecondArray::from(vec![1_500, 1_000_000_000]).with_timezone("+01:00");
    let mut lists = arrow::array::ListBuilder::new(arrow::array::StringViewBuilder::new());
    lists.append_value([Some("a"), None]);
    lists.append_null();
    let columns: Vec<(&str, ArrayRef)> =
        vec![("v", v), ("d", Arc::new(d)), ("t", Arc::new(t)), ("l", Arc::new(lists.finish()))];
    let adds = table.write_batches(&[rows(columns)]).await.unwrap();
    let batch = &table.read_file(&adds[0].path).await[0];
    assert_eq!(batch.column(0).data_type(), &DataType::Utf8);
    assert_eq!(batch.column(1).as_string::<i32>().value(1), "k");
    assert_eq!(batch.column(2).data_type(), &time);
    assert_eq!(batch.column(3).as_list::<i32>().value(0).as_string::<i32>().value(0), "a");
    let stats = stats(&adds[0]);
    assert_eq!(stats["minValues"], json!({"v": "x", "d": "k", "t": "1970-01-01T00:00:00.000Z"}));
    assert_eq!(stats["maxValues"], json!({"v": "y", "d": "k", "t": "1970-01-01T00:00:01.000Z"}));
    assert_eq!(stats["nullCount"], json!({"v": 0, "d": 0, "t": 0, "l": 1}));
}

#[expect(clippy::panic, reason = "another outcome is a failed test")]
async fn refused(table: &Table, batch: RecordBatch, part: &str) {
    match table.write_batches(&[batch]).await {
        Err(Error::Invalid { message }) => assert!(message.contains(part), "{message}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn nulls_are_refused_where_none_may_be() {
    let inner: Fields = vec![Field::new("x", DataType::Int64, false)].into();
    let element = Arc::new(Field::new("element", DataType::Int64, false));
    let fields = vec![
        Field::new("a", DataType::Int64, false),
        Field::new("s", DataType::Struct(inner), true),
        Field::new("l", DataType::List(element), true),
    ];
    let table = Table::create(metadata(&Schema::new(fields), &[], &[])).await;
    let make = |a: Option<i64>, x: Option<i64>, is_null: bool, element: Option<i64>| {
        let x: ArrayRef = Arc::new(Int64Array::from(vec![x]));
        let fields: Fields = vec![Field::new("x", DataType::Int64, true)].into();
        let nulls = NullBuffer::from(vec![!is_null]);
        let s = StructArray::try_new(fields, vec![x], Some(nulls)).unwrap();
        let l = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![element])]);
        let a: ArrayRef = Arc::new(Int64Array::from(vec![a]));
        rows(vec![("a", a), ("s", Arc::new(s)), ("l", Arc::new(l))])
    };
    refused(&table, make(None, Some(1), false, Some(1)), "NULL in column a,").await;
    refused(&table, make(Some(1), None, false, Some(1)), "NULL in column s.x,").await;
    refused(&table, make(Some(1), Some(1), false, None), "NULL in column l.element,").await;
    // A field of a null has no value.
    let adds = table.write_batches(&[make(Some(1), None, true, Some(1))]).await.unwrap();
    assert_eq!(stats(&adds[0])["nullCount"], json!({"a": 0, "s": {"x": 1}, "l": 0}));
    let batch = &table.read_file(&adds[0].path).await[0];
    assert!(batch.column(1).is_null(0));
}

#[tokio::test]
async fn values_that_do_not_fit_are_refused() {
    let table =
        Table::create(metadata(&Schema::new(vec![Field::new("a", DataType::Int32, true)]), &[], &[])).await;
    let large: ArrayRef = Arc::new(Int64Array::from(vec![i64::MAX]));
    refused(&table, rows(vec![("a", large)]), "column a").await;
    let text: ArrayRef = Arc::new(LargeStringArray::from(vec!["x"]));
    refused(&table, rows(vec![("a", text)]), "column a").await;
    let half: ArrayRef = Arc::new(arrow::array::Float64Array::from(vec![0.5]));
    refused(&table, rows(vec![("a", half)]), "cast the values first").await;
    let one: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    assert_eq!(table.write_batches(&[rows(vec![("a", one)])]).await.unwrap().len(), 1);
    let two: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    refused(&table, rows(vec![("a", Arc::clone(&two)), ("b", two)]), "2 columns").await;
}

#[tokio::test]
async fn a_table_of_partition_columns_alone_holds_no_rows() {
    let table =
        Table::create(metadata(&Schema::new(vec![Field::new("a", DataType::Int32, true)]), &["a"], &[]))
            .await;
    assert!(matches!(WritePlan::of(&*table.newest().await), Err(Error::Invalid { .. })));
}

#[tokio::test]
async fn files_end_at_their_size_and_few_are_open() {
    let fields = vec![Field::new("p", DataType::Int64, true), Field::new("id", DataType::Int64, true)];
    let table = Table::create(metadata(&Schema::new(fields), &["p"], &[])).await;
    let mut plan = WritePlan::of(&*table.newest().await).unwrap();
    plan.target_file_size_bytes = 100_000;
    plan.max_open_files = 2;
    let mut writer = DataWriter::new(plan);
    for start in 0..10i64 {
        let id: ArrayRef = Arc::new(Int64Array::from_iter_values(
            (0..30_000i64).map(|row| (start * 30_000 + row).wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as i64)),
        ));
        let p: ArrayRef = Arc::new(Int64Array::from_iter_values((0..30_000i64).map(|row| row % 3)));
        writer.write(rows(vec![("p", p), ("id", id)])).await.unwrap();
    }
    let adds = writer.finish().await.unwrap();
    assert!(adds.len() >= 12, "{}", adds.len());
    assert!(adds.iter().all(|add| add.size < 200_000));
    let records: i64 = adds.iter().map(|add| stats(add)["numRecords"].as_i64().unwrap()).sum();
    assert_eq!(records, 300_000);
}

#[tokio::test]
async fn large_files_are_sent_in_parts() {
    let table =
        Table::create(metadata(&Schema::new(vec![Field::new("id", DataType::Int64, true)]), &[], &[])).await;
    let mut writer = DataWriter::new(WritePlan::of(&*table.newest().await).unwrap());
    let mut state = 1u64;
    let mut sum = 0i64;
    for _ in 0..50 {
        let values = (0..50_000).map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as i64
        });
        let id = Int64Array::from_iter_values(values);
        sum = id.values().iter().fold(sum, |sum, value| sum.wrapping_add(*value));
        writer.write(rows(vec![("id", Arc::new(id))])).await.unwrap();
    }
    let adds = writer.finish().await.unwrap();
    assert_eq!(adds.len(), 1);
    assert!(adds[0].size > 16 << 20, "{}", adds[0].size);
    let batches = table.read_file(&adds[0].path).await;
    let found =
        batches.iter().flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec());
    assert_eq!(found.fold(0i64, |sum, value| sum.wrapping_add(value)), sum);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn columns_that_are_encoded_side_by_side_are_those_of_the_schema() {
    const ROWS: i64 = 25_000;
    let numbers = Int64Array::from_iter((0..ROWS).map(|row| (row % 7 != 0).then_some(row)));
    let texts = StringArray::from_iter_values((0..ROWS).map(|row| format!("text {}", row * row)));
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>(
        (0..ROWS).map(|row| (row % 5 != 0).then(move || (0..row % 4).map(move |item| Some(row + item)))),
    );
    let parts: Vec<(Arc<Field>, ArrayRef)> = vec![
        (Arc::new(Field::new("number", DataType::Int64, true)), Arc::new(numbers.clone())),
        (Arc::new(Field::new("list", lists.data_type().clone(), true)), Arc::new(lists.clone())),
        (Arc::new(Field::new("text", DataType::Utf8, true)), Arc::new(texts.clone())),
    ];
    let all = rows(vec![
        ("text", Arc::new(texts)),
        ("parts", Arc::new(StructArray::from(parts))),
        ("number", Arc::new(numbers)),
        ("list", Arc::new(lists)),
    ]);
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let path = Path::from("a.parquet");
    let mut file =
        ParquetFile::create(Arc::clone(&store), path.clone(), all.schema(), Codec::Snappy, 10_000).unwrap();
    // The last one is too short to be worth several jobs.
    for (start, count) in [(0, 3_000), (3_000, 21_500), (24_500, 500)] {
        file.write(&all.slice(start, count)).await.unwrap();
    }
    assert_eq!(file.num_records(), 25_000);
    let expected_bytes = file.finish().await.unwrap();
    let bytes = store.get(&path).await.unwrap().bytes().await.unwrap();
    assert_eq!(bytes.len() as u64, expected_bytes);
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
    let groups: Vec<i64> = reader.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(groups, [10_000, 10_000, 5_000]);
    let batches: Vec<RecordBatch> = reader.build().unwrap().collect::<Result<_, _>>().unwrap();
    let found = concat_batches(&batches[0].schema(), &batches).unwrap();
    for (found, written) in found.columns().iter().zip(all.columns()) {
        assert_eq!(&cast(found, written.data_type()).unwrap(), written);
    }
}

#[tokio::test]
async fn a_writer_that_gives_up_leaves_nothing() {
    let fields = vec![Field::new("p", DataType::Int64, true), Field::new("id", DataType::Int64, false)];
    let table = Table::create(metadata(&Schema::new(fields), &["p"], &[])).await;
    let mut plan = WritePlan::of(&*table.newest().await).unwrap();
    plan.max_open_files = 1;
    let mut writer = DataWriter::new(plan);
    let p: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    writer.write(rows(vec![("p", Arc::clone(&p)), ("id", p)])).await.unwrap();
    let files = async || {
        use futures::TryStreamExt;
        let listed: Vec<_> = table.store.store.list(Some(&table.store.root)).try_collect().await.unwrap();
        listed.iter().filter(|file| file.location.as_ref().ends_with(".parquet")).count()
    };
    assert_eq!(files().await, 2);
    writer.abort().await;
    assert_eq!(files().await, 0);
}

#[tokio::test]
async fn mapped_columns_have_physical_names_and_ids() {
    let fields = vec![Field::new("p p", DataType::Int64, true), Field::new("i d", DataType::Int64, true)];
    let mut plain = metadata(&Schema::new(fields), &["p p"], &[("delta.columnMapping.mode", "name")]);
    let mut mapped = parse(&plain.schema_string).unwrap();
    map_columns(&mut mapped, &mut plain, ColumnMappingMode::Name, PhysicalNames::New);
    plain.schema_string = mapped.to_json();
    let table = Table::create_with(plain.clone(), &["columnMapping"]).await;
    let one: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let adds = table.write_batches(&[rows(vec![("p p", Arc::clone(&one)), ("i d", one)])]).await.unwrap();
    let columns = parse(&plain.schema_string).unwrap().fields;
    let physical: Vec<&str> =
        columns.iter().map(|field| field.physical_name(ColumnMappingMode::Name)).collect();
    assert_eq!(adds[0].partition_values.keys().collect::<Vec<_>>(), [physical[0]]);
    assert_eq!(stats(&adds[0])["minValues"][physical[1]], 1);
    let (folder, name) = adds[0].path.split_once('/').unwrap();
    assert!(folder.len() == 2 && name.starts_with("part-00000-"), "{}", adds[0].path);
    let batch = &table.read_file(&adds[0].path).await[0];
    let schema = batch.schema();
    assert_eq!(schema.field(0).name(), physical[1]);
    assert_eq!(schema.field(0).metadata().get(schema::FIELD_ID_KEY), Some(&"2".to_owned()));
}

#[tokio::test]
async fn codecs_are_those_of_the_table() {
    for (codec, suffix) in [
        ("zstd", ".zstd.parquet"),
        ("GZIP", ".gz.parquet"),
        ("lz4", ".lz4raw.parquet"),
        ("none", ".c000.parquet"),
    ] {
        let plain =
            metadata(&crate::support::arrow_schema(), &[], &[("delta.parquet.compression.codec", codec)]);
        let table = Table::create(plain).await;
        let adds = table.write(0..10).await;
        assert!(adds[0].path.ends_with(suffix), "{}", adds[0].path);
        assert_eq!(table.read_file(&adds[0].path).await[0].num_rows(), 10);
    }
    let plain =
        metadata(&crate::support::arrow_schema(), &[], &[("delta.parquet.compression.codec", "lzma")]);
    let table = Table::create(plain).await;
    assert!(matches!(WritePlan::of(&*table.newest().await), Err(Error::Invalid { .. })));
}

#[tokio::test]
async fn change_data_has_its_own_folder() {
    let table = Table::create(crate::support::plain_metadata()).await;
    let plan = WritePlan::of(&*table.newest().await).unwrap().for_change_data();
    let mut writer = DataWriter::new(plan);
    let batch = crate::support::batch(0..2);
    let kinds: ArrayRef = Arc::new(StringArray::from(vec!["insert", "delete"]));
    let columns =
        vec![("id", batch.column(0).clone()), ("name", batch.column(1).clone()), ("_change_type", kinds)];
    writer.write(rows(columns)).await.unwrap();
    let files = writer.finish_change_data().await.unwrap();
    assert!(files[0].path.starts_with("_change_data/cdc-00000-"), "{}", files[0].path);
    let read = &table.read_file(&files[0].path).await[0];
    assert_eq!(read.column(2).as_string::<i32>().value(1), "delete");
}
