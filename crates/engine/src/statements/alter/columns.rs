//! ADD COLUMNS, DROP COLUMNS and RENAME COLUMN.

use super::super::columns::column;
use super::{Altering, described, mentions, place_of, shown_place};
use crate::{Error, ErrorKind, Position, Result};
use datafusion::sql::sqlparser::ast::Ident;
use serde_json::{Value, json};
use tarn_delta::transaction::Operation;
use tarn_dialect::{AddColumn, ColumnDefinition, ColumnPath, Generated};

pub(super) fn add(table: &mut Altering<'_>, columns: &[AddColumn]) -> Result<Option<Operation>> {
    let mut added = Vec::new();
    for new in columns {
        let position = Position::of(new.column.name.span);
        check_new(&new.column)?;
        let parent = table.parent(&new.parent)?;
        let field = column(&new.column)?;
        let mut entry = json!({ "column": described(&parent, &field) });
        if let (Some(place), Some(entry)) = (&new.position, entry.as_object_mut()) {
            entry.insert("position".to_owned(), shown_place(place).into());
        }
        added.push(entry);
        let changed = table.change.add_column(&parent, field, &place_of(new.position.as_ref()));
        changed.map_err(|error| Error::from(error).at(position))?;
    }
    Ok(Some(Operation::new("ADD COLUMNS").with("columns", Value::from(added))))
}

/// What a new column of a table with rows cannot have, since the rows have no value in it.
pub(super) fn check_new(column: &ColumnDefinition) -> Result<()> {
    let name = &column.name.value;
    if let Some(default) = &column.default {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!("The new column {name} cannot have a default: rows that are there would not have it"),
        )
        .hint(format!("Add the column without, then ALTER COLUMN {name} SET DEFAULT for rows that come"))
        .at(Position::of(default.span)));
    }
    match &column.generated {
        None => Ok(()),
        Some(Generated::Expression(_) | Generated::Identity(_)) => Err(Error::new(
            ErrorKind::Invalid,
            format!(
                "The new column {name} cannot be generated: rows that are there would have no value in it"
            ),
        )
        .hint("Make the table anew with CREATE OR REPLACE TABLE")
        .at(Position::of(column.name.span))),
    }
}

pub(super) fn drop(
    table: &mut Altering<'_>,
    columns: &[ColumnPath],
    if_exists: bool,
) -> Result<Option<Operation>> {
    let mut dropped = Vec::new();
    for column in columns {
        let position = Position::of(column.span());
        let path = match table.column(column) {
            Ok(path) => path,
            Err(error) if if_exists && error.kind == ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        mentions::refuse(table, &path, "dropped").map_err(|error| error.at(position))?;
        table.change.drop_column(&path).map_err(|error| Error::from(error).at(position))?;
        dropped.push(path.join("."));
    }
    Ok((!dropped.is_empty()).then(|| Operation::new("DROP COLUMNS").with("columns", json!(dropped))))
}

pub(super) fn rename(table: &mut Altering<'_>, from: &ColumnPath, to: &Ident) -> Result<Option<Operation>> {
    let position = Position::of(from.span());
    let path = table.column(from)?;
    if path.last() == Some(&to.value) {
        return Ok(None);
    }
    mentions::refuse(table, &path, "renamed").map_err(|error| error.at(position))?;
    table.change.rename_column(&path, &to.value).map_err(|error| Error::from(error).at(position))?;
    let mut renamed = path.clone();
    renamed.pop();
    renamed.push(to.value.clone());
    Ok(Some(
        Operation::new("RENAME COLUMN")
            .with("oldColumnPath", path.join("."))
            .with("newColumnPath", renamed.join(".")),
    ))
}
