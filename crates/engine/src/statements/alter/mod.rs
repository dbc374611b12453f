//! ALTER TABLE: what each operation changes, and the one commit in which it ends.

mod change_column;
mod columns;
mod constraints;
mod mentions;
mod properties;
mod replace_columns;
mod rows;

pub(super) use change_column::comment_on_column;
pub(super) use properties::comment_on_table;

use super::done;
use super::open::TargetPlace;
use crate::delta::commit::commit;
use crate::delta::reads::Reads;
use crate::query::Query;
use crate::session::Run;
use crate::{Error, ErrorKind, Position, Result, names};
use datafusion::sql::sqlparser::ast::{Ident, ObjectName};
use serde_json::{Value, json};
use std::sync::Arc;
use tarn_delta::actions::{Add, DomainMetadata};
use tarn_delta::alter::{Alteration, ColumnPlace, resolve};
use tarn_delta::schema::StructField;
use tarn_delta::snapshot::Snapshot;
use tarn_delta::transaction::{Operation, Transaction};
use tarn_dialect::{AlterOperation, AlterTable, ColumnPath, ColumnPosition};

pub(super) async fn run(run: &Run<'_>, alter: &AlterTable) -> Result<Query> {
    if let Some(error) = unsupported(&alter.operation) {
        return Err(error);
    }
    let mut table = Altering::open(run, &alter.name).await?;
    let operation = match &alter.operation {
        AlterOperation::AddColumns(columns) => columns::add(&mut table, columns)?,
        AlterOperation::DropColumns { columns, if_exists } => columns::drop(&mut table, columns, *if_exists)?,
        AlterOperation::RenameColumn { from, to } => columns::rename(&mut table, from, to)?,
        AlterOperation::AlterColumns(columns) => change_column::change(&mut table, columns).await?,
        AlterOperation::ReplaceColumns(columns) => replace_columns::replace(&mut table, columns)?,
        AlterOperation::AddConstraint(constraint) => constraints::add(&mut table, constraint).await?,
        AlterOperation::DropConstraint { name, if_exists } => {
            constraints::drop(&mut table, name, *if_exists)?
        }
        AlterOperation::DropKey { foreign_key, if_exists } => {
            return constraints::drop_key(&table, foreign_key.is_some(), *if_exists);
        }
        AlterOperation::SetProperties(list) => properties::set(&mut table, list).await?,
        AlterOperation::UnsetProperties { keys, if_exists } => {
            properties::unset(&mut table, keys, *if_exists)?
        }
        AlterOperation::ClusterBy(by) => properties::cluster_by(&mut table, by).await?,
        AlterOperation::DropFeature { feature, truncate_history } => {
            properties::drop_feature(&mut table, feature, *truncate_history)?
        }
        // Said above.
        AlterOperation::Rename(_) | AlterOperation::SetLocation(_) => None,
    };
    table.commit(operation).await
}

fn unsupported(operation: &AlterOperation) -> Option<Error> {
    match operation {
        AlterOperation::Rename(name) => {
            let position = Position::of(datafusion::sql::sqlparser::ast::Spanned::span(name));
            let message =
                "Tables cannot be renamed: a table's name is its folder, and stores do not move folders";
            let hint = format!("Write CREATE TABLE {name} AS SELECT * FROM the table, and drop the old one");
            Some(Error::new(ErrorKind::Unsupported, message).hint(hint).at(position))
        }
        AlterOperation::SetLocation(path) => {
            let message =
                "Tables cannot be moved to another location: a table with a name lies under its name";
            let hint = format!("A table at any place is delta.`{}`", path.value);
            Some(Error::new(ErrorKind::Unsupported, message).hint(hint).at(Position::of(path.span)))
        }
        _ => None,
    }
}

/// A table that a statement alters.
pub(super) struct Altering<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) position: Option<Position>,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) change: Alteration,
    pub(super) domains: Vec<DomainMetadata>,
    /// Files that are committed again.
    pub(super) adds: Vec<Add>,
    /// What was read of the rows.
    pub(super) reads: Vec<Arc<Reads>>,
    /// Whether every file counts as read.
    pub(super) reads_all: bool,
}

impl<'a> Altering<'a> {
    pub(super) async fn open(run: &'a Run<'a>, name: &ObjectName) -> Result<Self> {
        let target = TargetPlace::of(run, name)?;
        let snapshot = target.open(run, name).await?;
        Ok(Self {
            run,
            position: target.position,
            change: Alteration::of(&snapshot),
            snapshot,
            domains: Vec::new(),
            adds: Vec::new(),
            reads: Vec::new(),
            reads_all: false,
        })
    }

    /// The path of a column or field, as the table spells it.
    pub(super) fn column(&self, column: &ColumnPath) -> Result<Vec<String>> {
        let path = column.names();
        resolve(&self.change.schema, &path).map_err(|missing| {
            let name = path.get(missing.place).map(String::as_str).unwrap_or_default();
            let what = if missing.place == 0 { "column" } else { "field" };
            let error =
                Error::new(ErrorKind::NotFound, format!("There is no {what} {}", names::quoted(name)))
                    .at(Position::of(column.span()));
            let known = || missing.known.iter().map(String::as_str);
            match (names::nearest(name, known()), missing.known.is_empty()) {
                (Some(near), _) => error.hint(format!("Did you mean {}?", names::quoted(near))),
                (None, false) => error.hint(format!("There are {}", names::listed(known()))),
                (None, true) => error.hint("Only structs, arrays and maps have something within"),
            }
        })
    }

    /// The parent of a new field, as the table spells it.
    pub(super) fn parent(&self, parts: &[Ident]) -> Result<Vec<String>> {
        match parts {
            [] => Ok(Vec::new()),
            parts => self.column(&ColumnPath { parts: parts.to_vec() }),
        }
    }

    /// Ends the statement: commits, where anything has changed.
    pub(super) async fn commit(self, operation: Option<Operation>) -> Result<Query> {
        let (Some(operation), position) = (operation, self.position) else { return Ok(done(self.run)) };
        let at = |error: tarn_delta::Error| Error::from(error).at(position);
        let altered = self.change.finish(&self.snapshot).map_err(at)?;
        let has_changed = altered.metadata != *self.snapshot.metadata() || altered.protocol.is_some();
        if !has_changed && self.domains.is_empty() && self.adds.is_empty() {
            return Ok(done(self.run));
        }
        let mut transaction = Transaction::new(Arc::clone(&self.snapshot), operation);
        if has_changed {
            altered.tell(&mut transaction);
        }
        self.reads.iter().for_each(|reads| reads.tell(&mut transaction));
        if self.reads_all {
            transaction.read_whole_table();
        }
        self.domains.into_iter().for_each(|domain| transaction.set_domain(domain));
        self.adds.into_iter().for_each(|add| transaction.add(add));
        commit(transaction, self.snapshot.table(), &[]).await.map_err(|error| error.at(position))?;
        Ok(done(self.run))
    }
}

fn place_of(position: Option<&ColumnPosition>) -> ColumnPlace {
    match position {
        None => ColumnPlace::Last,
        Some(ColumnPosition::First) => ColumnPlace::First,
        Some(ColumnPosition::After(other)) => ColumnPlace::After(other.value.clone()),
    }
}

/// A place as Spark's history has it.
fn shown_place(position: &ColumnPosition) -> String {
    match position {
        ColumnPosition::First => "FIRST".to_owned(),
        ColumnPosition::After(other) => format!("AFTER {}", other.value),
    }
}

/// A column as Spark's history has it.
fn described(parent: &[String], field: &StructField) -> Value {
    let kind = field.data_type.to_json_value();
    let kind = kind.as_str().or_else(|| kind.get("type")?.as_str()).unwrap_or_default().to_owned();
    let name: Vec<&str> = parent.iter().map(String::as_str).chain([field.name.as_str()]).collect();
    json!({ "name": name.join("."), "type": kind, "nullable": field.nullable, "metadata": field.metadata })
}
