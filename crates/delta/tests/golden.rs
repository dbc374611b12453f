//! Real tables that other implementations wrote, from the folder in `TARN_GOLDEN_DIR`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a failure here is a failed test, what is skipped is said, and the packed tables are on the disk"
)]

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tarn_delta::deletion_vector::DeletionVector;
use tarn_delta::files::FileId;
use tarn_delta::log::checksum;
use tarn_delta::schema::ColumnMappingMode;
use tarn_delta::snapshot::{At, Snapshot};
use tarn_delta::{Error, FindStore, Result, TableStore};
use url::Url;

#[derive(Debug)]
struct Disk;

impl FindStore for Disk {
    fn find(&self, _: &Url) -> Result<Arc<dyn ObjectStore>> {
        Ok(Arc::new(LocalFileSystem::new()))
    }
}

/// A table unpacked into a folder that goes away with it.
struct Golden {
    name: String,
    folder: tempfile::TempDir,
}

/// The packed tables; none where the variable is not set.
fn packed() -> Vec<PathBuf> {
    let Some(folder) = std::env::var_os("TARN_GOLDEN_DIR") else {
        eprintln!("TARN_GOLDEN_DIR is not set: the real tables are skipped");
        return Vec::new();
    };
    let mut files = Vec::new();
    for part in ["delta-kernel", "delta-rs"] {
        for entry in Path::new(&folder).join(part).read_dir().unwrap() {
            files.push(entry.unwrap().path());
        }
    }
    files.retain(|file| file.to_string_lossy().ends_with(".tar.zst"));
    files.sort();
    assert!(!files.is_empty(), "TARN_GOLDEN_DIR holds no tables");
    files
}

fn unpack(file: &Path) -> Golden {
    let name = file.file_name().unwrap().to_string_lossy().trim_end_matches(".tar.zst").to_owned();
    let folder = tempfile::tempdir().unwrap();
    let packed = std::io::BufReader::new(std::fs::File::open(file).unwrap());
    tar::Archive::new(zstd::Decoder::new(packed).unwrap()).unpack(folder.path()).unwrap();
    Golden { name, folder }
}

fn golden(name: &str) -> Option<Golden> {
    let ending = format!("/{name}.tar.zst");
    packed().iter().find(|file| file.to_string_lossy().ends_with(&ending)).map(|file| unpack(file))
}

impl Golden {
    /// The folders with a log, or the one that should have one.
    fn tables(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            if folder.join("_delta_log").is_dir() {
                found.push(folder);
                continue;
            }
            let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
            folders.extend(entries.filter(|path| path.is_dir() && !path.ends_with("expected")));
        }
        if found.is_empty() {
            found.push(self.folder.path().join(&self.name).join("delta"));
        }
        found.sort();
        found
    }

    async fn open(&self) -> Result<Arc<Snapshot>> {
        Snapshot::open(&table(self.tables().first().unwrap()), At::Latest).await
    }

    /// The right rows, as Spark counted them.
    fn expected_rows(&self) -> Option<i64> {
        let folder = self.folder.path().join(&self.name).join("expected");
        let mut folders = vec![folder.is_dir().then_some(folder)?];
        let mut rows = None;
        while let Some(folder) = folders.pop() {
            for path in folder.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                if path.is_dir() {
                    folders.push(path);
                } else if name.ends_with(".parquet") && !name.starts_with('.') {
                    let file = std::fs::File::open(&path).unwrap();
                    let reader = SerializedFileReader::new(file).unwrap();
                    *rows.get_or_insert(0) += reader.metadata().file_metadata().num_rows();
                }
            }
        }
        rows
    }
}

fn table(folder: &Path) -> TableStore {
    let url = Url::from_directory_path(std::path::absolute(folder).unwrap()).unwrap();
    TableStore::new(&url, Arc::new(Disk)).unwrap()
}

/// What a table that is broken on purpose must say.
fn broken() -> BTreeMap<&'static str, fn(&Error) -> bool> {
    let mut broken: BTreeMap<&'static str, fn(&Error) -> bool> = BTreeMap::new();
    broken.insert("deltalog-invalid-protocol-version", |error| {
        matches!(error, Error::UnsupportedReader { .. })
    });
    broken.insert(
        "deltalog-state-reconstruction-without-protocol",
        |error| matches!(error, Error::Damaged { reason, .. } if reason.contains("protocol")),
    );
    broken.insert(
        "deltalog-state-reconstruction-from-checkpoint-missing-metadata",
        |error| matches!(error, Error::Damaged { reason, .. } if reason.contains("metaData")),
    );
    // Its log has no metadata at any version.
    broken.insert(
        "data-reader-absolute-paths-escaped-chars",
        |error| matches!(error, Error::Damaged { reason, .. } if reason.contains("metaData")),
    );
    broken.insert("no-delta-log-folder", |error| matches!(error, Error::NotATable { .. }));
    // A folder with nothing but a checksum.
    broken.insert("crc-malformed", |error| matches!(error, Error::NotATable { .. }));
    broken
}

#[tokio::test]
async fn every_table_opens_or_says_what_is_wrong() {
    let (mut broken, mut counted) = (broken(), 0);
    let files = packed();
    for file in &files {
        let golden = unpack(file);
        for folder in golden.tables() {
            let result = Snapshot::open(&table(&folder), At::Latest).await;
            if let Some(is_right) = broken.remove(golden.name.as_str()) {
                let error = result.unwrap_err();
                assert!(is_right(&error), "{}: {error}", golden.name);
                continue;
            }
            let snapshot = result.unwrap_or_else(|error| panic!("{}: {error}", golden.name));
            counted += u32::from(check(&golden, &snapshot).await);
        }
    }
    if !files.is_empty() {
        assert!(broken.is_empty(), "tables are missing: {:?}", broken.keys());
        assert!(counted >= 27, "only {counted} tables had rows to count");
    }
}

/// Checks what holds for every table; whether its rows could be counted.
async fn check(golden: &Golden, snapshot: &Arc<Snapshot>) -> bool {
    let name = &golden.name;
    let files = snapshot.files();
    assert_eq!(files.iter().count(), files.len(), "{name}");
    assert!(files.iter().all(|file| files.get(file.id()).is_some()), "{name}");
    assert!(Arc::ptr_eq(&snapshot.update().await.unwrap(), snapshot), "{name}: nothing is new");
    snapshot.load_tombstones().await.unwrap_or_else(|error| panic!("{name}: {error}"));

    let columns: Vec<Vec<String>> =
        snapshot.schema().fields.iter().map(|field| vec![field.name.clone()]).collect();
    let statistics = snapshot.statistics(&columns).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    let mapped = snapshot.column_mapping() != ColumnMappingMode::None;
    for (column, field) in statistics.columns.iter().zip(&snapshot.schema().fields) {
        assert_eq!(column.min.len(), files.len(), "{name}");
        assert_eq!(column.min.data_type(), column.max.data_type(), "{name}, {}, mapped {mapped}", field.name);
    }
    // Some thousand actions are enough to see that they are found again.
    let ids: Vec<FileId> = files.iter().take(2_000).map(|file| file.id()).collect();
    let adds = snapshot.adds_with_stats(&ids).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    for ((add, file), row) in adds.iter().zip(files.iter()).zip(0..) {
        let mut plain = file.to_add();
        assert_eq!(plain.path, add.path, "{name}");
        plain.stats.clone_from(&add.stats);
        plain.tags.clone_from(&add.tags);
        plain.data_change = add.data_change;
        let is_empty = |value: &Option<String>| value.as_ref().is_none_or(String::is_empty);
        let values = add.partition_values.iter().map(|(key, value)| (key.clone(), value.clone()));
        plain.partition_values = values.collect();
        for (key, value) in &add.partition_values {
            let kept = file.partition_value(key).map(str::to_owned);
            assert!(kept == *value || (kept.is_none() && is_empty(value)), "{name}: {key}");
        }
        assert_eq!(plain, *add, "{name}");
        let records =
            |stats: &str| serde_json::from_str::<serde_json::Value>(stats).unwrap()["numRecords"].as_i64();
        let known = statistics.num_records.is_valid(row).then(|| statistics.num_records.value(row));
        assert_eq!(known, add.stats.as_deref().and_then(records), "{name}: {}", add.path);
    }
    if let Some(checksum) = checksum::read(snapshot.table(), snapshot.version()).await {
        assert_eq!(checksum.metadata.schema_string, snapshot.metadata().schema_string, "{name}");
        // The numbers in `crc-full` are invented.
        if name != "crc-full" {
            assert_eq!(usize::try_from(checksum.num_files).unwrap(), files.len(), "{name}");
            assert_eq!(u64::try_from(checksum.table_size_bytes).unwrap(), files.size_bytes(), "{name}");
        }
    }

    let mut deleted = 0;
    for file in files.iter() {
        if let Some(descriptor) = file.deletion_vector() {
            let vector = DeletionVector::load(snapshot.table(), &descriptor).await;
            deleted += i64::try_from(vector.unwrap_or_else(|error| panic!("{name}: {error}")).len()).unwrap();
        }
    }
    let Some(expected) = golden.expected_rows() else { return false };
    if statistics.num_records.null_count() > 0 {
        return false;
    }
    let rows: i64 = statistics.num_records.values().iter().sum::<i64>() - deleted;
    assert_eq!(rows, expected, "{name}");
    true
}

#[tokio::test]
async fn spellings_of_one_path_are_one_file() {
    for name in [
        "canonicalized-paths-normal-a",
        "canonicalized-paths-special-a",
        "log-replay-special-characters",
        "log-replay-special-characters-a",
    ] {
        let Some(golden) = golden(name) else { return };
        let snapshot = golden.open().await.unwrap();
        assert_eq!(snapshot.files().len(), 0, "{name}");
        assert_eq!(snapshot.load_tombstones().await.unwrap().len(), 1, "{name}");
    }
}

#[tokio::test]
async fn three_hundred_thousand_files_take_little_memory() {
    let Some(golden) = golden("300k-add-files-100-col-partitioned") else { return };
    let snapshot = golden.open().await.unwrap();
    let files = snapshot.files();
    assert_eq!(files.len(), 300_000);
    let paths: usize = files.iter().map(|file| file.path().len()).sum();
    let rest = (files.memory_bytes() - paths) / files.len();
    assert!(rest < 100, "{rest} bytes a file besides the path");
    assert_eq!(files.iter().next().unwrap().path(), "part_0/file_0.parquet");
    assert_eq!(files.iter().next().unwrap().partition_value("partition_col"), Some("part_0"));
}

#[tokio::test]
async fn every_version_of_a_log_with_checkpoints_gives_the_same_by_updates() {
    for name in
        ["checkpoint", "dv-partitioned-with-checkpoint", "v2-checkpoints-parquet-with-sidecars", "hive"]
    {
        let Some(golden) = golden(name) else { return };
        let table = table(golden.tables().last().unwrap());
        let newest = Snapshot::open(&table, At::Latest).await.unwrap();
        let first = Snapshot::open(&table, At::Version(0)).await.unwrap();
        let updated = first.update().await.unwrap();
        assert_eq!(updated.version(), newest.version(), "{name}");
        let all = |snapshot: &Snapshot| {
            let mut files: Vec<_> = snapshot
                .files()
                .iter()
                .map(|file| (file.path().to_owned(), file.deletion_vector()))
                .collect();
            files.sort_by(|a, b| a.0.cmp(&b.0));
            files
        };
        assert_eq!(all(&updated), all(&newest), "{name}");
        assert_eq!(updated.files().size_bytes(), newest.files().size_bytes(), "{name}");
        assert_eq!(updated.metadata(), newest.metadata(), "{name}");
        let error = Snapshot::open(&table, At::Version(newest.version() + 1)).await.unwrap_err();
        let Error::NoSuchVersion { last, first, .. } = error else { panic!("{name}: {error}") };
        assert_eq!((first, last), (0, newest.version()), "{name}");
    }
}

#[tokio::test]
async fn statistics_of_checkpoints_are_typed() {
    for name in ["v1-multi-part-partitioned-struct-stats-only", "v2-json-sidecars-struct-stats-only"] {
        let Some(golden) = golden(name) else { return };
        let snapshot = golden.open().await.unwrap();
        assert!(!snapshot.files().is_empty(), "{name}");
        let columns: Vec<Vec<String>> =
            snapshot.schema().fields.iter().map(|field| vec![field.name.clone()]).collect();
        let statistics = snapshot.statistics(&columns).await.unwrap();
        assert_eq!(statistics.num_records.null_count(), 0, "{name}");
        for (column, field) in statistics.columns.iter().zip(&snapshot.schema().fields) {
            assert_eq!(column.min.null_count(), 0, "{name}: {}", field.name);
            assert_eq!(column.max.null_count(), 0, "{name}: {}", field.name);
        }
    }
}

#[tokio::test]
async fn times_above_their_cut_bound_are_within_bounds() {
    let Some(golden) = golden("timestamp-truncation-stats") else { return };
    let snapshot = golden.open().await.unwrap();
    let column =
        snapshot.schema().fields.iter().find(|field| field.data_type.sql_name().starts_with("timestamp"));
    let name = column.unwrap().name.clone();
    let statistics = snapshot.statistics(&[vec![name]]).await.unwrap();
    let (min, max) = (&statistics.columns[0].min, &statistics.columns[0].max);
    let (min, max) =
        (min.as_primitive::<TimestampMicrosecondType>(), max.as_primitive::<TimestampMicrosecondType>());
    assert!(min.null_count() < min.len());
    for row in (0..min.len()).filter(|row| max.is_valid(*row)) {
        assert_eq!(max.value(row).rem_euclid(1000), 999);
        assert!(min.value(row) <= max.value(row));
    }
}

#[tokio::test]
async fn mapped_columns_have_their_statistics_and_values() {
    let Some(golden) = golden("data-skipping-basic-stats-all-types-columnmapping-id") else { return };
    let snapshot = golden.open().await.unwrap();
    let statistics =
        snapshot.statistics(&[vec!["as_int".to_owned()], vec!["as_long".to_owned()]]).await.unwrap();
    assert_eq!(statistics.columns[0].min.as_primitive::<Int32Type>().value(0), 0);
    assert_eq!(statistics.columns[1].max.as_primitive::<Int64Type>().value(0), 0);
}

#[tokio::test]
async fn transactions_and_domains_are_kept() {
    let Some(golden) = golden("app-txn-checkpoint") else { return };
    let snapshot = golden.open().await.unwrap();
    assert_eq!(snapshot.transaction("my-app").unwrap().version, 3);
    assert_eq!(snapshot.transactions().count(), 2);
    let Some(golden) = self::golden("table-with-domain-metadata") else { return };
    let snapshot = golden.open().await.unwrap();
    assert!(snapshot.domains().next().is_some());
    let Some(golden) = self::golden("cdc_ict_table") else { return };
    assert!(golden.open().await.unwrap().in_commit_timestamp().is_some());
}
