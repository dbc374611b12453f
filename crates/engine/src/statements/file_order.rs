//! By which columns OPTIMIZE orders rows: those of ZORDER BY, or those that the table is clustered by ("Clustered Table").

use super::file_report::{FileReport, OrderReport};
use super::optimize::{refused, weight};
use crate::delta::rewrite::{Bin, Marks, by_partition};
use crate::delta::scan::SelectedFile;
use crate::{Position, Result, names};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use tarn_delta::definition::{CLUSTERING_DOMAIN, clustering_columns};
use tarn_delta::files::FileId;
use tarn_delta::schema::{DataType, StructType};
use tarn_delta::snapshot::Snapshot;
use tarn_delta::uuid::new_uuid;
use tarn_delta::write::WritePlan;
use tarn_dialect::{ColumnPath, Optimize};

/// Delta's name for its way to cluster.
const PROVIDER: &str = "liquid";
/// Delta's tags of files whose rows are in order: which were ordered together, by what, along which curve.
const CUBE_TAG: &str = "ZCUBE_ID";
const COLUMNS_TAG: &str = "ZCUBE_ZORDER_BY";
const CURVE_TAG: &str = "ZCUBE_ZORDER_CURVE";
/// So many full files that were ordered together are left alone when more rows come.
const CUBE_FILES: u64 = 8;

/// How rows are put in order.
pub(super) enum Order {
    AsTheyAre,
    /// By ZORDER BY.
    Interleaved(Vec<Vec<String>>),
    Clustered {
        columns: Vec<Vec<String>>,
        is_full: bool,
    },
}

impl Order {
    /// What statement and table ask for.
    ///
    /// # Errors
    /// When a clause does not go with the table, and when a column cannot be ordered by.
    pub(super) fn of(snapshot: &Snapshot, optimize: &Optimize) -> Result<Self> {
        let clustered = cluster_columns(snapshot);
        let zorder_position = optimize.zorder_by.first().and_then(|column| Position::of(column.span()));
        match (clustered, optimize.zorder_by.is_empty()) {
            (Some(_), false) => Err(refused(
                "A clustered table is not ordered by ZORDER BY",
                "Leave ZORDER BY out; ALTER TABLE … CLUSTER BY changes the columns",
                zorder_position,
            )),
            (Some(_), true) if optimize.condition.is_some() => Err(refused(
                "A clustered table is optimized as a whole",
                "Leave WHERE out",
                optimize.condition.as_ref().and_then(|condition| Position::of(condition.span)),
            )),
            (Some(columns), true) => Ok(Self::Clustered { columns, is_full: optimize.full }),
            (None, _) if optimize.full => Err(refused(
                "OPTIMIZE … FULL is for clustered tables",
                "Leave FULL out, or write ALTER TABLE … CLUSTER BY (…) first",
                None,
            )),
            (None, true) => Ok(Self::AsTheyAre),
            (None, false) => z_order_columns(snapshot, &optimize.zorder_by).map(Self::Interleaved),
        }
    }

    pub(super) fn z_order_names(&self) -> Vec<String> {
        match self {
            Self::Interleaved(columns) => columns.iter().map(|path| path.join(".")).collect(),
            Self::AsTheyAre | Self::Clustered { .. } => vec![],
        }
    }

    pub(super) fn cluster_names(&self) -> Vec<String> {
        match self {
            Self::Clustered { columns, .. } => columns.iter().map(|path| path.join(".")).collect(),
            Self::AsTheyAre | Self::Interleaved(_) => vec![],
        }
    }
}

/// The columns that the table is clustered by, with their logical names.
fn cluster_columns(snapshot: &Snapshot) -> Option<Vec<Vec<String>>> {
    let physical = clustering_columns(snapshot.domain(CLUSTERING_DOMAIN)?)?;
    let mode = snapshot.column_mapping();
    let logical = physical.iter().filter_map(|path| {
        let mut names = Vec::new();
        let mut schema: Option<&StructType> = Some(snapshot.schema());
        for name in path {
            let field = schema?.fields.iter().find(|field| field.physical_name(mode) == name)?;
            names.push(field.name.clone());
            schema = match &field.data_type {
                DataType::Struct(nested) => Some(nested),
                _ => None,
            };
        }
        Some(names)
    });
    let logical: Vec<Vec<String>> = logical.collect();
    (!logical.is_empty()).then_some(logical)
}

fn z_order_columns(snapshot: &Snapshot, columns: &[ColumnPath]) -> Result<Vec<Vec<String>>> {
    let indexed = WritePlan::of(snapshot)?.indexed_columns;
    let mode = snapshot.column_mapping();
    let mut found: Vec<Vec<String>> = Vec::new();
    for column in columns {
        let position = Position::of(column.span());
        let shown = names::quoted(&column.to_string());
        let (mut logical, mut physical) = (Vec::new(), Vec::new());
        let mut schema: Option<&StructType> = Some(snapshot.schema());
        for name in column.names() {
            let field = schema
                .and_then(|schema| schema.fields.iter().find(|field| field.name.eq_ignore_ascii_case(&name)));
            let Some(field) = field else {
                let message = format!("There is no column {shown} to order by");
                return Err(crate::Error::new(crate::ErrorKind::NotFound, message)
                    .hint("DESCRIBE TABLE shows the columns")
                    .at(position));
            };
            logical.push(field.name.clone());
            physical.push(field.physical_name(mode).to_owned());
            schema = match &field.data_type {
                DataType::Struct(nested) => Some(nested),
                _ => None,
            };
        }
        if logical.len() == 1 && snapshot.metadata().partition_columns.contains(&logical[0]) {
            return Err(refused(
                &format!("The table is partitioned by {shown}: all rows of a file have the same value"),
                "Order by other columns",
                position,
            ));
        }
        if !indexed.iter().any(|index| index.path == physical && index.has_bounds) {
            return Err(refused(
                &format!("The column {shown} has no statistics, so its order would help no query"),
                "Order by numbers, dates or text; delta.dataSkippingStatsColumns says which columns have statistics",
                position,
            ));
        }
        if found.contains(&logical) {
            return Err(refused(&format!("{shown} is named twice"), "Name it once", position));
        }
        found.push(logical);
    }
    Ok(found)
}

/// What a file says of how its rows are ordered.
#[derive(Debug, Default)]
struct Ordered {
    cube: Option<String>,
    columns: Option<String>,
}

async fn ordered(snapshot: &Snapshot, files: &[SelectedFile]) -> Result<Vec<Ordered>> {
    let ids: Vec<FileId> = files.iter().map(|file| file.id).collect();
    let adds = snapshot.adds_with_stats(&ids).await?;
    let tag = |tags: &Option<BTreeMap<String, Option<String>>>, key: &str| {
        tags.as_ref().and_then(|tags| tags.get(key).cloned().flatten())
    };
    Ok(adds
        .iter()
        .map(|add| Ordered { cube: tag(&add.tags, CUBE_TAG), columns: tag(&add.tags, COLUMNS_TAG) })
        .collect())
}

/// The columns as tags name them.
fn columns_tag(columns: &[Vec<String>]) -> String {
    json!(columns.iter().map(|path| path.join(".")).collect::<Vec<_>>()).to_string()
}

fn marks(columns: &[Vec<String>], provider: Option<&str>) -> Marks {
    let is_hilbert = provider.is_some();
    let curve = if is_hilbert { "hilbert" } else { "zorder" };
    let tags = [(CUBE_TAG, new_uuid()), (COLUMNS_TAG, columns_tag(columns)), (CURVE_TAG, curve.to_owned())];
    Marks {
        tags: Some(tags.into_iter().map(|(key, value)| (key.to_owned(), Some(value))).collect()),
        clustering_provider: provider.map(str::to_owned),
        is_hilbert,
    }
}

/// The files of each partition together, but of those that are in this order already.
pub(super) async fn z_order(
    snapshot: &Snapshot,
    files: Vec<SelectedFile>,
    columns: &[Vec<String>],
    report: &mut FileReport,
) -> Result<Vec<Bin>> {
    let tag = columns_tag(columns);
    let mut order = OrderReport { strategy: "all", ..OrderReport::default() };
    let mut bins = Vec::new();
    for files in by_partition(snapshot, files).into_values() {
        let before = ordered(snapshot, &files).await?;
        let cubes: BTreeSet<&Option<String>> = before.iter().map(|file| &file.cube).collect();
        let is_done = cubes.len() == 1
            && before.iter().all(|file| file.cube.is_some() && file.columns.as_ref() == Some(&tag))
            && !files.iter().any(|file| weight(file).is_hollow());
        if is_done {
            continue;
        }
        note(&mut order, &files, &before, &tag);
        order.output_cubes += 1;
        bins.push(Bin { files, cluster_by: columns.to_vec(), marks: marks(columns, None) });
    }
    report.order = Some(order);
    Ok(bins)
}

fn note(order: &mut OrderReport, files: &[SelectedFile], before: &[Ordered], tag: &String) {
    let mut cubes: BTreeSet<&String> = BTreeSet::new();
    for (file, before) in files.iter().zip(before) {
        match &before.cube {
            Some(cube) if before.columns.as_ref() == Some(tag) => {
                cubes.insert(cube);
                order.in_cubes.add(file.size_bytes);
            }
            _ => order.others.add(file.size_bytes),
        }
    }
    order.input_cubes += cubes.len() as u64;
}

/// The files that are not clustered yet, and those that were clustered together but are few. With FULL all files, but of
/// those that are all of one piece. Files of another implementation are left alone, as the protocol asks; without FULL, so
/// are those of earlier clustering columns.
pub(super) async fn cluster(
    snapshot: &Snapshot,
    files: Vec<SelectedFile>,
    columns: &[Vec<String>],
    is_full: bool,
    target_bytes: u64,
    report: &mut FileReport,
) -> Result<Vec<Bin>> {
    let tag = columns_tag(columns);
    let before = ordered(snapshot, &files).await?;
    let provider = |file: &SelectedFile| {
        snapshot.files().get(file.id).and_then(|known| known.clustering_provider().map(str::to_owned))
    };
    let mut cube_bytes: BTreeMap<String, u64> = BTreeMap::new();
    for (file, before) in files.iter().zip(&before) {
        if let Some(cube) = &before.cube {
            let bytes = cube_bytes.entry(cube.clone()).or_default();
            *bytes = bytes.saturating_add(file.size_bytes);
        }
    }
    let full_cube = target_bytes.saturating_mul(CUBE_FILES);
    let mut chosen: Vec<(SelectedFile, Ordered)> = Vec::new();
    let mut cubes: BTreeSet<Option<String>> = BTreeSet::new();
    let mut has_new = false;
    for (file, before) in files.into_iter().zip(before) {
        let provider = provider(&file);
        let is_settled = provider.as_deref() == Some(PROVIDER) && before.columns.as_ref() == Some(&tag);
        let is_ours = provider.as_deref().is_none_or(|provider| provider == PROVIDER);
        let is_small = |cube: &String| cube_bytes.get(cube).is_none_or(|bytes| *bytes < full_cube);
        let is_chosen = match (is_settled, provider.is_some()) {
            (true, _) => is_full || before.cube.as_ref().is_none_or(is_small) || weight(&file).is_hollow(),
            (false, true) => is_full && is_ours,
            (false, false) => true,
        };
        if is_chosen {
            has_new |= !is_settled || weight(&file).is_hollow();
            cubes.insert(before.cube.clone());
            chosen.push((file, before));
        }
    }
    let mut order =
        OrderReport { strategy: if is_full { "all" } else { "minCubeSize" }, ..OrderReport::default() };
    if !has_new && cubes.len() <= 1 {
        chosen.clear();
    }
    let (files, before): (Vec<SelectedFile>, Vec<Ordered>) = chosen.into_iter().unzip();
    note(&mut order, &files, &before, &tag);
    order.output_cubes = u64::from(!files.is_empty());
    report.order = Some(order);
    if files.is_empty() {
        return Ok(vec![]);
    }
    Ok(vec![Bin { files, cluster_by: columns.to_vec(), marks: marks(columns, Some(PROVIDER)) }])
}
