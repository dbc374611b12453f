//! Parquet files in a folder as the files of a table (CONVERT TO DELTA): schema and statistics come from their footers.

use crate::actions::{Add, Metadata, PartitionValues};
use crate::log::ParquetFile;
use crate::partition_values::parse_partition_value;
use crate::properties::TableProperties;
use crate::schema::{ColumnMappingMode, DataType, StructField, StructType, from_arrow};
use crate::write::{StatsCollector, indexed_columns, path};
use crate::{Error, Result, TableStore};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore as _};
use percent_encoding::percent_decode_str;

/// Footers that are read at the same time.
const FOOTERS_AT_ONCE: usize = 8;

/// The files of a folder, as a table has them.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversion {
    /// The columns of all files, then the partition columns.
    pub schema: StructType,
    /// The files, by name.
    pub adds: Vec<Add>,
}

/// A file of the folder.
struct Found {
    object: ObjectMeta,
    /// Below the folder.
    name: String,
    values: Vec<(String, Option<String>)>,
}

/// Reads what the Parquet files below a table's folder hold, whose folders `column=value` are the values of the partition
/// columns.
///
/// # Errors
/// When there are no files or one is no Parquet file, when their columns do not go together, and when their folders are
/// not those of the partition columns.
pub async fn convert(
    table: &TableStore,
    partition_columns: &[StructField],
    has_statistics: bool,
) -> Result<Conversion> {
    let files = find(table).await?;
    if files.is_empty() {
        return Err(Error::invalid(format!("{} holds no Parquet files to convert", table.url)));
    }
    for file in &files {
        check_folders(file, partition_columns)?;
    }
    let footers = files.iter().map(|file| async move {
        let (path, size) = (&file.object.location, file.object.size);
        ParquetFile::open(&table.store, path, size, &file.name, 0).await
    });
    let footers: Vec<ParquetFile> =
        stream::iter(footers.collect::<Vec<_>>()).buffered(FOOTERS_AT_ONCE).try_collect().await?;
    let mut schema = StructType::default();
    for (file, footer) in files.iter().zip(&footers) {
        let mut of_file = from_arrow(footer.schema()).map_err(|error| Error::damaged(&file.name, error))?;
        of_file.fields.retain(|field| partition_columns.iter().all(|column| column.name != field.name));
        merge(&mut schema, &of_file, &file.name, "")?;
    }
    schema.fields.extend(partition_columns.iter().cloned());
    let names: Vec<String> = partition_columns.iter().map(|column| column.name.clone()).collect();
    let properties = TableProperties::of(&Metadata::default());
    let indexed = indexed_columns(&schema, &names, &properties, ColumnMappingMode::None);
    let mut adds = Vec::with_capacity(files.len());
    for (file, footer) in files.into_iter().zip(footers) {
        let stats = match has_statistics {
            true => Some(StatsCollector::of_footer(&indexed, &schema, footer.metadata()).to_json()),
            // Deletion vectors and row tracking need to know how many rows there are.
            false => Some(format!("{{\"numRecords\":{}}}", footer.rows())),
        };
        adds.push(Add {
            path: path::to_reference(&file.name),
            partition_values: file.values.into_iter().collect::<PartitionValues>(),
            size: i64::try_from(file.object.size).map_err(|error| Error::damaged(&file.name, error))?,
            modification_time: file.object.last_modified.timestamp_millis(),
            data_change: true,
            stats,
            ..Add::default()
        });
    }
    Ok(Conversion { schema, adds })
}

async fn find(table: &TableStore) -> Result<Vec<Found>> {
    let mut files = Vec::new();
    let mut listed = table.store.list(Some(&table.root));
    loop {
        let object = match listed.try_next().await {
            Ok(Some(object)) => object,
            Ok(None) | Err(object_store::Error::NotFound { .. }) => break,
            Err(error) => return Err(error.into()),
        };
        files.extend(found(&table.root, object)?);
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn found(root: &Path, object: ObjectMeta) -> Result<Option<Found>> {
    let Some(parts) = object.location.prefix_match(root) else { return Ok(None) };
    let parts: Vec<String> = parts.map(|part| part.as_ref().to_owned()).collect();
    let Some((file, folders)) = parts.split_last() else { return Ok(None) };
    // As Spark: names with `_` or `.` are no data, but a partition column's may begin so.
    let is_hidden = |name: &String| name.starts_with('.') || (name.starts_with('_') && !name.contains('='));
    if parts.iter().any(is_hidden) || !file.to_lowercase().ends_with(".parquet") {
        return Ok(None);
    }
    let mut values = Vec::new();
    for folder in folders {
        let Some((column, value)) = folder.split_once('=') else { continue };
        let decoded = |text: &str| match percent_decode_str(text).decode_utf8() {
            Ok(text) => Ok(text.into_owned()),
            Err(error) => Err(Error::damaged(object.location.as_ref(), error)),
        };
        let value = match value == path::NULL_PARTITION {
            true => None,
            false => Some(decoded(value)?),
        };
        values.push((decoded(column)?, value));
    }
    Ok(Some(Found { name: parts.join("/"), values, object }))
}

fn check_folders(file: &Found, columns: &[StructField]) -> Result<()> {
    let are_alike = file.values.len() == columns.len()
        && file.values.iter().zip(columns).all(|((name, _), column)| *name == column.name);
    if !are_alike {
        let list = |names: &mut dyn Iterator<Item = &str>| match names.collect::<Vec<_>>().join(", ") {
            names if names.is_empty() => "no columns".to_owned(),
            names => names,
        };
        return Err(Error::invalid(format!(
            "the folders of {} are those of {}, and the statement partitions by {}; name the columns of the folders with \
             their types, in their order: PARTITIONED BY (column TYPE, …)",
            file.name,
            list(&mut file.values.iter().map(|(name, _)| name.as_str())),
            list(&mut columns.iter().map(|column| column.name.as_str())),
        )));
    }
    for ((_, value), column) in file.values.iter().zip(columns) {
        parse_partition_value(value.as_deref(), &column.data_type).map_err(|_| {
            Error::invalid(format!(
                "the folder of {} has the value {} for the partition column {}, which is no {}",
                file.name,
                value.as_deref().unwrap_or_default(),
                column.name,
                column.data_type.sql_name()
            ))
        })?;
    }
    Ok(())
}

/// Adds the columns of a file. Files may lack columns that others have.
fn merge(into: &mut StructType, from: &StructType, file: &str, place: &str) -> Result<()> {
    for field in &from.fields {
        let shown = format!("{place}{}", field.name);
        match into.fields.iter_mut().find(|known| known.name == field.name) {
            Some(known) => merge_types(&mut known.data_type, &field.data_type, file, &shown)?,
            None => into.fields.push(StructField::new(&field.name, field.data_type.clone(), true)),
        }
    }
    Ok(())
}

fn merge_types(into: &mut DataType, from: &DataType, file: &str, shown: &str) -> Result<()> {
    // All three are 32 bits wide in Parquet.
    let width = |data_type: &DataType| match data_type {
        DataType::Byte => Some(1),
        DataType::Short => Some(2),
        DataType::Integer => Some(4),
        _ => None,
    };
    match (&mut *into, from) {
        (DataType::Struct(into), DataType::Struct(from)) => merge(into, from, file, &format!("{shown}.")),
        (DataType::Array(into), DataType::Array(from)) => {
            merge_types(&mut into.element_type, &from.element_type, file, shown)
        }
        (DataType::Map(into), DataType::Map(from)) => {
            merge_types(&mut into.key_type, &from.key_type, file, shown)?;
            merge_types(&mut into.value_type, &from.value_type, file, shown)
        }
        (old, new) if width(old).is_some() && width(new).is_some() => {
            if width(old) < width(new) {
                *into = from.clone();
            }
            Ok(())
        }
        (old, new) if *old == *new => Ok(()),
        (old, new) => Err(Error::invalid(format!(
            "the column {shown} is {} in {file} and {} in a file before it; convert the files of one type alone",
            new.sql_name(),
            old.sql_name()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(fields: &[(&str, DataType)]) -> StructType {
        let fields = fields.iter().map(|(name, data_type)| StructField::new(*name, data_type.clone(), true));
        StructType { fields: fields.collect() }
    }

    #[test]
    fn columns_of_files_are_put_together() {
        let mut merged = schema(&[("a", DataType::Short)]);
        merge(&mut merged, &schema(&[("b", DataType::String), ("a", DataType::Integer)]), "f", "").unwrap();
        assert_eq!(merged, schema(&[("a", DataType::Integer), ("b", DataType::String)]));
        let error = merge(&mut merged, &schema(&[("a", DataType::Long)]), "f.parquet", "").unwrap_err();
        assert!(error.to_string().contains("the column a is bigint in f.parquet"), "{error}");
    }
}
