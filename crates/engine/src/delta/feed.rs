//! The change feed of a table as a table: what some versions changed, row by row ("Change Data Files").

use super::commit::all_nullable;
use super::listed_scan::{self, ListedColumns, ListedFile};
use super::scan::{RowChoice, together};
use super::table::engine_schema;
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{ScalarValue, project_schema};
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use object_store::ObjectStoreExt;
use std::sync::Arc;
use tarn_delta::actions::{DeletionVectorDescriptor, Remove};
use tarn_delta::change_feed::{ChangeFile, VersionChanges, changes};
use tarn_delta::deletion_vector::DeletionVector;
use tarn_delta::history::{history, version_at};
use tarn_delta::schema::to_arrow;
use tarn_delta::snapshot::{At, Snapshot};
use tarn_delta::write::CHANGE_TYPE;
use tarn_delta::{Error as DeltaError, TableStore};

const VERSION_COLUMN: &str = "_commit_version";
const TIME_COLUMN: &str = "_commit_timestamp";

/// Where a feed begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FeedBound {
    /// With this version.
    Version(u64),
    /// With the first version since, or the last until this time, in milliseconds since 1970.
    Time(i64),
}

/// What some versions of a table changed.
#[derive(Debug)]
pub(crate) struct FeedTable {
    /// The last of the versions, in whose columns all rows are told.
    snapshot: Arc<Snapshot>,
    schema: SchemaRef,
    changes: Vec<VersionChanges>,
}

impl FeedTable {
    /// Finds the files of the changes.
    ///
    /// # Errors
    /// When there are no such versions, and what [`changes`] says.
    pub(crate) async fn open(table: &TableStore, start: FeedBound, end: Option<FeedBound>) -> Result<Self> {
        let newest = Snapshot::open(table, At::Latest).await?;
        let first = first_version(&newest, start).await?;
        let last = last_version(&newest, end).await?;
        if first > last {
            let message =
                format!("The changes end with version {last}, before they start with version {first}");
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        let snapshot = match last == newest.version() {
            true => newest,
            false => Snapshot::open(table, At::Version(last)).await?,
        };
        let schema = Arc::new(all_nullable(&schema_of(&snapshot)?));
        let changes = changes(&snapshot, first).await?;
        Ok(Self { snapshot, schema, changes })
    }
}

fn schema_of(snapshot: &Snapshot) -> Result<Schema> {
    let columns = engine_schema(&to_arrow(snapshot.schema()));
    let own = own_columns();
    if let Some(taken) = own.iter().find(|own| columns.field_with_name(own.name()).is_ok()) {
        let message = format!("The table has a column {}, as the change feed has", taken.name());
        return Err(Error::new(ErrorKind::Invalid, message).hint("Rename the column"));
    }
    Ok(Schema::new(columns.fields().iter().cloned().chain(own).collect::<Vec<_>>()))
}

/// The columns of the feed itself.
fn own_columns() -> [FieldRef; 3] {
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    [(CHANGE_TYPE, DataType::Utf8View), (VERSION_COLUMN, DataType::Int64), (TIME_COLUMN, time)]
        .map(|(name, data_type)| Arc::new(Field::new(name, data_type, true)))
}

async fn first_version(newest: &Arc<Snapshot>, start: FeedBound) -> Result<u64> {
    let after = |what: String| {
        let message = format!("The changes start {what}, after the newest version {}", newest.version());
        Err(Error::new(ErrorKind::Invalid, message).hint("DESCRIBE HISTORY shows the versions"))
    };
    match start {
        FeedBound::Version(version) if version > newest.version() => after(format!("with version {version}")),
        FeedBound::Version(version) => Ok(version),
        FeedBound::Time(millis) if millis > time_of(newest).await? => {
            after(format!("at {}", shown_time(millis)))
        }
        FeedBound::Time(millis) => match version_at(newest.table(), millis).await {
            // The version at a time is older than it, but for one that was made at that very time.
            Ok(version) => {
                let found = Snapshot::open(newest.table(), At::Version(version)).await?;
                Ok(if time_of(&found).await? < millis { version.saturating_add(1) } else { version })
            }
            Err(DeltaError::NoVersionAt { .. }) => {
                let oldest = history(newest, None).await?.last().map(|entry| entry.version);
                Ok(oldest.unwrap_or_default())
            }
            Err(error) => Err(error.into()),
        },
    }
}

/// What is later than the newest version ends with that, as in Delta.
async fn last_version(newest: &Arc<Snapshot>, end: Option<FeedBound>) -> Result<u64> {
    match end {
        None => Ok(newest.version()),
        Some(FeedBound::Version(version)) => Ok(version.min(newest.version())),
        Some(FeedBound::Time(millis)) if millis >= time_of(newest).await? => Ok(newest.version()),
        Some(FeedBound::Time(millis)) => Ok(version_at(newest.table(), millis).await?),
    }
}

/// When the version was made, in milliseconds since 1970.
async fn time_of(snapshot: &Snapshot) -> Result<i64> {
    Ok(history(snapshot, Some(1)).await?.first().map_or(i64::MIN, |entry| entry.timestamp_millis))
}

fn shown_time(millis: i64) -> String {
    let time = chrono::DateTime::from_timestamp_millis(millis);
    time.map_or_else(|| millis.to_string(), |time| time.to_rfc3339())
}

/// The files of a feed: those whose rows say what happened to them, and those of which the log says it.
#[derive(Default)]
struct FeedFiles {
    told_by_rows: Vec<ListedFile>,
    told_by_log: Vec<ListedFile>,
}

impl FeedFiles {
    async fn add(&mut self, table: &TableStore, change: &VersionChanges, file: &ChangeFile) -> Result<()> {
        let version = ScalarValue::Int64(i64::try_from(change.version).ok());
        let micros = change.timestamp_millis.checked_mul(1000);
        let at = vec![version, ScalarValue::TimestampMicrosecond(micros, Some("UTC".into()))];
        let told = |kind: &str| {
            let mut constants = vec![ScalarValue::Utf8View(Some(kind.to_owned()))];
            constants.extend(at.iter().cloned());
            constants
        };
        let of_file = |path| OfFile { table, version: change.version, path };
        match file {
            ChangeFile::Cdc(cdc) => self.told_by_rows.push(ListedFile {
                path: cdc.path.clone(),
                size_bytes: size(cdc.size),
                modified_millis: 0,
                partition_values: cdc.partition_values.clone(),
                rows: RowChoice::All,
                constants: at,
            }),
            ChangeFile::Insert(add) => self.told_by_log.push(ListedFile {
                path: add.path.clone(),
                size_bytes: size(add.size),
                modified_millis: add.modification_time,
                partition_values: add.partition_values.clone(),
                rows: without(of_file(&add.path), add.deletion_vector.as_ref()).await?,
                constants: told("insert"),
            }),
            ChangeFile::Delete(remove) => {
                let rows = without(of_file(&remove.path), remove.deletion_vector.as_ref()).await?;
                self.told_by_log.push(removed(table, change.version, remove, rows, told("delete")).await?);
            }
            ChangeFile::Vector { add, before, after } => {
                let before = load(of_file(&add.path), before.as_ref()).await?;
                let after = load(of_file(&add.path), after.as_ref()).await?;
                for (rows, others, kind) in [(&after, &before, "delete"), (&before, &after, "insert")] {
                    let mut only = DeletionVector::default();
                    rows.iter().filter(|row| !others.contains(*row)).for_each(|row| {
                        only.insert(row);
                    });
                    if only.is_empty() {
                        continue;
                    }
                    self.told_by_log.push(ListedFile {
                        path: add.path.clone(),
                        size_bytes: size(add.size),
                        modified_millis: add.modification_time,
                        partition_values: add.partition_values.clone(),
                        rows: RowChoice::Only(only),
                        constants: told(kind),
                    });
                }
            }
        }
        Ok(())
    }
}

fn size(bytes: i64) -> u64 {
    u64::try_from(bytes).unwrap_or_default()
}

/// A data file that has, or had, a deletion vector.
#[derive(Clone, Copy)]
struct OfFile<'a> {
    table: &'a TableStore,
    version: u64,
    path: &'a str,
}

async fn load(of: OfFile<'_>, vector: Option<&DeletionVectorDescriptor>) -> Result<DeletionVector> {
    match vector {
        Some(vector) => Ok(DeletionVector::load_of(of.table, of.version, of.path, vector).await?),
        None => Ok(DeletionVector::default()),
    }
}

async fn without(of: OfFile<'_>, vector: Option<&DeletionVectorDescriptor>) -> Result<RowChoice> {
    match vector {
        Some(_) => Ok(RowChoice::Without { deleted: load(of, vector).await?, rows_in_file: None }),
        None => Ok(RowChoice::All),
    }
}

/// A file that left the table; older writers did not say all of it.
async fn removed(
    table: &TableStore,
    version: u64,
    remove: &Remove,
    rows: RowChoice,
    constants: Vec<ScalarValue>,
) -> Result<ListedFile> {
    let size_bytes = match remove.size {
        Some(bytes) => size(bytes),
        None => {
            let path = table.data_path(&remove.path)?;
            path.store.head(&path.path).await?.size
        }
    };
    let partition_values = remove.partition_values.clone().ok_or_else(|| {
        let message = format!(
            "Version {version} removes {} and does not say its partition, so its rows cannot be told",
            remove.path
        );
        Error::new(ErrorKind::BadData, message).hint("Ask for later versions")
    });
    Ok(ListedFile {
        path: remove.path.clone(),
        size_bytes,
        modified_millis: remove.deletion_timestamp.unwrap_or_default(),
        partition_values: partition_values?,
        rows,
        constants,
    })
}

#[async_trait]
impl TableProvider for FeedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let wanted = project_schema(&self.schema, projection)?;
        let table = self.snapshot.table();
        let mut files = FeedFiles::default();
        for change in &self.changes {
            for file in &change.files {
                files.add(table, change, file).await?;
            }
        }
        let [kind, version, time] = own_columns();
        let of_table = self.schema.fields().len().saturating_sub(3);
        let columns = Schema::new(self.schema.fields().iter().take(of_table).cloned().collect::<Vec<_>>());
        let (at, told) = (vec![version, time], vec![kind]);
        let by_rows = ListedColumns::new(&self.snapshot, &columns, told.clone(), at.clone());
        let by_log =
            ListedColumns::new(&self.snapshot, &columns, vec![], told.into_iter().chain(at).collect());
        let mut scans =
            listed_scan::plan(state, &self.snapshot, &by_rows, files.told_by_rows, &wanted).await?;
        scans.extend(listed_scan::plan(state, &self.snapshot, &by_log, files.told_by_log, &wanted).await?);
        together(scans, wanted)
    }
}
