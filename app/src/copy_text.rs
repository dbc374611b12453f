//! Rows as text for the clipboard, in the formats that other programs read. Values are the raw ones.

use crate::json_tree::{Json, is_exact, quote};
use crate::sql_literal;
use crate::tables::quoted;
use tarn_rpc::{Column, ColumnKind};

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CopyFormat {
    /// Values between tabs, as spreadsheets take them.
    Tsv,
    /// The same below a line of names.
    TsvWithNames,
    /// Values between commas, below a line of names.
    Csv,
    /// A table of Markdown.
    Markdown,
    /// A list of objects.
    Json,
    /// A statement that adds the rows to a table.
    Insert,
}

impl CopyFormat {
    /// All of them, in the order of the menu.
    pub(crate) const ALL: [Self; 6] =
        [Self::Tsv, Self::TsvWithNames, Self::Csv, Self::Markdown, Self::Json, Self::Insert];

    /// What the menu calls it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Tsv => "Copy",
            Self::TsvWithNames => "Copy with names",
            Self::Csv => "Copy as CSV",
            Self::Markdown => "Copy as Markdown",
            Self::Json => "Copy as JSON",
            Self::Insert => "Copy as SQL INSERT",
        }
    }
}

/// Rows of values; `None` is NULL.
pub(crate) type Values = Vec<Vec<Option<String>>>;

/// The rows as text.
///
/// # Errors
/// In words, when a format cannot say a value.
pub(crate) fn write(format: CopyFormat, columns: &[Column], rows: &Values) -> Result<String, String> {
    match format {
        CopyFormat::Tsv => Ok(lines(rows, '\t', tsv)),
        CopyFormat::TsvWithNames => Ok(with_names(columns, '\t', tsv) + &lines(rows, '\t', tsv)),
        CopyFormat::Csv => {
            let text = with_names(columns, ',', csv) + &lines(rows, ',', csv);
            Ok(text + "\n")
        }
        CopyFormat::Markdown => Ok(markdown(columns, rows)),
        CopyFormat::Json => Ok(json(columns, rows)),
        CopyFormat::Insert => insert(columns, rows),
    }
}

fn with_names(columns: &[Column], separator: char, write: fn(Option<&str>) -> String) -> String {
    let names: Vec<String> = columns.iter().map(|column| write(Some(&column.name))).collect();
    names.join(&separator.to_string()) + "\n"
}

fn lines(rows: &Values, separator: char, write: fn(Option<&str>) -> String) -> String {
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        for (at, value) in row.iter().enumerate() {
            if at > 0 {
                text.push(separator);
            }
            text.push_str(&write(value.as_deref()));
        }
    }
    text
}

/// As Excel and Sheets read it: only what would break a cell is quoted.
fn tsv(value: Option<&str>) -> String {
    let value = value.unwrap_or_default();
    if value.contains(['\t', '\n', '\r']) || value.starts_with('"') {
        doubled(value)
    } else {
        value.to_owned()
    }
}

/// RFC 4180. An empty text is quoted, so that it is not taken for NULL.
fn csv(value: Option<&str>) -> String {
    match value {
        None => String::new(),
        Some(value) if value.is_empty() || value.contains(['"', ',', '\n', '\r']) => doubled(value),
        Some(value) if value.trim() != value => doubled(value),
        Some(value) => value.to_owned(),
    }
}

fn doubled(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\"\""))
}

fn markdown(columns: &[Column], rows: &Values) -> String {
    let cell = |value: &str| {
        value.replace('\\', "\\\\").replace('|', "\\|").replace("\r\n", "<br>").replace(['\n', '\r'], "<br>")
    };
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(columns.iter().map(|column| cell(&column.name)).collect());
    let rules = columns.iter().map(|column| if is_number(column) { "---:" } else { "---" }.to_owned());
    text.push_str(&line(rules.collect()));
    for row in rows {
        text.push_str(&line(
            row.iter().map(|value| value.as_deref().map_or("NULL".to_owned(), cell)).collect(),
        ));
    }
    text
}

fn json(columns: &[Column], rows: &Values) -> String {
    let names = distinct_names(columns);
    let mut text = "[".to_owned();
    for (at, row) in rows.iter().enumerate() {
        text.push_str(if at > 0 { ",\n  {" } else { "\n  {" });
        for (at, ((name, column), value)) in names.iter().zip(columns).zip(row).enumerate() {
            text.push_str(if at > 0 { ", " } else { "" });
            quote(name, &mut text);
            text.push_str(": ");
            json_value(column, value.as_deref(), &mut text);
        }
        text.push('}');
    }
    text.push_str(if rows.is_empty() { "]\n" } else { "\n]\n" });
    text
}

fn json_value(column: &Column, value: Option<&str>, out: &mut String) {
    let Some(value) = value else { return out.push_str("null") };
    match column.kind {
        ColumnKind::Boolean if matches!(value, "true" | "false") => out.push_str(value),
        // A floating point number is written with just the digits that give it back.
        ColumnKind::Number
            if matches!(column.type_name.as_str(), "FLOAT" | "DOUBLE")
                && value.parse::<f64>().is_ok_and(f64::is_finite) =>
        {
            out.push_str(value);
        }
        ColumnKind::Integer | ColumnKind::Number if is_exact(value) => out.push_str(value),
        ColumnKind::Nested => match Json::parse(value) {
            Some(tree) => tree.write_exact(out),
            None => quote(value, out),
        },
        _ => quote(value, out),
    }
}

/// The names, each once: a second `a` is `a_2`.
fn distinct_names(columns: &[Column]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(columns.len());
    for column in columns {
        let candidates = (2..).map(|number| format!("{}_{number}", column.name));
        let name = std::iter::once(column.name.clone()).chain(candidates).find(|name| !names.contains(name));
        names.push(name.unwrap_or_default());
    }
    names
}

fn insert(columns: &[Column], rows: &Values) -> Result<String, String> {
    let names: Vec<String> = distinct_names(columns).iter().map(|name| quoted(name)).collect();
    let mut text = format!("INSERT INTO my_table ({}) VALUES", names.join(", "));
    for (at, row) in rows.iter().enumerate() {
        text.push_str(if at > 0 { ",\n  (" } else { "\n  (" });
        for (at, (column, value)) in columns.iter().zip(row).enumerate() {
            let literal = sql_literal::value(&column.type_name, value.as_deref()).ok_or_else(|| {
                format!(
                    "{} is {}, which SQL has no literals for: leave the column out, or copy as JSON.",
                    column.name, column.type_name
                )
            })?;
            text.push_str(if at > 0 { ", " } else { "" });
            text.push_str(&literal);
        }
        text.push(')');
    }
    text.push_str(";\n");
    Ok(text)
}

fn is_number(column: &Column) -> bool {
    matches!(column.kind, ColumnKind::Integer | ColumnKind::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: CopyFormat, expected: &str) {
        let column = |name: &str, type_name: &str, kind| Column {
            name: name.to_owned(),
            type_name: type_name.to_owned(),
            kind,
            nullable: true,
        };
        let columns = [
            column("id", "BIGINT", ColumnKind::Integer),
            column("a b", "STRING", ColumnKind::Text),
            column("a b", "DECIMAL(20,2)", ColumnKind::Number),
            column("n", "ARRAY<BIGINT>", ColumnKind::Nested),
        ];
        let row = |values: [Option<&str>; 4]| values.map(|value| value.map(str::to_owned)).to_vec();
        let rows = vec![
            row([
                Some("9007199254740993"),
                Some("x\t\"y\"|z\nw"),
                Some("1.50"),
                Some("[1,9007199254740993]"),
            ]),
            row([Some("2"), None, Some("123456789012345678.25"), None]),
            row([Some("3"), Some(""), None, Some("[]")]),
        ];
        assert_eq!(write(format, &columns, &rows).unwrap(), expected);
    }

    #[test]
    fn each_format_quotes_as_it_must() {
        check(
            CopyFormat::Tsv,
            "9007199254740993\t\"x\t\"\"y\"\"|z\nw\"\t1.50\t[1,9007199254740993]\n2\t\t123456789012345678.25\t\n3\t\t\t[]",
        );
        check(
            CopyFormat::Csv,
            "id,a b,a b,n\n9007199254740993,\"x\t\"\"y\"\"|z\nw\",1.50,\"[1,9007199254740993]\"\n2,,123456789012345678.25,\n3,\"\",,[]\n",
        );
        check(
            CopyFormat::Markdown,
            "| id | a b | a b | n |\n| ---: | --- | ---: | --- |\n\
             | 9007199254740993 | x\t\"y\"\\|z<br>w | 1.50 | [1,9007199254740993] |\n\
             | 2 | NULL | 123456789012345678.25 | NULL |\n| 3 |  | NULL | [] |\n",
        );
        check(
            CopyFormat::Json,
            "[\n  {\"id\": \"9007199254740993\", \"a b\": \"x\\t\\\"y\\\"|z\\nw\", \"a b_2\": 1.50, \"n\": [1,\"9007199254740993\"]},\n  \
             {\"id\": 2, \"a b\": null, \"a b_2\": \"123456789012345678.25\", \"n\": null},\n  \
             {\"id\": 3, \"a b\": \"\", \"a b_2\": null, \"n\": []}\n]\n",
        );
        check(
            CopyFormat::Insert,
            "INSERT INTO my_table (id, `a b`, `a b_2`, n) VALUES\n  \
             (9007199254740993, 'x\t\"y\"|z\nw', CAST('1.50' AS DECIMAL(20,2)), make_array(1, 9007199254740993)),\n  \
             (2, NULL, CAST('123456789012345678.25' AS DECIMAL(20,2)), NULL),\n  (3, '', NULL, make_array());\n",
        );
    }
}
