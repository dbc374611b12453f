//! Finds the columns of a table in its data files: by name, physical name or field id, with types that widened since,
//! variants that are shredded, and structs in maps that have changed.

use super::nested::{Fit, fit_values};
use super::table::ROW_COLUMN;
use datafusion::arrow::array::{
    Array, ArrayRef, FixedSizeListArray, LargeListArray, ListArray, MapArray, StructArray,
};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::functions::core::getfield::GetFieldFunc;
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_expr_adapter::{
    DefaultPhysicalExprAdapterFactory, PhysicalExprAdapter, PhysicalExprAdapterFactory,
};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use tarn_delta::row_tracking::MaterializedColumns;
use tarn_delta::schema::{ColumnMappingMode, DataType as DeltaType, FIELD_ID_KEY, StructField, StructType};
use tarn_delta::snapshot::Snapshot;
use tarn_delta::variant::{is_variant, unshred, variant_type};

/// Rewrites expressions over a table's columns to expressions over a file's.
#[derive(Debug)]
pub(super) struct MappedColumns {
    schema: StructType,
    mode: ColumnMappingMode,
    /// Columns of files that are none of the table's and keep their names.
    hidden: Vec<String>,
}

impl MappedColumns {
    /// The adapter of a table, or none where DataFusion's own will do.
    pub(super) fn of(
        snapshot: &Snapshot,
        row_ids: Option<&MaterializedColumns>,
    ) -> Option<Arc<dyn PhysicalExprAdapterFactory>> {
        let hidden = row_ids.map(|names| vec![names.row_id.clone(), names.row_commit_version.clone()]);
        Self::with_hidden(snapshot, hidden.unwrap_or_default())
    }

    /// The adapter of files that have other columns beside the table's, which keep their names.
    pub(super) fn with_hidden(
        snapshot: &Snapshot,
        hidden: Vec<String>,
    ) -> Option<Arc<dyn PhysicalExprAdapterFactory>> {
        match snapshot.column_mapping() {
            ColumnMappingMode::None if !snapshot.schema().fields.iter().any(needs_mapping) => None,
            mode => Some(Arc::new(Self { schema: snapshot.schema().clone(), mode, hidden })),
        }
    }

    /// Whether a column is none of the table's: hidden ones of the files, and the places of rows.
    fn keeps(&self, name: &str) -> bool {
        name == ROW_COLUMN || self.hidden.iter().any(|hidden| hidden == name)
    }

    /// The fields of a file with the names that they have in scans.
    fn rename(&self, fields: &Fields) -> Fields {
        let renamed = rename_fields(fields, &self.schema, self.mode);
        let kept = renamed.iter().zip(fields).map(|(renamed, field)| match self.keeps(field.name()) {
            true => field,
            false => renamed,
        });
        kept.cloned().collect()
    }
}

impl PhysicalExprAdapterFactory for MappedColumns {
    fn create(
        &self,
        logical_file_schema: SchemaRef,
        physical_file_schema: SchemaRef,
    ) -> Result<Arc<dyn PhysicalExprAdapter>> {
        let renamed = self.rename(physical_file_schema.fields());
        let columns: Vec<MappedColumn> = renamed
            .iter()
            .map(|field| MappedColumn { field: Arc::clone(field), fit: fit_of(field, &logical_file_schema) })
            .collect();
        let seen: Fields = columns.iter().map(MappedColumn::seen).collect();
        let inner =
            DefaultPhysicalExprAdapterFactory.create(logical_file_schema, Arc::new(Schema::new(seen)))?;
        Ok(Arc::new(Adapter { inner, columns, physical: physical_file_schema }))
    }
}

/// A column of a file.
#[derive(Debug)]
struct MappedColumn {
    /// With the names of the table, and otherwise as it is in the file.
    field: FieldRef,
    /// The type that its values are fitted to by the names of their fields, where DataFusion's cast would go by position.
    fit: Option<DataType>,
}

impl MappedColumn {
    /// What DataFusion sees of it.
    fn seen(&self) -> FieldRef {
        match &self.fit {
            Some(fit) => Arc::new(self.field.as_ref().clone().with_data_type(fit.clone())),
            None => Arc::clone(&self.field),
        }
    }
}

/// The type of a column in the table, where the file has other structs in its maps.
fn fit_of(renamed: &Field, logical: &Schema) -> Option<DataType> {
    let wanted = logical.field_with_name(renamed.name()).ok()?.data_type();
    (wanted != renamed.data_type() && has_struct_in_map(wanted, false)).then(|| wanted.clone())
}

fn has_struct_in_map(data_type: &DataType, is_in_map: bool) -> bool {
    let nested = |field: &FieldRef, is_in_map| has_struct_in_map(field.data_type(), is_in_map);
    match data_type {
        variant if is_variant(variant) => false,
        DataType::Struct(_) if is_in_map => true,
        DataType::Struct(fields) => fields.iter().any(|field| nested(field, false)),
        DataType::List(element) => nested(element, is_in_map),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => fields.iter().any(|field| nested(field, true)),
            _ => false,
        },
        _ => false,
    }
}

/// Whether values of a column cannot be left to DataFusion: variants, which may be shredded, and structs in maps, whose
/// fields it finds by position.
fn needs_mapping(field: &StructField) -> bool {
    fn is_in(data_type: &DeltaType, is_in_map: bool) -> bool {
        match data_type {
            DeltaType::Variant => true,
            DeltaType::Struct(inner) => is_in_map || inner.fields.iter().any(needs_mapping),
            DeltaType::Array(array) => is_in(&array.element_type, is_in_map),
            DeltaType::Map(map) => is_in(&map.key_type, true) || is_in(&map.value_type, true),
            _ => false,
        }
    }
    is_in(&field.data_type, false)
}

/// DataFusion's adapter works on a schema in which the file's columns have the table's names; its columns are then given
/// their names in the file again.
#[derive(Debug)]
struct Adapter {
    inner: Arc<dyn PhysicalExprAdapter>,
    columns: Vec<MappedColumn>,
    physical: SchemaRef,
}

impl PhysicalExprAdapter for Adapter {
    fn rewrite(&self, expr: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        let rewritten = self.inner.rewrite(expr)?;
        rewritten
            .transform_up(|expr| {
                if let Some(narrowed) = field_in_file(&expr, &self.physical)? {
                    return Ok(Transformed::yes(narrowed));
                }
                let Some(column) = expr.downcast_ref::<Column>() else { return Ok(Transformed::no(expr)) };
                let index = column.index();
                let (Some(mapped), Some(physical)) =
                    (self.columns.get(index), self.physical.fields().get(index))
                else {
                    return Ok(Transformed::no(expr));
                };
                if mapped.field.name() != column.name() {
                    return Ok(Transformed::no(expr));
                }
                let in_file: Arc<dyn PhysicalExpr> = Arc::new(Column::new(physical.name(), index));
                let is_same = mapped.fit.is_none() && mapped.field.data_type() == physical.data_type();
                Ok(Transformed::yes(match is_same {
                    true => in_file,
                    false => Arc::new(Renamed {
                        inner: in_file,
                        field: Arc::clone(&mapped.field),
                        fit: mapped.fit.clone(),
                    }),
                }))
            })
            .data()
    }
}

/// `get_field(renamed column, 'name')` → `get_field(column, 'name in the file')`.
///
/// DataFusion's scan must see which field of which column it is: it has promised to evaluate such a filter itself when it
/// saw the table's columns, and leaves out what it does not recognize in the file's.
fn field_in_file(
    expr: &Arc<dyn PhysicalExpr>,
    physical: &SchemaRef,
) -> Result<Option<Arc<dyn PhysicalExpr>>> {
    let Some(call) = ScalarFunctionExpr::try_downcast_func::<GetFieldFunc>(expr.as_ref()) else {
        return Ok(None);
    };
    let Some((source, names)) = call.args().split_first() else { return Ok(None) };
    let Some(renamed) = source.downcast_ref::<Renamed>() else { return Ok(None) };
    let mut in_table = renamed.field.data_type().clone();
    let mut fit = renamed.fit.clone();
    let mut in_file = renamed.inner.data_type(physical)?;
    let mut args = vec![Arc::clone(&renamed.inner)];
    let mut leaf = None;
    for name in names {
        if is_variant(&in_table) {
            return Ok(None);
        }
        let name = name.downcast_ref::<Literal>().and_then(|name| name.value().try_as_str().flatten());
        let (Some(name), DataType::Struct(table_fields), DataType::Struct(file_fields)) =
            (name, &in_table, &in_file)
        else {
            return Ok(None);
        };
        let place = table_fields.iter().position(|field| field.name() == name);
        let fields = place.and_then(|place| table_fields.get(place).zip(file_fields.get(place)));
        let Some((table_field, file_field)) = fields.map(|(t, f)| (Arc::clone(t), Arc::clone(f))) else {
            return Ok(None);
        };
        args.push(Arc::new(Literal::new(ScalarValue::from(file_field.name().as_str()))));
        in_table = table_field.data_type().clone();
        in_file = file_field.data_type().clone();
        fit = match fit {
            Some(DataType::Struct(fields)) => {
                fields.iter().find(|field| field.name() == name).map(|field| field.data_type().clone())
            }
            _ => None,
        };
        leaf = Some(table_field);
    }
    let Some(leaf) = leaf else { return Ok(None) };
    let config = Arc::new(call.config_options().clone());
    let found: Arc<dyn PhysicalExpr> =
        Arc::new(ScalarFunctionExpr::try_new(Arc::new(call.fun().clone()), args, physical, config)?);
    let fit = fit.filter(|fit| *fit != in_table);
    Ok(Some(match fit.is_none() && in_table == in_file {
        true => found,
        false => Arc::new(Renamed { inner: found, field: leaf, fit }),
    }))
}

/// The fields of a file, with the names of the table. A field that is none of the table's gets a name that no table has.
fn rename_fields(fields: &Fields, schema: &StructType, mode: ColumnMappingMode) -> Fields {
    fields
        .iter()
        .enumerate()
        .map(|(place, field)| match find(field, schema, mode) {
            Some(found) => Arc::new(
                Field::new(
                    &found.name,
                    rename_type(field.data_type(), &found.data_type, mode),
                    field.is_nullable(),
                )
                .with_metadata(field.metadata().clone()),
            ),
            None => Arc::new(field.as_ref().clone().with_name(format!("\u{0}{place}"))),
        })
        .collect()
}

pub(super) fn find<'a>(
    field: &Field,
    schema: &'a StructType,
    mode: ColumnMappingMode,
) -> Option<&'a StructField> {
    let by_id = || {
        let id: i32 = field.metadata().get(FIELD_ID_KEY)?.parse().ok()?;
        schema.fields.iter().find(|candidate| candidate.column_id() == Some(id))
    };
    let by_name = || schema.fields.iter().find(|candidate| candidate.physical_name(mode) == field.name());
    match mode {
        ColumnMappingMode::Id => by_id().or_else(by_name),
        ColumnMappingMode::Name | ColumnMappingMode::None => by_name(),
    }
}

fn rename_type(arrow: &DataType, delta: &DeltaType, mode: ColumnMappingMode) -> DataType {
    let nested = |field: &FieldRef, delta: &DeltaType| {
        Arc::new(field.as_ref().clone().with_data_type(rename_type(field.data_type(), delta, mode)))
    };
    match (arrow, delta) {
        // Shredded or not, with its parts in any order.
        (DataType::Struct(_), DeltaType::Variant) => variant_type(),
        (DataType::Struct(fields), DeltaType::Struct(schema)) => {
            DataType::Struct(rename_fields(fields, schema, mode))
        }
        (DataType::List(element), DeltaType::Array(array)) => {
            DataType::List(nested(element, &array.element_type))
        }
        (DataType::LargeList(element), DeltaType::Array(array)) => {
            DataType::LargeList(nested(element, &array.element_type))
        }
        (DataType::FixedSizeList(element, size), DeltaType::Array(array)) => {
            DataType::FixedSizeList(nested(element, &array.element_type), *size)
        }
        (DataType::Map(entries, is_sorted), DeltaType::Map(map)) => match entries.data_type() {
            DataType::Struct(fields) if fields.len() == 2 => {
                let fields = vec![nested(&fields[0], &map.key_type), nested(&fields[1], &map.value_type)];
                let entries = entries.as_ref().clone().with_data_type(DataType::Struct(fields.into()));
                DataType::Map(Arc::new(entries), *is_sorted)
            }
            _ => arrow.clone(),
        },
        _ => arrow.clone(),
    }
}

/// A nested column of a file, with the names of the table within.
#[derive(Debug, Clone)]
struct Renamed {
    inner: Arc<dyn PhysicalExpr>,
    field: FieldRef,
    /// As in [`MappedColumn`].
    fit: Option<DataType>,
}

impl Renamed {
    fn seen_type(&self) -> &DataType {
        self.fit.as_ref().unwrap_or_else(|| self.field.data_type())
    }
}

impl PartialEq for Renamed {
    fn eq(&self, other: &Self) -> bool {
        self.inner.eq(&other.inner) && self.field == other.field && self.fit == other.fit
    }
}

impl Eq for Renamed {}

impl Hash for Renamed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
        self.field.hash(state);
        self.fit.hash(state);
    }
}

impl fmt::Display for Renamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} AS {}", self.inner, self.field.name())
    }
}

impl PhysicalExpr for Renamed {
    fn data_type(&self, _input_schema: &Schema) -> Result<DataType> {
        Ok(self.seen_type().clone())
    }

    fn nullable(&self, input_schema: &Schema) -> Result<bool> {
        self.inner.nullable(input_schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let array = self.inner.evaluate(batch)?.into_array(batch.num_rows())?;
        let renamed = with_type(&array, self.field.data_type())?;
        Ok(ColumnarValue::Array(match &self.fit {
            Some(fit) => fit_values(&renamed, fit, Fit::ByName)?,
            None => renamed,
        }))
    }

    fn return_field(&self, _input_schema: &Schema) -> Result<FieldRef> {
        Ok(Arc::new(self.field.as_ref().clone().with_data_type(self.seen_type().clone())))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.inner]
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        match (children.pop(), children.is_empty()) {
            (Some(inner), true) => {
                Ok(Arc::new(Self { inner, field: Arc::clone(&self.field), fit: self.fit.clone() }))
            }
            _ => datafusion::common::internal_err!("a renamed column has one child"),
        }
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The same values under the names of another type of the same shape; shredded variants are put together.
fn with_type(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    let any = array.as_any();
    Ok(match to {
        variant if is_variant(variant) => unshred(array).map_err(|error| {
            let told = crate::Error::of_sentence(crate::ErrorKind::BadData, &error.to_string());
            datafusion::common::DataFusionError::from(told)
        })?,
        DataType::Struct(fields) if let Some(array) = any.downcast_ref::<StructArray>() => {
            let columns =
                array.columns().iter().zip(fields).map(|(column, f)| with_type(column, f.data_type()));
            let columns = columns.collect::<Result<Vec<_>>>()?;
            Arc::new(StructArray::try_new_with_length(
                fields.clone(),
                columns,
                array.nulls().cloned(),
                array.len(),
            )?)
        }
        DataType::List(field) if let Some(array) = any.downcast_ref::<ListArray>() => {
            let values = with_type(array.values(), field.data_type())?;
            Arc::new(ListArray::try_new(
                Arc::clone(field),
                array.offsets().clone(),
                values,
                array.nulls().cloned(),
            )?)
        }
        DataType::LargeList(field) if let Some(array) = any.downcast_ref::<LargeListArray>() => {
            let values = with_type(array.values(), field.data_type())?;
            let offsets = array.offsets().clone();
            Arc::new(LargeListArray::try_new(Arc::clone(field), offsets, values, array.nulls().cloned())?)
        }
        DataType::FixedSizeList(field, size)
            if let Some(array) = any.downcast_ref::<FixedSizeListArray>() =>
        {
            let values = with_type(array.values(), field.data_type())?;
            Arc::new(FixedSizeListArray::try_new(Arc::clone(field), *size, values, array.nulls().cloned())?)
        }
        DataType::Map(field, is_sorted) if let Some(array) = any.downcast_ref::<MapArray>() => {
            let entries: ArrayRef = Arc::new(array.entries().clone());
            let entries = with_type(&entries, field.data_type())?;
            let Some(entries) = entries.as_any().downcast_ref::<StructArray>() else {
                return exec_err!("the entries of a map are a struct");
            };
            let (offsets, nulls) = (array.offsets().clone(), array.nulls().cloned());
            Arc::new(MapArray::try_new(Arc::clone(field), offsets, entries.clone(), nulls, *is_sorted)?)
        }
        _ => return exec_err!("a column of type {} cannot be renamed to {to}", array.data_type()),
    })
}
