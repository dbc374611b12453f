//! CONVERT TO DELTA: a folder of Parquet files becomes a table where it is.

use super::columns;
use super::done;
use super::open::TargetPlace;
use crate::delta::commit::commit;
use crate::query::Query;
use crate::session::Run;
use crate::target::Target;
use crate::{Error, ErrorKind, Position, Result, delta};
use datafusion::sql::sqlparser::ast::Spanned;
use serde_json::json;
use tarn_delta::convert::convert;
use tarn_delta::definition::TableDefinition;
use tarn_delta::transaction::{Operation, Transaction};
use tarn_dialect::ConvertToDelta;

pub(super) async fn run(run: &Run<'_>, statement: &ConvertToDelta) -> Result<Query> {
    let position = Position::of(statement.source.span());
    let place = match Target::of(&run.session.state(), &statement.source)? {
        Target::Path { format, path } if format == "parquet" => {
            delta::Place::of_path(run.session.engine.base(), &path).map_err(|error| error.at(position))?
        }
        // What is a table already stays one.
        _ => {
            let target = TargetPlace::of(run, &statement.source)?;
            target.open(run, &statement.source).await?;
            return Ok(done(run));
        }
    };
    let table = delta::table_store(run.session.engine.stores(), &place.url)?;
    match delta::open(run.session.engine.stores(), &place).await {
        Ok(_) => return Ok(done(run)),
        Err(error) if delta::is_absent(&error) => {}
        Err(error) => return Err(error.at(position)),
    }
    let partition_columns =
        statement.partitioned_by.iter().map(columns::column).collect::<Result<Vec<_>>>()?;
    if let Some(column) = statement.partitioned_by.iter().find(|column| column.generated.is_some()) {
        return Err(Error::new(ErrorKind::Invalid, "A partition column of files is not generated")
            .hint("Name the column and its type alone")
            .at(Position::of(column.name.span)));
    }
    let converted = convert(&table, &partition_columns, !statement.no_statistics).await;
    let converted = converted.map_err(|error| Error::from(error).at(position))?;
    let names: Vec<String> = partition_columns.iter().map(|column| column.name.clone()).collect();
    let definition = TableDefinition {
        schema: converted.schema,
        partition_columns: names.clone(),
        ..TableDefinition::default()
    };
    let defined = definition.define().map_err(|error| Error::from(error).at(position))?;
    let mut operation = Operation::new("CONVERT")
        .with("numFiles", converted.adds.len())
        .with("partitionedBy", json!(names))
        .with("collectStats", !statement.no_statistics)
        .with("sourceFormat", "parquet");
    operation.metrics.insert("numConvertedFiles".to_owned(), converted.adds.len().to_string());
    let mut transaction = Transaction::create(table.clone(), defined.protocol, defined.metadata, operation);
    converted.adds.into_iter().for_each(|add| transaction.add(add));
    // The files are not new: they stay whatever happens.
    commit(transaction, &table, &[]).await.map_err(|error| error.at(position))?;
    Ok(done(run))
}
