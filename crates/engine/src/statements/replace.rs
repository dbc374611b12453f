//! What INSERT OVERWRITE, REPLACE WHERE and REPLACE USING take away before the new rows come.

use super::rows::deletion;
use crate::delta::changes::Outcome;
use crate::delta::commit::{Written, commit};
use crate::delta::evolve::Evolved;
use crate::delta::qualifiers::TargetName;
use crate::delta::reads::Reads;
use crate::delta::written::WrittenRows;
use crate::lake::GIVEN_SCHEMA;
use crate::session::Run;
use crate::{Error, ErrorKind, Position, Result, syntax};
use datafusion::datasource::ViewTable;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::sqlparser::ast::{self, Ident};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use tarn_delta::actions::{AddCdcFile, PartitionValues};
use tarn_delta::partition_values::{format_partition_value, parse_partition_value};
use tarn_delta::snapshot::Snapshot;
use tarn_delta::transaction::{Operation, Transaction};
use tarn_delta::write::remove_files;
use tarn_dialect::{Expression, Insert, InsertMode};

/// Whether what the statement replaces may be a part of a file: then the change feed is told of each row.
pub(super) fn may_split_files(insert: &Insert) -> bool {
    match &insert.mode {
        InsertMode::ReplaceWhere(_) | InsertMode::ReplaceUsing(_) => true,
        InsertMode::Overwrite => {
            !insert.partition.is_empty() && insert.partition.iter().all(|partition| partition.value.is_some())
        }
        InsertMode::Append => false,
    }
}

/// The new rows with a last column that says whether they are among those that REPLACE WHERE replaces.
pub(super) async fn with_condition(
    run: &Run<'_>,
    plan: LogicalPlan,
    insert: &Insert,
    condition: &Expression,
) -> Result<LogicalPlan> {
    let name = TargetName::of(run, &insert.table, None)?;
    run.session.lake.give("new", Arc::new(ViewTable::new(plan, None)));
    let from = syntax::from(&format!("{GIVEN_SCHEMA}.new AS {}", syntax::quoted(&name.alias.value)))?;
    let mut holds = condition.expr.as_ref().clone();
    name.shorten(&mut holds);
    let items = vec![syntax::all(), syntax::named(holds, "__tarn_holds")];
    run.plan(syntax::select(items, from, None)?).await
}

/// Commits the new rows, and what they replace.
pub(super) async fn settle(
    run: &Run<'_>,
    snapshot: &Arc<Snapshot>,
    insert: &Insert,
    evolved: Option<Evolved>,
    mut written: Written,
) -> Result<()> {
    let mut files = written.new_files();
    let replaced = match replaced(run, snapshot, insert, &written).await {
        Ok(replaced) => replaced,
        Err(error) => {
            remove_files(snapshot.table(), files.iter().map(String::as_str)).await;
            return Err(error);
        }
    };
    let mut operation = Operation::new("WRITE")
        .with("mode", "Overwrite")
        .with("partitionBy", json!(snapshot.metadata().partition_columns));
    if let Some(predicate) = &replaced.predicate {
        operation = operation.with("predicate", predicate.clone());
    }
    let outcome = replaced.outcome;
    operation.metrics = written.metrics();
    operation.metrics.insert("numRemovedFiles".to_owned(), outcome.removes.len().to_string());
    let mut transaction = Transaction::new(Arc::clone(snapshot), operation);
    match replaced.reads {
        Some(reads) => reads.tell(&mut transaction),
        None => transaction.read_whole_table(),
    }
    if let Some(evolved) = evolved {
        evolved.tell(&mut transaction);
    }
    if let Some(metadata) = written.metadata.take() {
        transaction.set_metadata(metadata);
    }
    files.extend(outcome.new_files());
    let change_files: Vec<AddCdcFile> =
        written.change_files.into_iter().chain(outcome.change_files).collect();
    if outcome.adds.is_empty() {
        // Whole files came and went, from which readers of the feed know all.
        remove_files(snapshot.table(), change_files.iter().map(|file| file.path.as_str())).await;
    } else {
        change_files.into_iter().for_each(|file| transaction.cdc(file));
    }
    written.adds.into_iter().chain(outcome.adds).for_each(|add| transaction.add(add));
    for remove in outcome.removes {
        transaction.read_file(&remove.path);
        transaction.remove(remove);
    }
    commit(transaction, snapshot.table(), &files).await?;
    Ok(())
}

struct Replaced {
    outcome: Outcome,
    predicate: Option<String>,
    reads: Option<Arc<Reads>>,
}

async fn replaced(
    run: &Run<'_>,
    snapshot: &Arc<Snapshot>,
    insert: &Insert,
    written: &Written,
) -> Result<Replaced> {
    let name = TargetName::of(run, &insert.table, None)?;
    match &insert.mode {
        InsertMode::ReplaceWhere(condition) => {
            let deleted = deletion(run, snapshot, &name, condition.expr.as_ref().clone()).await?;
            Ok(Replaced {
                outcome: deleted.0,
                predicate: Some(condition.text.clone()),
                reads: Some(deleted.1),
            })
        }
        InsertMode::ReplaceUsing(columns) => {
            run.session.lake.give("new", Arc::new(WrittenRows::new(snapshot, &written.adds)));
            let condition = matches_new_row(snapshot, &name.alias, columns)?;
            let deleted = deletion(run, snapshot, &name, condition).await?;
            Ok(Replaced { outcome: deleted.0, predicate: None, reads: Some(deleted.1) })
        }
        InsertMode::Overwrite | InsertMode::Append => {
            let has_dynamic = insert.partition.iter().any(|partition| partition.value.is_none());
            let conditions: Vec<ast::Expr> = insert
                .partition
                .iter()
                .filter_map(|partition| {
                    let value = partition.value.as_ref()?;
                    let column = syntax::column(&name.alias, &partition.column.value);
                    Some(syntax::same(column, value.expr.as_ref().clone()))
                })
                .collect();
            if has_dynamic {
                return dynamic(snapshot, written);
            }
            match syntax::all_of(conditions) {
                Some(condition) => {
                    let shown = condition.to_string();
                    let deleted = deletion(run, snapshot, &name, condition).await?;
                    Ok(Replaced { outcome: deleted.0, predicate: Some(shown), reads: Some(deleted.1) })
                }
                None => Ok(Replaced { outcome: all_files(snapshot), predicate: None, reads: None }),
            }
        }
    }
}

/// Dynamic partition overwrite: the partitions go that have new rows.
fn dynamic(snapshot: &Snapshot, written: &Written) -> Result<Replaced> {
    let new = written.adds.iter().map(|add| partition_of(snapshot, &add.partition_values));
    let new: BTreeSet<Vec<Option<String>>> = new.collect::<Result<_>>()?;
    let mut outcome = Outcome::default();
    let now = tarn_platform::unix_millis();
    for file in snapshot.files().iter() {
        let add = file.to_add();
        if new.contains(&partition_of(snapshot, &add.partition_values)?) {
            outcome.removes.push(add.to_remove(now, true));
        }
    }
    Ok(Replaced { outcome, predicate: None, reads: None })
}

/// The values of a partition in one spelling, whoever wrote them.
fn partition_of(snapshot: &Snapshot, values: &PartitionValues) -> Result<Vec<Option<String>>> {
    let columns = &snapshot.metadata().partition_columns;
    let fields = columns.iter().filter_map(|name| snapshot.schema().field(name));
    let spelled = fields.map(|field| {
        let value = values.get(field.physical_name(snapshot.column_mapping()));
        let value = parse_partition_value(value.and_then(|value| value.as_deref()), &field.data_type)?;
        Ok(format_partition_value(&value, 0)?)
    });
    spelled.collect()
}

fn all_files(snapshot: &Snapshot) -> Outcome {
    let now = tarn_platform::unix_millis();
    let removes = snapshot.files().iter().map(|file| file.to_add().to_remove(now, true));
    Outcome { removes: removes.collect(), ..Outcome::default() }
}

/// Whether a row agrees with a new one in some columns; nulls agree with nulls.
fn matches_new_row(snapshot: &Snapshot, alias: &Ident, columns: &[Ident]) -> Result<ast::Expr> {
    let new = Ident::new("__tarn_new");
    let mut conditions = Vec::with_capacity(columns.len());
    for column in columns {
        let field = snapshot.schema().field(&column.value);
        let known = snapshot.schema().names();
        let field =
            field.ok_or_else(|| Error::no_column(&column.value, known).at(Position::of(column.span)))?;
        conditions.push(syntax::same(syntax::column(alias, &field.name), syntax::column(&new, &field.name)));
    }
    let Some(condition) = syntax::all_of(conditions) else {
        return Err(Error::new(ErrorKind::Invalid, "REPLACE USING names no columns"));
    };
    let from = syntax::from(&format!("{GIVEN_SCHEMA}.new AS {}", syntax::quoted(&new.value)))?;
    let query = syntax::select(vec![ast::SelectItem::UnnamedExpr(syntax::number(1))], from, Some(condition))?;
    Ok(ast::Expr::Exists { subquery: query, negated: false })
}
