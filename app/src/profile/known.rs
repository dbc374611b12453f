//! What metadata knows of columns before a row is read: the footers of Parquet files, the log of a Delta table.

use super::Shape;
use crate::asked::Answer;
use crate::engine_client::EngineClient;
use crate::json_text;
use crate::source::{ColumnOf, Source};
use crate::sql_literal;
use tarn_rpc::ErrorReport;

/// More files than this have statistics that take longer to read than a sample.
const MAX_FILES: usize = 2_000;
/// More bounds than this make a statement too long.
const MAX_BOUNDS: usize = 20_000;
/// Texts that are shorter than this are no cut ones: Delta keeps 32 characters, writers of Parquet 64 bytes.
const CUT_CHARACTERS: usize = 32;

/// What is known of a column. What is not known is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// Rows.
    pub(crate) rows: Option<u64>,
    /// Rows that are null.
    pub(crate) nulls: Option<u64>,
    /// The least and the greatest value.
    pub(crate) bounds: Option<Bounds>,
}

/// The least and the greatest value of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// The least.
    pub(crate) least: String,
    /// The greatest.
    pub(crate) greatest: String,
    /// Whether no value was cut.
    pub(crate) are_exact: bool,
}

/// What is known of columns of one source, in their order.
pub(crate) async fn read(engine: EngineClient, columns: &[ColumnOf]) -> Result<Vec<Known>, ErrorReport> {
    let nothing = || vec![Known::default(); columns.len()];
    let Some(source) = columns.first().map(|column| &column.source) else { return Ok(Vec::new()) };
    match source {
        Source::Result { .. } => {
            let sql = format!("SELECT count(*) AS n FROM {}", source.sql());
            let rows = engine.ask_over(sql, source.over()).await?.number(0, "n");
            Ok(vec![Known { rows, ..Known::default() }; columns.len()])
        }
        Source::File { .. } => match source.parquet_path() {
            Some(path) => Ok(of_footers(&engine.ask(footers(path, columns)).await?, columns)),
            None => Ok(nothing()),
        },
        Source::Table { table, version } => of_log(engine, &table.sql_text(*version), columns).await,
        Source::View { .. } => Ok(nothing()),
    }
}

/// The type that statistics of a column are compared in, where they are texts of that type.
fn comparable(column: &ColumnOf) -> Option<&str> {
    match Shape::of(&column.type_name) {
        Shape::Integer | Shape::Decimal | Shape::Real | Shape::Time | Shape::Boolean | Shape::Text => {
            Some(&column.type_name)
        }
        _ => None,
    }
}

/// Statistics of all row groups, put together by the engine: it compares values as what they are.
fn footers(path: &str, columns: &[ColumnOf]) -> String {
    let path = sql_literal::text(path);
    let mut list = vec![format!("(SELECT sum(num_rows) FROM parquet_file_metadata({path})) AS all_rows")];
    for (at, column) in columns.iter().enumerate() {
        let of = format!("path_in_schema = {}", sql_literal::text(&column.title()));
        // A chunk of nulls alone has no bounds, and needs none.
        let is_open =
            "stats_min_value IS NULL AND (stats_null_count IS NULL OR stats_null_count < num_values)";
        list.push(format!("count(*) FILTER (WHERE {of}) AS chunks_{at}"));
        list.push(format!("count(stats_null_count) FILTER (WHERE {of}) AS counted_{at}"));
        list.push(format!("sum(stats_null_count) FILTER (WHERE {of}) AS nulls_{at}"));
        if let Some(type_name) = comparable(column) {
            list.push(format!("count(*) FILTER (WHERE {of} AND {is_open}) AS open_{at}"));
            list.push(format!(
                "min(TRY_CAST(stats_min_value AS {type_name})) FILTER (WHERE {of}) AS least_{at}"
            ));
            list.push(format!(
                "max(TRY_CAST(stats_max_value AS {type_name})) FILTER (WHERE {of}) AS greatest_{at}"
            ));
        }
    }
    format!("SELECT {} FROM parquet_metadata({path})", list.join(", "))
}

fn of_footers(answer: &Answer, columns: &[ColumnOf]) -> Vec<Known> {
    let rows = answer.number(0, "all_rows");
    let of = |(at, column): (usize, &ColumnOf)| {
        let number = |name: &str| answer.number(0, &format!("{name}_{at}"));
        let chunks = number("chunks").unwrap_or_default();
        let are_counted = chunks > 0 && number("counted") == Some(chunks);
        let has_bounds = chunks > 0 && number("open") == Some(0);
        Known {
            rows,
            nulls: number("nulls").filter(|_| are_counted),
            bounds: bounds(answer, at, column).filter(|_| has_bounds),
        }
    };
    columns.iter().enumerate().map(of).collect()
}

fn bounds(answer: &Answer, at: usize, column: &ColumnOf) -> Option<Bounds> {
    let text = |name: &str| answer.value(0, &format!("{name}_{at}")).map(str::to_owned);
    let (least, greatest) = (text("least")?, text("greatest")?);
    let are_exact = match Shape::of(&column.type_name) {
        Shape::Text => least.chars().count().max(greatest.chars().count()) < CUT_CHARACTERS,
        // Statistics leave NaN out, and tables cut points in time.
        Shape::Real => false,
        Shape::Time => !matches!(column.source, Source::Table { .. }) || column.type_name == "DATE",
        _ => true,
    };
    Some(Bounds { least, greatest, are_exact })
}

/// What the log of a table says of its files.
#[derive(Debug, Default)]
struct File {
    leaves: Vec<json_text::Leaf>,
    has_deleted: bool,
}

impl File {
    fn find(&self, kind: &str, column: &ColumnOf) -> Option<String> {
        let is_it = |path: &[String]| {
            path.split_first().is_some_and(|(first, rest)| first == kind && rest == column.path.as_slice())
        };
        self.leaves.iter().find(|(path, _)| is_it(path)).and_then(|(_, value)| value.clone())
    }
}

async fn of_log(engine: EngineClient, table: &str, columns: &[ColumnOf]) -> Result<Vec<Known>, ErrorReport> {
    let sums = format!(
        "SELECT count(*) AS files, count(num_records) AS counted, sum(num_records) AS records, \
         sum(deleted_rows) AS deleted FROM table_files({table})"
    );
    let sums = engine.ask(sums).await?;
    let files = sums.number(0, "files").unwrap_or_default();
    let is_counted = sums.number(0, "counted") == Some(files);
    let deleted = sums.number(0, "deleted").unwrap_or_default();
    let records = sums.number(0, "records").unwrap_or_default();
    let rows = is_counted.then(|| records.saturating_sub(deleted));
    let mut known = vec![Known { rows, ..Known::default() }; columns.len()];
    let count = usize::try_from(files).unwrap_or(usize::MAX);
    if files == 0 || count > MAX_FILES || count.saturating_mul(columns.len()) > MAX_BOUNDS {
        return Ok(known);
    }
    let answer = engine.ask(format!("SELECT stats, deleted_rows FROM table_files({table})")).await?;
    let files: Vec<File> = (0..answer.rows.len())
        .map(|row| File {
            leaves: json_text::leaves(answer.value(row, "stats").unwrap_or_default()),
            has_deleted: answer.number(row, "deleted_rows").unwrap_or_default() > 0,
        })
        .collect();
    // Nobody wrote down which of the deleted rows were null, or the least.
    if files.iter().any(|file| file.has_deleted) {
        return Ok(known);
    }
    for (column, known) in columns.iter().zip(&mut known) {
        let nulls = files.iter().map(|file| file.find("nullCount", column)?.parse::<u64>().ok());
        known.nulls = nulls.sum();
    }
    if let Some(sql) = bounds_of_files(&files, columns, &known) {
        let answer = engine.ask(sql).await?;
        for (at, (column, known)) in columns.iter().zip(&mut known).enumerate() {
            known.bounds = bounds(&answer, at, column);
        }
    }
    Ok(known)
}

/// The least and greatest of the files' bounds, compared by the engine.
fn bounds_of_files(files: &[File], columns: &[ColumnOf], known: &[Known]) -> Option<String> {
    let (mut list, mut wanted) = (Vec::new(), Vec::new());
    for (at, (column, known)) in columns.iter().zip(known).enumerate() {
        let Some(type_name) = comparable(column) else { continue };
        let has_all = files
            .iter()
            .all(|file| file.find("minValues", column).is_some() && file.find("maxValues", column).is_some());
        if has_all && known.nulls.is_some() {
            list.push(format!("min(TRY_CAST(l{at} AS {type_name})) AS least_{at}"));
            list.push(format!("max(TRY_CAST(g{at} AS {type_name})) AS greatest_{at}"));
            wanted.push((at, column));
        }
    }
    let names = wanted.iter().map(|(at, _)| format!("l{at}, g{at}")).collect::<Vec<_>>().join(", ");
    let row = |file: &File| {
        let values = wanted.iter().map(|(_, column)| {
            let value = |kind: &str| sql_literal::text(&file.find(kind, column).unwrap_or_default());
            format!("{}, {}", value("minValues"), value("maxValues"))
        });
        format!("({})", values.collect::<Vec<_>>().join(", "))
    };
    let rows = files.iter().map(row).collect::<Vec<_>>().join(", ");
    (!wanted.is_empty()).then(|| format!("SELECT {} FROM (VALUES {rows}) AS t({names})", list.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::kind_of;
    use crate::tables::TableName;

    fn column(name: &str, type_name: &str) -> ColumnOf {
        ColumnOf {
            source: Source::Table { table: TableName::Path("t".to_owned()), version: None },
            path: vec![name.to_owned()],
            place: 0,
            type_name: type_name.to_owned(),
            kind: kind_of(type_name),
        }
    }

    #[test]
    fn bounds_are_compared_only_where_all_files_have_them() {
        let file = |stats: &str| File { leaves: json_text::leaves(stats), has_deleted: false };
        let files = [
            file(
                r#"{"minValues":{"i":9007199254740993,"s":"it's"},"maxValues":{"i":9007199254740994,"s":"z"}}"#,
            ),
            file(r#"{"minValues":{"i":1},"maxValues":{"i":2}}"#),
        ];
        let columns = [column("i", "BIGINT"), column("s", "STRING")];
        let known = vec![Known { nulls: Some(0), ..Known::default() }; 2];
        assert_eq!(
            bounds_of_files(&files, &columns, &known).unwrap(),
            "SELECT min(TRY_CAST(l0 AS BIGINT)) AS least_0, max(TRY_CAST(g0 AS BIGINT)) AS greatest_0 FROM \
             (VALUES ('9007199254740993', '9007199254740994'), ('1', '2')) AS t(l0, g0)"
        );
        assert_eq!(bounds_of_files(&files, &[column("b", "BINARY")], &known), None);
    }
}
