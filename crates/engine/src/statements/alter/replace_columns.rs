//! REPLACE COLUMNS: the columns of a table as a list, in its order; those that it names stay what they are.

use super::super::columns::column;
use super::{Altering, change_column, columns, described, mentions};
use crate::{Error, ErrorKind, Position, Result};
use serde_json::Value;
use std::collections::BTreeSet;
use tarn_delta::alter::ColumnPlace;
use tarn_delta::transaction::Operation;
use tarn_dialect::ColumnDefinition;

pub(super) fn replace(table: &mut Altering<'_>, list: &[ColumnDefinition]) -> Result<Option<Operation>> {
    let mut before: Option<String> = None;
    let mut named: BTreeSet<String> = BTreeSet::new();
    for definition in list {
        let position = Position::of(definition.name.span);
        let name = &definition.name.value;
        if !named.insert(name.to_lowercase()) {
            return Err(Error::new(ErrorKind::Invalid, format!("Column {name} is given twice")).at(position));
        }
        let place = before.take().map_or(ColumnPlace::First, ColumnPlace::After);
        let known = table.change.schema.field(name).map(|field| field.name.clone());
        match known {
            Some(known) => {
                keep(table, &known, definition).map_err(|error| error.at(position))?;
                let moved = table.change.move_column(std::slice::from_ref(&known), &place);
                moved.map_err(|error| Error::from(error).at(position))?;
                before = Some(known);
            }
            None => {
                columns::check_new(definition)?;
                let added = table.change.add_column(&[], column(definition)?, &place);
                added.map_err(|error| Error::from(error).at(position))?;
                before = Some(name.clone());
            }
        }
    }
    let all: Vec<String> = table.change.schema.fields.iter().map(|field| field.name.clone()).collect();
    for name in all.into_iter().filter(|name| !named.contains(&name.to_lowercase())) {
        let path = [name];
        mentions::refuse(table, &path, "left out").map_err(|error| error.at(table.position))?;
        table.change.drop_column(&path).map_err(|error| Error::from(error).at(table.position))?;
    }
    let shown: Vec<Value> = table.change.schema.fields.iter().map(|field| described(&[], field)).collect();
    Ok(Some(Operation::new("REPLACE COLUMNS").with("columns", Value::from(shown))))
}

/// A column that stays: its type is the same, or wider; its comment is the list's.
fn keep(table: &mut Altering<'_>, name: &str, definition: &ColumnDefinition) -> Result<()> {
    let path = [name.to_owned()];
    change_column::change_type(table, &path, &definition.column_type)?;
    let field = table.change.field_mut(&path)?;
    if definition.not_null && field.nullable {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!("Column {name} may be null; REPLACE COLUMNS does not look for nulls"),
        )
        .hint(format!("ALTER COLUMN {name} SET NOT NULL does")));
    }
    field.nullable = !definition.not_null;
    match &definition.comment {
        Some(comment) => field.metadata.insert("comment".to_owned(), comment.clone().into()),
        None => field.metadata.remove("comment"),
    };
    Ok(())
}
