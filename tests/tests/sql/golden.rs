//! Tables that Spark and delta-rs wrote: their right rows, or for broken ones the right error.
//!
//! The tables are in the folder that TARN_GOLDEN_DIR names; without it there is nothing to compare with, and the test
//! says so.

use crate::home::{Home, open, run};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Row counts of tables that came without rows to compare with, as the deltalake package counts them.
const ROWS: &[(&str, usize)] = &[
    ("app-txn-checkpoint", 22),
    ("basic_partitioned", 6),
    ("canonicalized-paths-normal-a", 0),
    ("canonicalized-paths-special-a", 0),
    ("cdf-column-mapping-id-mode", 3),
    ("cdf-column-mapping-name-mode", 3),
    ("cdf-table-data-change", 10),
    ("cdf-table-delete-conditional-all-rows", 0),
    ("cdf-table-delete-conditional-two-rows", 8),
    ("cdf-table-delete-unconditional", 0),
    ("cdf-table-non-partitioned", 11),
    ("cdf-table-partitioned", 2),
    ("cdf-table-simple", 0),
    ("cdf-table-with-cdc-and-dvs", 5),
    ("cdf-table", 9),
    ("compacted-log-files-table", 5),
    ("crc-full", 0),
    ("deltalog-getChanges", 0),
    ("external-table-different-nullability", 7),
    ("mixed-nulls", 15),
    ("parquet_row_group_skipping", 5),
    ("parsed-stats", 600),
    ("stats-writing-all-types", 4),
    ("table-with-cdf", 0),
    ("table-with-dv-small", 8),
    ("timestamp-partitioned-table", 1),
    ("timestamp-truncation-stats", 6),
    ("type-widening", 2),
    ("unshredded-variant", 102),
    ("v1-multi-part-partitioned-struct-stats-only", 5),
    ("v2-checkpoints-json-with-last-checkpoint", 10),
    ("v2-checkpoints-json-without-sidecars", 11),
    ("v2-checkpoints-parquet-with-last-checkpoint", 10),
    ("v2-checkpoints-parquet-with-sidecars", 1233),
    ("v2-classic-checkpoint-json", 20),
    ("v2-classic-checkpoint-parquet", 20),
    ("v2-json-sidecars-struct-stats-only", 5),
    ("COVID-19_NYT", 1_111_930),
    ("cdc_ict_table", 2),
    ("checkpoint-cdf-table", 13),
    ("delta-0.2.0", 6),
    ("delta-0.8-empty", 0),
    ("delta-0.8.0-date", 5),
    ("delta-0.8.0-partitioned", 7),
    ("delta-0.8.0-special-partition", 2),
    ("delta-1.2.1-only-struct-stats", 12),
    ("delta-2.2.0-partitioned-types", 3),
    ("delta-live-table", 0),
    ("delta-stats-optional", 2),
    ("issue_1374", 20),
    ("simple_table", 3),
    ("table_with_column_mapping", 5),
    ("table_with_edge_timestamps", 2),
    ("table_with_liquid_clustering", 10),
];

/// What is said of tables that are broken, or came without their data files.
const ERRORS: &[(&str, &str)] = &[
    ("300k-add-files-100-col-partitioned", ".parquet is missing, though version 4 of the table names it"),
    ("checkpoint", "15 is missing, though version 14 of the table names it"),
    ("crc-malformed", "is not a Delta table"),
    ("data-reader-absolute-paths-escaped-chars", "has no metaData action"),
    ("delete-re-add-same-file-different-transactions", " is missing, though version 3"),
    ("deltalog-commit-info", " is missing, though version 0"),
    ("deltalog-invalid-protocol-version", "reader version 99"),
    ("deltalog-state-reconstruction-from-checkpoint-missing-metadata", "version 10 has no metaData action"),
    ("deltalog-state-reconstruction-without-protocol", "version 0 has no protocol action"),
    ("no-delta-log-folder", "is not a Delta table"),
    ("with_checkpoint_no_last_checkpoint", "is missing, though version"),
    ("checkpoints", "is missing, though version"),
    ("table-with-domain-metadata", "is missing, though version"),
];

/// Its partition values are times in the zone of the machine that wrote them, which the log does not name.
const OTHER_ZONE: &str = "data-reader-partition-values";

#[tokio::test]
async fn tables_of_other_writers_have_their_right_rows() {
    let Some(golden) = std::env::var_os("TARN_GOLDEN_DIR").map(PathBuf::from) else {
        say("TARN_GOLDEN_DIR is not set: no tables of other writers were read");
        return;
    };
    let unpacked = tempfile::tempdir().unwrap();
    let home = Home::new();
    let mut wrong = BTreeMap::new();
    let (mut compared, mut counted, mut refused) = (0, 0, 0);
    for archive in archives(&golden) {
        let name = archive.file_name().unwrap().to_str().unwrap().trim_end_matches(".tar.zst").to_owned();
        let folder = unpacked.path().join(&name);
        unpack(&archive, &folder);
        let root = folder.join(&name);
        let table = if root.join("delta").is_dir() { root.join("delta") } else { root.clone() };
        let outcome = home.try_rows(&format!("SELECT * FROM delta.`{}`", table.display())).await;
        let expected_error = ERRORS.iter().find(|(broken, _)| *broken == name).map(|(_, text)| *text);
        match (outcome, expected_error) {
            (Err(error), Some(text)) if error.message.contains(text) => refused += 1,
            (outcome, Some(_)) => {
                wrong.insert(name.clone(), format!("{:?}", outcome.map(|rows| rows.len())));
            }
            (Err(error), None) if holds_tables(&table) => {
                // A folder of tables, each of which is read by its own path.
                drop(error);
                for inner in tables_in(&table) {
                    home.rows(&format!("SELECT * FROM delta.`{}`", inner.display())).await;
                    counted += 1;
                }
            }
            (Err(error), None) => {
                wrong.insert(name.clone(), error.message);
            }
            (Ok(rows), None) => {
                let rows = sorted(&rows);
                if let Some((_, count)) = ROWS.iter().find(|(counted, _)| *counted == name) {
                    counted += 1;
                    if rows.len() != *count {
                        wrong.insert(name.clone(), format!("{} rows, not {count}", rows.len()));
                    }
                } else if root.join("expected").is_dir() && name != OTHER_ZONE {
                    compared += 1;
                    let expected = expected_rows(&home, &root.join("expected")).await;
                    if rows != expected {
                        let mine = rows.iter().find(|row| !expected.contains(row));
                        let theirs = expected.iter().find(|row| !rows.contains(row));
                        let counts = format!("{} rows, {} expected", rows.len(), expected.len());
                        wrong.insert(name.clone(), format!("{counts}\n  {mine:?}\n  {theirs:?}"));
                    }
                } else if name != OTHER_ZONE {
                    wrong.insert(
                        name.clone(),
                        format!("nothing says what is right; it has {} rows", rows.len()),
                    );
                }
            }
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(compared > 40 && counted > 50 && refused > 10, "{compared} {counted} {refused}");
}

#[expect(clippy::print_stderr, reason = "who reads the tests' output should know what was not tested")]
fn say(text: &str) {
    eprintln!("{text}");
}

fn archives(golden: &Path) -> Vec<PathBuf> {
    let mut archives: Vec<PathBuf> = ["delta-kernel", "delta-rs"]
        .iter()
        .flat_map(|writer| std::fs::read_dir(golden.join(writer)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().ends_with(".tar.zst"))
        .collect();
    archives.sort();
    archives
}

pub(crate) fn unpack(archive: &Path, folder: &Path) {
    let file = std::fs::File::open(archive).unwrap();
    tar::Archive::new(zstd::Decoder::new(file).unwrap()).unpack(folder).unwrap();
}

fn tables_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return vec![] };
    let folders = entries.map(|entry| entry.unwrap().path());
    folders.filter(|path| path.join("_delta_log").is_dir()).collect()
}

fn holds_tables(folder: &Path) -> bool {
    !folder.join("_delta_log").is_dir() && !tables_in(folder).is_empty()
}

/// The rows of a JSON array, in an order of their own. Spark's plain Parquet does not tell times with a zone from those
/// without.
fn sorted(rows: &str) -> Vec<String> {
    let parsed: Vec<serde_json::Value> = serde_json::from_str(rows).unwrap();
    let mut rows: Vec<String> = parsed.iter().map(|row| row.to_string().replace("Z\"", "\"")).collect();
    rows.sort();
    rows
}

async fn expected_rows(home: &Home, folder: &Path) -> Vec<String> {
    let lakehouse = open(home.folder.path(), 1 << 30, false);
    let session = lakehouse.session();
    let sql = format!("SELECT * FROM parquet.`{}/**/*.parquet`", folder.display());
    match run(&lakehouse, &session, &sql).await {
        Ok(rows) => sorted(&rows),
        Err(error) => panic!("{sql}: {error:?}"),
    }
}

#[tokio::test]
async fn variants_are_shown_as_json_and_copied_unharmed() {
    let Some(golden) = std::env::var_os("TARN_GOLDEN_DIR").map(PathBuf::from) else {
        say("TARN_GOLDEN_DIR is not set: no variants were read");
        return;
    };
    let unpacked = tempfile::tempdir().unwrap();
    unpack(&golden.join("delta-kernel/unshredded-variant.tar.zst"), unpacked.path());
    let home = Home::new();
    let table = unpacked.path().join("unshredded-variant");
    let all = home.rows(&format!("SELECT * FROM delta.`{}`", table.display())).await;
    assert!(all.contains(r#""v":{"#) && !all.contains("metadata"), "{all}");
    home.rows(&format!("CREATE TABLE copied AS SELECT * FROM delta.`{}`", table.display())).await;
    assert_eq!(sorted(&home.rows("SELECT * FROM copied").await), sorted(&all));
    home.rows("UPDATE copied SET id = id + 1000 WHERE id < 10").await;
    let nested = "SELECT v, array_of_variants, struct_of_variants, map_of_variants FROM";
    let before = home.rows(&format!("{nested} delta.`{}`", table.display())).await;
    assert_eq!(sorted(&home.rows(&format!("{nested} copied")).await), sorted(&before));
    assert!(home.rows("DESCRIBE copied").await.contains(r#""variant""#));
    home.error("INSERT INTO copied (id, v) VALUES (1, named_struct('metadata', X'00', 'value', X'00'))")
        .await;
}
