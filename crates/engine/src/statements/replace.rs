//! What INSERT OVERWRITE, REPLACE WHERE and REPLACE USING take away before the new rows come.

use super::rows::{alias_of_name, deletion};
use crate::delta::changes::Outcome;
use crate::delta::commit::{Written, commit};
use crate::delta::evolve::Evolved;
use crate::delta::reads::Reads;
use crate::session::Run;
use crate::{Error, ErrorKind, Position, Result, syntax};
use datafusion::sql::sqlparser::ast::{self, Ident};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use tarn_delta::actions::{PartitionValues, Remove};
use tarn_delta::snapshot::Snapshot;
use tarn_delta::transaction::{Operation, Transaction};
use tarn_dialect::{Insert, InsertMode};

/// Commits the new rows, and what they replace.
pub(super) async fn settle(
    run: &Run<'_>,
    snapshot: &Arc<Snapshot>,
    insert: &Insert,
    evolved: Option<Evolved>,
    written: Written,
) -> Result<()> {
    let new_files: Vec<String> = written.adds.iter().map(|add| add.path.clone()).collect();
    let replaced = match replaced(run, snapshot, insert, &written).await {
        Ok(replaced) => replaced,
        Err(error) => {
            tarn_delta::write::remove_files(snapshot.table(), new_files.iter().map(String::as_str)).await;
            return Err(error);
        }
    };
    let mut operation = Operation::new("WRITE")
        .with("mode", "Overwrite")
        .with("partitionBy", json!(snapshot.metadata().partition_columns));
    if let Some(predicate) = &replaced.predicate {
        operation = operation.with("predicate", predicate.clone());
    }
    operation.metrics = written.metrics();
    operation.metrics.insert("numRemovedFiles".to_owned(), replaced.outcome.removes.len().to_string());
    let mut transaction = Transaction::new(Arc::clone(snapshot), operation);
    match replaced.reads {
        Some(reads) => reads.tell(&mut transaction),
        None => transaction.read_whole_table(),
    }
    if let Some(evolved) = evolved {
        evolved.tell(&mut transaction);
    }
    let mut files = replaced.outcome.new_files();
    files.extend(new_files);
    written.adds.into_iter().chain(replaced.outcome.adds).for_each(|add| transaction.add(add));
    for remove in replaced.outcome.removes {
        transaction.read_file(&remove.path);
        transaction.remove(remove);
    }
    // With the feed on, what a plain overwrite does follows from the files; only rows taken out of files are told.
    if !replaced.outcome.change_files.is_empty() {
        return Err(Error::new(ErrorKind::Internal, "A replacement has change files"));
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
    let alias = alias_of_name(&insert.table);
    match &insert.mode {
        InsertMode::ReplaceWhere(condition) => {
            let deleted = deletion(run, snapshot, &alias, Some(condition.expr.as_ref().clone())).await?;
            Ok(Replaced {
                outcome: deleted.0,
                predicate: Some(condition.text.clone()),
                reads: Some(deleted.1),
            })
        }
        InsertMode::ReplaceUsing(columns) => {
            let condition = matches_new_row(&alias, columns, insert)?;
            let deleted = deletion(run, snapshot, &alias, Some(condition)).await?;
            Ok(Replaced { outcome: deleted.0, predicate: None, reads: Some(deleted.1) })
        }
        InsertMode::Overwrite | InsertMode::Append => {
            let has_dynamic = insert.partition.iter().any(|partition| partition.value.is_none());
            let conditions: Vec<ast::Expr> = insert
                .partition
                .iter()
                .filter_map(|partition| {
                    let value = partition.value.as_ref()?;
                    let column = syntax::column(&alias, &partition.column.value);
                    Some(syntax::equals(column, value.expr.as_ref().clone()))
                })
                .collect();
            if has_dynamic {
                return dynamic(snapshot, insert, written);
            }
            match syntax::all_of(conditions) {
                Some(condition) => {
                    let shown = condition.to_string();
                    let deleted = deletion(run, snapshot, &alias, Some(condition)).await?;
                    Ok(Replaced { outcome: deleted.0, predicate: Some(shown), reads: Some(deleted.1) })
                }
                None => Ok(Replaced { outcome: all_files(snapshot, |_| true), predicate: None, reads: None }),
            }
        }
    }
}

/// Dynamic partition overwrite: the partitions go that have new rows.
fn dynamic(snapshot: &Snapshot, insert: &Insert, written: &Written) -> Result<Replaced> {
    let partition_columns = &snapshot.metadata().partition_columns;
    for partition in &insert.partition {
        if !partition_columns.iter().any(|name| name.eq_ignore_ascii_case(&partition.column.value)) {
            let message = format!("The table is not partitioned by {}", partition.column);
            return Err(Error::new(ErrorKind::Invalid, message).at(Position::of(partition.column.span)));
        }
    }
    let new: BTreeSet<&PartitionValues> = written.adds.iter().map(|add| &add.partition_values).collect();
    let outcome = all_files(snapshot, |values| new.contains(values));
    Ok(Replaced { outcome, predicate: None, reads: None })
}

fn all_files(snapshot: &Snapshot, is_replaced: impl Fn(&PartitionValues) -> bool) -> Outcome {
    let now = tarn_platform::unix_millis();
    let adds = snapshot.files().iter().map(|file| file.to_add());
    let removes: Vec<Remove> =
        adds.filter(|add| is_replaced(&add.partition_values)).map(|add| add.to_remove(now, true)).collect();
    Outcome { removes, ..Outcome::default() }
}

/// Whether a row agrees with a new one in some columns; nulls agree with nulls.
fn matches_new_row(alias: &Ident, columns: &[Ident], insert: &Insert) -> Result<ast::Expr> {
    let new = Ident::new("__tarn_new");
    let conditions = columns.iter().map(|column| {
        syntax::same(syntax::column(alias, &column.value), syntax::column(&new, &column.value))
    });
    let Some(condition) = syntax::all_of(conditions) else {
        return Err(Error::new(ErrorKind::Invalid, "REPLACE USING names no columns"));
    };
    let from = syntax::from_query(insert.query.clone(), &new)?;
    let query = syntax::select(vec![ast::SelectItem::UnnamedExpr(syntax::number(1))], from, Some(condition))?;
    Ok(ast::Expr::Exists { subquery: query, negated: false })
}
