//! Whatever a commit holds, opening the table gives a snapshot or an error.

use super::memory_table::table;
use tarn_delta::TableStore;
use tarn_delta::snapshot::{At, Snapshot};

/// A first commit that is right.
pub const FIRST: &[u8] = br#"{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}
{"metaData":{"id":"a","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"x\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}},{\"name\":\"p\",\"type\":\"date\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":["p"],"configuration":{}}}
"#;

/// The bytes are a commit, and the hint of the last checkpoint.
pub async fn run(data: &[u8]) {
    // The same bytes as a first commit, as a second one, and as what the hint says.
    for files in [
        vec![("_delta_log/00000000000000000000.json", data)],
        vec![
            ("_delta_log/00000000000000000000.json", FIRST),
            ("_delta_log/00000000000000000001.json", data),
            ("_delta_log/_last_checkpoint", data),
        ],
    ] {
        open(&table(&files).await).await;
    }
}

async fn open(table: &TableStore) {
    let Ok(snapshot) = Snapshot::open(table, At::Latest).await else { return };
    let ids: Vec<_> = snapshot.files().iter().map(|file| file.id()).collect();
    let _ = snapshot.adds_with_stats(&ids).await;
    let _ = snapshot.statistics(&[vec!["x".to_owned()], vec!["p".to_owned()]]).await;
    for name in &snapshot.metadata().partition_columns {
        if let Some(field) = snapshot.schema().field(name) {
            let _ = snapshot.partition_values(field);
        }
    }
    let _ = snapshot.load_tombstones().await;
}
