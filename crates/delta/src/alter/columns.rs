//! Columns and fields that are added, dropped, renamed, moved.

use super::Alteration;
use super::path::{field_mut, place_of, resolve, split_trail, struct_mut};
use crate::schema::{ColumnMappingMode, DataType, StructField, StructType};
use crate::{Error, Result};

const STATS_COLUMNS_KEY: &str = "delta.dataSkippingStatsColumns";

/// A place among the columns of a table, or the fields of a struct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnPlace {
    /// After all others.
    Last,
    /// Before all others.
    First,
    /// After this one.
    After(String),
}

impl Alteration {
    /// Adds a column, or a field of the struct that `parent` leads to. Rows that are there have null in it.
    ///
    /// # Errors
    /// When there is one of that name, when it may not be null, and when the place is not there.
    pub fn add_column(&mut self, parent: &[String], field: StructField, place: &ColumnPlace) -> Result<()> {
        let shown = shown(parent, &field.name);
        if !field.nullable {
            return Err(Error::invalid(format!(
                "the new column {shown} cannot be NOT NULL: rows that are there have null in it; add it without, fill \
                 it, and then SET NOT NULL"
            )));
        }
        let fields = struct_mut(&mut self.schema, parent)?;
        if fields.fields.iter().any(|known| known.name.eq_ignore_ascii_case(&field.name)) {
            return Err(Error::invalid(format!("there is a column {shown} already")));
        }
        let at = place_for(fields, place)?;
        fields.fields.insert(at, field);
        Ok(())
    }

    /// Drops a column or field. Files keep it, and nobody sees it any more ("Column Mapping").
    ///
    /// # Errors
    /// When columns are not mapped, when the table is partitioned or clustered by it, and when it is the last of its
    /// struct.
    pub fn drop_column(&mut self, path: &[String]) -> Result<()> {
        let shown = path.join(".");
        let (name, parent) = self.last_field(path)?;
        if self.mode == ColumnMappingMode::None {
            return Err(needs_mapping("dropped"));
        }
        if self.is_partition(path) {
            return Err(Error::invalid(format!(
                "the table is partitioned by {shown}, which cannot be dropped; make it anew with CREATE OR REPLACE TABLE"
            )));
        }
        if self.is_clustered_by(path) {
            return Err(Error::invalid(format!(
                "the table is clustered by {shown}, which cannot be dropped; change that first with CLUSTER BY"
            )));
        }
        let fields = struct_mut(&mut self.schema, parent)?;
        let place = place_of(fields, name)?;
        if fields.fields.len() == 1 {
            return Err(Error::invalid(match parent.is_empty() {
                true => format!("{shown} is the only column of the table, which has one at least"),
                false => {
                    format!("{shown} is the only field of its struct; drop {} instead", parent.join("."))
                }
            }));
        }
        fields.fields.remove(place);
        self.change_stats_columns(path, None);
        Ok(())
    }

    /// Gives a column or field another name. Files keep the old one ("Column Mapping").
    ///
    /// # Errors
    /// When columns are not mapped, and when there is one of the new name.
    pub fn rename_column(&mut self, path: &[String], to: &str) -> Result<()> {
        let (name, parent) = self.last_field(path)?;
        if self.mode == ColumnMappingMode::None {
            return Err(needs_mapping("renamed"));
        }
        let is_partition = self.is_partition(path);
        let fields = struct_mut(&mut self.schema, parent)?;
        let place = place_of(fields, name)?;
        let is_other =
            |(other, field): (usize, &StructField)| other != place && field.name.eq_ignore_ascii_case(to);
        if fields.fields.iter().enumerate().any(is_other) {
            return Err(Error::invalid(format!("there is a column {} already", self::shown(parent, to))));
        }
        field_mut(fields, name)?.name = to.to_owned();
        if is_partition {
            for column in &mut self.metadata.partition_columns {
                if column.eq_ignore_ascii_case(name) {
                    to.clone_into(column);
                }
            }
        }
        self.change_stats_columns(path, Some(to));
        Ok(())
    }

    /// Moves a column among those of the table, or a field within its struct.
    ///
    /// # Errors
    /// When the place is not there.
    pub fn move_column(&mut self, path: &[String], place: &ColumnPlace) -> Result<()> {
        let (name, parent) = self.last_field(path)?;
        let fields = struct_mut(&mut self.schema, parent)?;
        if let ColumnPlace::After(other) = place
            && other.eq_ignore_ascii_case(name)
        {
            return Err(Error::invalid(format!("{name} cannot come after itself")));
        }
        let from = place_of(fields, name)?;
        // The place must be there before the field is taken out.
        place_for(fields, place)?;
        let field = fields.fields.remove(from);
        let to = place_for(fields, place)?;
        fields.fields.insert(to, field);
        Ok(())
    }

    /// A column or field of a struct, to change what it says of itself.
    ///
    /// # Errors
    /// When the path leads nowhere, or to what an array or map holds.
    pub fn field_mut(&mut self, path: &[String]) -> Result<&mut StructField> {
        let (name, parent) = self.last_field(path)?;
        field_mut(struct_mut(&mut self.schema, parent)?, name)
    }

    /// Whether the path leads to a column that the table is partitioned by.
    pub fn is_partition(&self, path: &[String]) -> bool {
        match path {
            [name] => self.metadata.partition_columns.iter().any(|column| column.eq_ignore_ascii_case(name)),
            _ => false,
        }
    }

    /// Whether the table is clustered by the column, or by a field in it.
    fn is_clustered_by(&self, path: &[String]) -> bool {
        let mut physical = Vec::new();
        let mut fields = Some(&self.schema);
        for name in path {
            let Some(field) = fields.and_then(|fields| fields.field(name)) else { return false };
            physical.push(field.physical_name(self.mode).to_owned());
            fields = match &field.data_type {
                DataType::Struct(nested) => Some(nested),
                _ => None,
            };
        }
        self.clustering.iter().any(|column| column.starts_with(&physical))
    }

    fn last_field<'a>(&self, path: &'a [String]) -> Result<(&'a String, &'a [String])> {
        let shown = path.join(".");
        if resolve(&self.schema, path).is_err() {
            return Err(Error::invalid(format!("there is no column or field {shown}")));
        }
        match split_trail(&self.schema, path) {
            ([parent @ .., name], []) => Ok((name, parent)),
            _ => Err(Error::invalid(format!(
                "{shown} is what an array or map holds, not a column or field; only its type can change"
            ))),
        }
    }

    /// Keeps the list of columns with statistics right.
    fn change_stats_columns(&mut self, path: &[String], to: Option<&str>) {
        let Some(text) = self.metadata.configuration.get(STATS_COLUMNS_KEY) else { return };
        let old = path.join(".").to_lowercase();
        let renamed = to.map(|to| match path.split_last() {
            Some((_, parent)) => self::shown(parent, to),
            None => to.to_owned(),
        });
        let mut columns = Vec::new();
        for column in crate::properties::split_columns(text) {
            let plain = column.replace('`', "").to_lowercase();
            match plain.strip_prefix(&old) {
                Some(rest) if rest.is_empty() || rest.starts_with('.') => {
                    columns.extend(renamed.as_ref().map(|renamed| format!("{renamed}{rest}")));
                }
                _ => columns.push(column),
            }
        }
        self.metadata.configuration.insert(STATS_COLUMNS_KEY.to_owned(), columns.join(","));
    }
}

fn shown(parent: &[String], name: &str) -> String {
    match parent.is_empty() {
        true => name.to_owned(),
        false => format!("{}.{name}", parent.join(".")),
    }
}

fn place_for(schema: &StructType, place: &ColumnPlace) -> Result<usize> {
    match place {
        ColumnPlace::Last => Ok(schema.fields.len()),
        ColumnPlace::First => Ok(0),
        ColumnPlace::After(name) => Ok(place_of(schema, name)? + 1),
    }
}

fn needs_mapping(what: &str) -> Error {
    Error::invalid(format!(
        "columns cannot be {what} while they are found by their names in files; ALTER TABLE … SET TBLPROPERTIES \
         ('delta.columnMapping.mode' = 'name') first"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::Metadata;
    use crate::actions::Protocol;
    use crate::schema::ArrayType;

    fn table(mode: ColumnMappingMode) -> Alteration {
        let inner = StructType {
            fields: vec![
                StructField::new("x", DataType::Long, true),
                StructField::new("y", DataType::Long, true),
            ],
        };
        let list = DataType::Array(Box::new(ArrayType {
            element_type: DataType::Struct(inner.clone()),
            contains_null: true,
        }));
        Alteration {
            schema: StructType {
                fields: vec![
                    StructField::new("a", DataType::Integer, true),
                    StructField::new("S", DataType::Struct(inner), true),
                    StructField::new("l", list, true),
                    StructField::new("p", DataType::String, true),
                ],
            },
            metadata: Metadata {
                partition_columns: vec!["p".to_owned()],
                configuration: [(STATS_COLUMNS_KEY.to_owned(), "a,S.x".to_owned())].into(),
                ..Metadata::default()
            },
            protocol: Protocol::default(),
            mode,
            clustering: vec![vec!["a".to_owned()]],
        }
    }

    fn path(text: &str) -> Vec<String> {
        text.split('.').map(str::to_owned).collect()
    }

    fn names(schema: &StructType) -> String {
        schema.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn columns_are_added_at_their_place() {
        let mut table = table(ColumnMappingMode::None);
        let field = |name: &str| StructField::new(name, DataType::Date, true);
        table.add_column(&[], field("first"), &ColumnPlace::First).unwrap();
        table.add_column(&[], field("b"), &ColumnPlace::After("A".to_owned())).unwrap();
        table.add_column(&path("l.element"), field("z"), &ColumnPlace::Last).unwrap();
        assert_eq!(names(&table.schema), "first a b S l p");
        assert!(resolve(&table.schema, &path("L.ELEMENT.Z")).is_ok());
        assert!(table.add_column(&[], field("s"), &ColumnPlace::Last).is_err());
        assert!(table.add_column(&path("a"), field("q"), &ColumnPlace::Last).is_err());
        let not_null = StructField::new("n", DataType::Date, false);
        assert!(table.add_column(&[], not_null, &ColumnPlace::Last).is_err());
        assert!(table.add_column(&[], field("n"), &ColumnPlace::After("nope".to_owned())).is_err());
    }

    #[test]
    fn columns_are_dropped_and_renamed_where_they_are_mapped() {
        let mut plain = table(ColumnMappingMode::None);
        assert!(plain.drop_column(&path("l")).is_err());
        assert!(plain.rename_column(&path("l"), "m").is_err());
        let mut table = table(ColumnMappingMode::Name);
        table.rename_column(&path("S.x"), "z").unwrap();
        assert_eq!(table.metadata.configuration[STATS_COLUMNS_KEY], "a,S.z");
        table.rename_column(&path("p"), "P2").unwrap();
        assert_eq!(table.metadata.partition_columns, ["P2"]);
        for kept in ["P2", "a", "l.element", "nope"] {
            assert!(table.drop_column(&path(kept)).is_err(), "{kept}");
        }
        table.drop_column(&path("S.z")).unwrap();
        assert!(table.drop_column(&path("S.y")).is_err());
        table.drop_column(&path("S")).unwrap();
        assert_eq!(names(&table.schema), "a l P2");
        assert_eq!(table.metadata.configuration[STATS_COLUMNS_KEY], "a");
        assert!(table.rename_column(&path("a"), "L").is_err());
    }

    #[test]
    fn columns_move() {
        let mut table = table(ColumnMappingMode::None);
        table.move_column(&path("l"), &ColumnPlace::First).unwrap();
        table.move_column(&path("a"), &ColumnPlace::After("p".to_owned())).unwrap();
        table.move_column(&path("s.y"), &ColumnPlace::First).unwrap();
        assert_eq!(names(&table.schema), "l S p a");
        assert!(table.move_column(&path("l"), &ColumnPlace::After("l".to_owned())).is_err());
        assert!(table.move_column(&path("l"), &ColumnPlace::After("nope".to_owned())).is_err());
        assert_eq!(names(&table.schema), "l S p a");
    }
}
