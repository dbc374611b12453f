//! Which columns have statistics: the first 32 leaves, or those that the table's properties name.

use crate::properties::TableProperties;
use crate::schema::{ColumnMappingMode, DataType, StructField, StructType};

/// A column of data files that has statistics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedColumn {
    /// Physical names, from the top.
    pub path: Vec<String>,
    /// Positions in the data file's columns, from the top.
    pub position: Vec<usize>,
    /// Whether it has smallest and largest values, not only a count of nulls.
    pub has_bounds: bool,
}

/// The columns that have statistics. Partition columns are in no file, and `void` columns neither.
///
/// Leaves are counted as Delta does: each field of a struct, while an array or a map is one leaf
/// (`delta.dataSkippingNumIndexedCols`); `delta.dataSkippingStatsColumns` names columns instead, and a struct's name
/// stands for all its fields.
pub fn indexed_columns(
    schema: &StructType,
    partition_columns: &[String],
    properties: &TableProperties,
    mode: ColumnMappingMode,
) -> Vec<IndexedColumn> {
    let mut found = Finder { columns: Vec::new(), limit: properties.indexed_columns, named: None, mode };
    if let Some(names) = &properties.stats_columns {
        found.limit = None;
        found.named = Some(names.iter().map(|name| split_name(name)).collect());
    }
    let data = data_fields(schema, partition_columns);
    found.visit(&data, &mut Vec::new(), &mut Vec::new(), &mut Vec::new());
    found.columns
}

/// The fields that data files have, in order.
pub(in crate::write) fn data_fields<'a>(
    schema: &'a StructType,
    partition_columns: &[String],
) -> Vec<&'a StructField> {
    let is_in_files = |field: &&StructField| {
        field.data_type != DataType::Void
            && !partition_columns.iter().any(|column| column.eq_ignore_ascii_case(&field.name))
    };
    schema.fields.iter().filter(is_in_files).collect()
}

struct Finder {
    columns: Vec<IndexedColumn>,
    limit: Option<usize>,
    named: Option<Vec<Vec<String>>>,
    mode: ColumnMappingMode,
}

impl Finder {
    fn visit(
        &mut self,
        fields: &[&StructField],
        logical: &mut Vec<String>,
        path: &mut Vec<String>,
        position: &mut Vec<usize>,
    ) {
        for (index, field) in fields.iter().enumerate() {
            if self.limit.is_some_and(|limit| self.columns.len() >= limit) {
                return;
            }
            logical.push(field.name.clone());
            path.push(field.physical_name(self.mode).to_owned());
            position.push(index);
            match &field.data_type {
                DataType::Struct(schema) => {
                    let fields: Vec<&StructField> = schema.fields.iter().collect();
                    self.visit(&fields, logical, path, position);
                }
                _ if self.is_wanted(logical) => self.columns.push(IndexedColumn {
                    path: path.clone(),
                    position: position.clone(),
                    has_bounds: has_bounds(&field.data_type),
                }),
                _ => {}
            }
            logical.pop();
            path.pop();
            position.pop();
        }
    }

    fn is_wanted(&self, logical: &[String]) -> bool {
        let starts_with = |name: &Vec<String>| {
            name.len() <= logical.len()
                && name.iter().zip(logical).all(|(part, column)| part.eq_ignore_ascii_case(column))
        };
        self.named.as_ref().is_none_or(|named| named.iter().any(starts_with))
    }
}

fn has_bounds(data_type: &DataType) -> bool {
    match data_type {
        DataType::String
        | DataType::Long
        | DataType::Integer
        | DataType::Short
        | DataType::Byte
        | DataType::Float
        | DataType::Double
        | DataType::Decimal { .. }
        | DataType::Date
        | DataType::Timestamp
        | DataType::TimestampNtz => true,
        DataType::Boolean
        | DataType::Binary
        | DataType::Variant
        | DataType::Void
        | DataType::Struct(_)
        | DataType::Array(_)
        | DataType::Map(_) => false,
    }
}

/// The parts of a column's name: `a.b` is a field of a struct, `` `a.b` `` is a name with a dot.
fn split_name(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut is_quoted = false;
    for c in name.chars() {
        match c {
            '`' => is_quoted = !is_quoted,
            '.' if !is_quoted => parts.push(String::new()),
            c => {
                if let Some(part) = parts.last_mut() {
                    part.push(c);
                }
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::Metadata;
    use crate::schema::ArrayType;

    fn schema() -> StructType {
        let field = |name: &str, data_type| StructField::new(name, data_type, true);
        let inner = StructType { fields: vec![field("x", DataType::Long), field("y", DataType::Boolean)] };
        let list = ArrayType { element_type: DataType::Long, contains_null: true };
        StructType {
            fields: vec![
                field("p", DataType::String),
                field("a", DataType::Array(Box::new(list))),
                field("s", DataType::Struct(inner)),
                field("d.e", DataType::Date),
            ],
        }
    }

    fn check(properties: &[(&str, &str)], expect: &[(&str, bool)]) {
        let configuration = properties.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let metadata = Metadata { configuration: configuration.collect(), ..Metadata::default() };
        let properties = TableProperties::of(&metadata);
        let columns = indexed_columns(&schema(), &["p".to_owned()], &properties, ColumnMappingMode::None);
        let columns: Vec<(String, bool)> = columns.iter().map(|c| (c.path.join("/"), c.has_bounds)).collect();
        let expect: Vec<(String, bool)> =
            expect.iter().map(|(path, flag)| ((*path).to_owned(), *flag)).collect();
        assert_eq!(columns, expect);
    }

    #[test]
    fn leaves_are_counted_as_delta_does() {
        check(&[], &[("a", false), ("s/x", true), ("s/y", false), ("d.e", true)]);
        check(&[("delta.dataSkippingNumIndexedCols", "2")], &[("a", false), ("s/x", true)]);
        check(&[("delta.dataSkippingNumIndexedCols", "0")], &[]);
        check(
            &[("delta.dataSkippingStatsColumns", "s,`d.e`")],
            &[("s/x", true), ("s/y", false), ("d.e", true)],
        );
        check(&[("delta.dataSkippingStatsColumns", "S.X")], &[("s/x", true)]);
    }
}
