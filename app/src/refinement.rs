//! How a result is looked at: sorted, filtered, with fields of structs as columns. As data, as SQL, and in words.

use crate::display;
use crate::sql_literal;
use crate::sql_type::SqlType;
use std::sync::Arc;
use tarn_rpc::{Column, ColumnKind};

/// A column that the rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sort {
    /// Which.
    pub(crate) column: usize,
    /// Whether the greatest comes first.
    pub(crate) is_descending: bool,
}

/// What a value must be to stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Test {
    /// A text that has this one in it, in whatever case.
    Contains,
    /// A text that has not.
    Lacks,
    /// This.
    Equals,
    /// Not this; NULL is not this.
    Differs,
    /// More than this.
    Greater,
    /// Less than this.
    Less,
    /// From this to that, both counted.
    Between,
    /// NULL.
    IsNull,
    /// Not NULL.
    NotNull,
}

/// A condition on a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Which column.
    pub(crate) column: usize,
    /// What its values must be.
    pub(crate) test: Test,
    /// What they are compared with.
    pub(crate) value: String,
    /// The other end of [`Test::Between`].
    pub(crate) to: String,
}

/// A field of a struct that is shown as a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// The column of the struct: of the result, or another field.
    pub(crate) parent: usize,
    /// The name.
    pub(crate) name: String,
}

/// How a result is looked at. Columns are counted through: those of the result, then the fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Refinement {
    /// The columns that it is sorted by, the first before the second.
    pub(crate) sorts: Vec<Sort>,
    /// The conditions; all hold.
    pub(crate) filters: Vec<Filter>,
    /// Fields that are columns.
    pub(crate) fields: Vec<Field>,
}

impl Test {
    /// The tests that a column can have.
    pub(crate) fn of(column: &Column) -> &'static [Self] {
        use Test::{Between, Contains, Differs, Equals, Greater, IsNull, Lacks, Less, NotNull};
        match column.kind {
            ColumnKind::Text if column.type_name == "STRING" => {
                &[Contains, Lacks, Equals, Differs, Greater, Less, Between, IsNull, NotNull]
            }
            ColumnKind::Integer | ColumnKind::Number => {
                &[Greater, Less, Equals, Differs, Between, IsNull, NotNull]
            }
            ColumnKind::Temporal if !column.type_name.starts_with("INTERVAL") => {
                &[Greater, Less, Equals, Differs, Between, IsNull, NotNull]
            }
            ColumnKind::Boolean => &[Equals, Differs, IsNull, NotNull],
            _ => &[IsNull, NotNull],
        }
    }

    /// In words, as in “delay is more than 60”.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Contains => "contains",
            Self::Lacks => "does not contain",
            Self::Equals => "is",
            Self::Differs => "is not",
            Self::Greater => "is more than",
            Self::Less => "is less than",
            Self::Between => "is between",
            Self::IsNull => "is null",
            Self::NotNull => "is not null",
        }
    }

    /// How many values it compares with.
    pub(crate) fn operands(self) -> usize {
        match self {
            Self::IsNull | Self::NotNull => 0,
            Self::Between => 2,
            _ => 1,
        }
    }
}

impl Filter {
    /// Only rows with this value.
    pub(crate) fn only(column: usize, value: Option<String>) -> Self {
        let test = if value.is_some() { Test::Equals } else { Test::IsNull };
        Self { column, test, value: value.unwrap_or_default(), to: String::new() }
    }

    /// Only rows without it.
    pub(crate) fn without(column: usize, value: Option<String>) -> Self {
        let test = if value.is_some() { Test::Differs } else { Test::NotNull };
        Self { column, test, value: value.unwrap_or_default(), to: String::new() }
    }

    /// The condition, or what is wrong with its values.
    pub(crate) fn sql(&self, expression: &str, column: &Column) -> Result<String, String> {
        let literal = |typed: &str| operand(typed, column);
        Ok(match self.test {
            Test::IsNull => format!("{expression} IS NULL"),
            Test::NotNull => format!("{expression} IS NOT NULL"),
            Test::Contains => {
                format!("contains(lower({expression}), lower({}))", sql_literal::text(&self.value))
            }
            // A NULL has nothing in it.
            Test::Lacks => format!(
                "{expression} IS NULL OR NOT contains(lower({expression}), lower({}))",
                sql_literal::text(&self.value)
            ),
            Test::Equals => format!("{expression} = {}", literal(&self.value)?),
            Test::Differs => format!("{expression} IS DISTINCT FROM {}", literal(&self.value)?),
            Test::Greater => format!("{expression} > {}", literal(&self.value)?),
            Test::Less => format!("{expression} < {}", literal(&self.value)?),
            Test::Between => {
                format!("{expression} BETWEEN {} AND {}", literal(&self.value)?, literal(&self.to)?)
            }
        })
    }

    /// In words: `delay > 60`.
    pub(crate) fn words(&self, column: &Column) -> String {
        let name = &column.name;
        let shown = |value: &str| match column.kind {
            ColumnKind::Integer | ColumnKind::Number => display::with_thousands(value.trim()),
            ColumnKind::Text => format!("“{}”", shortened(value)),
            _ => shortened(value.trim()),
        };
        match self.test {
            Test::IsNull | Test::NotNull => format!("{name} {}", self.test.words()),
            Test::Greater => format!("{name} > {}", shown(&self.value)),
            Test::Less => format!("{name} < {}", shown(&self.value)),
            Test::Between => format!("{name} between {} and {}", shown(&self.value), shown(&self.to)),
            Test::Contains | Test::Lacks | Test::Equals | Test::Differs => {
                format!("{name} {} {}", self.test.words(), shown(&self.value))
            }
        }
    }
}

impl Refinement {
    /// Whether the rows are those of the result as they are.
    pub(crate) fn is_plain(&self) -> bool {
        self.sorts.is_empty() && self.filters.is_empty() && self.fields.is_empty()
    }

    /// A click on a column's head: ascending, descending, off. `adds` keeps the sorts that there are.
    pub(crate) fn turn_sort(&mut self, column: usize, adds: bool) {
        let at = self.sorts.iter().position(|sort| sort.column == column);
        let next = match at.and_then(|at| self.sorts.get(at)) {
            None => Some(Sort { column, is_descending: false }),
            Some(sort) if !sort.is_descending => Some(Sort { column, is_descending: true }),
            Some(_) => None,
        };
        if !adds {
            self.sorts = next.into_iter().collect();
            return;
        }
        match (at, next) {
            (Some(at), Some(next)) => {
                if let Some(sort) = self.sorts.get_mut(at) {
                    *sort = next;
                }
            }
            (Some(at), None) => self.remove_sort(at),
            (None, next) => self.sorts.extend(next),
        }
    }

    /// Sorts no longer by one of the columns.
    pub(crate) fn remove_sort(&mut self, at: usize) {
        if at < self.sorts.len() {
            self.sorts.remove(at);
        }
    }

    /// Leaves a condition out.
    pub(crate) fn remove_filter(&mut self, at: usize) {
        if at < self.filters.len() {
            self.filters.remove(at);
        }
    }

    /// A column as SQL writes it, over a result of so many columns.
    pub(crate) fn expression(&self, column: usize, result_columns: usize) -> String {
        match column.checked_sub(result_columns).and_then(|at| self.fields.get(at)) {
            // A parent comes before its fields, so this ends.
            Some(field) if field.parent < column => {
                let parent = self.expression(field.parent, result_columns);
                format!("{parent}[{}]", sql_literal::text(&field.name))
            }
            _ => format!("c{column}"),
        }
    }

    /// The columns: those of the result, then the fields.
    pub(crate) fn columns(&self, result: &[Column]) -> Arc<[Column]> {
        let mut columns = result.to_vec();
        for field in &self.fields {
            let Some(parent) = columns.get(field.parent) else { continue };
            let of = SqlType::parse(&parent.type_name);
            let of = of.fields().iter().find(|(name, _)| *name == field.name).map(|(_, of)| of.clone());
            let type_name = of.map(|of| of.name()).unwrap_or_default();
            columns.push(Column {
                name: format!("{}.{}", parent.name, field.name),
                kind: kind_of(&type_name),
                type_name,
                nullable: true,
            });
        }
        columns.into()
    }

    /// The query over the result, or what is wrong with a filter's values.
    pub(crate) fn sql(&self, result: &[Column]) -> Result<String, String> {
        let columns = self.columns(result);
        let expression = |column| self.expression(column, result.len());
        let selected: Vec<String> = (0..columns.len())
            .map(|column| match expression(column) {
                plain if column < result.len() => plain,
                field => format!("{field} AS c{column}"),
            })
            .collect();
        // Rows keep the order that they had, also where they are the same in what they are sorted by: the engine works on
        // parts of them side by side.
        let mut sql = format!(
            "SELECT {} FROM (SELECT *, row_number() OVER () AS place FROM __tarn.result)",
            selected.join(", ")
        );
        for (at, filter) in self.filters.iter().enumerate() {
            let Some(column) = columns.get(filter.column) else { continue };
            // In brackets, as the engine takes all that follows IS DISTINCT FROM for its other side.
            sql.push_str(if at == 0 { " WHERE (" } else { " AND (" });
            sql.push_str(&filter.sql(&expression(filter.column), column)?);
            sql.push(')');
        }
        for (at, sort) in self.sorts.iter().enumerate() {
            sql.push_str(if at == 0 { " ORDER BY " } else { ", " });
            sql.push_str(&expression(sort.column));
            sql.push_str(if sort.is_descending { " DESC" } else { " ASC" });
        }
        sql.push_str(if self.sorts.is_empty() { " ORDER BY place" } else { ", place" });
        Ok(sql)
    }
}

/// Whether rows can be sorted by a column.
pub(crate) fn can_sort(column: &Column) -> bool {
    column.kind != ColumnKind::Nested
}

/// A value that a person gave, as a literal that compares with a column's values.
fn operand(typed: &str, column: &Column) -> Result<String, String> {
    let bare = typed.trim();
    let wrong = |what: &str| {
        Err(format!("“{}” is no {what}, but {} is {}.", shortened(typed), column.name, column.type_name))
    };
    match column.kind {
        ColumnKind::Integer | ColumnKind::Number
            if matches!(column.type_name.as_str(), "FLOAT" | "DOUBLE") =>
        {
            match bare.parse::<f64>() {
                Ok(_) => Ok(format!("CAST({} AS {})", sql_literal::text(bare), column.type_name)),
                Err(_) => wrong("number"),
            }
        }
        ColumnKind::Integer | ColumnKind::Number => {
            let plain = bare.replace([',', '_', ' '], "");
            sql_literal::exact_number(&plain).map_or_else(|| wrong("number of up to 38 digits"), Ok)
        }
        ColumnKind::Boolean => match bare.to_ascii_lowercase().as_str() {
            known @ ("true" | "false") => Ok(known.to_owned()),
            _ => wrong("true or false"),
        },
        ColumnKind::Temporal if !bare.starts_with(|first: char| first.is_ascii_digit() || first == '-') => {
            wrong("date or time")
        }
        _ => sql_literal::value(
            &column.type_name,
            Some(if column.kind == ColumnKind::Text { typed } else { bare }),
        )
        .ok_or_else(|| format!("{} cannot be compared: it is {}.", column.name, column.type_name)),
    }
}

/// How a field's values are drawn.
fn kind_of(type_name: &str) -> ColumnKind {
    match type_name.split(['(', '<']).next().unwrap_or_default() {
        "TINYINT" | "SMALLINT" | "INT" | "BIGINT" => ColumnKind::Integer,
        "DECIMAL" | "FLOAT" | "DOUBLE" => ColumnKind::Number,
        "BOOLEAN" => ColumnKind::Boolean,
        "BINARY" => ColumnKind::Binary,
        "ARRAY" | "MAP" | "STRUCT" | "VARIANT" => ColumnKind::Nested,
        "DATE" | "TIMESTAMP" | "TIMESTAMP_NTZ" | "TIME" => ColumnKind::Temporal,
        of if of.starts_with("INTERVAL") => ColumnKind::Temporal,
        _ => ColumnKind::Text,
    }
}

fn shortened(value: &str) -> String {
    const CHARACTERS: usize = 40;
    match value.char_indices().nth(CHARACTERS) {
        Some((at, _)) => format!("{}…", value.get(..at).unwrap_or(value)),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<Column> {
        let column = |name: &str, type_name: &str| Column {
            name: name.to_owned(),
            type_name: type_name.to_owned(),
            kind: kind_of(type_name),
            nullable: true,
        };
        vec![
            column("delay", "BIGINT"),
            column("name", "STRING"),
            column("at", "TIMESTAMP"),
            column("place", "STRUCT<x: DOUBLE, in: STRUCT<it's: DATE>>"),
            column("amount", "DECIMAL(10,2)"),
        ]
    }

    fn filter(column: usize, test: Test, value: &str, to: &str) -> Filter {
        Filter { column, test, value: value.to_owned(), to: to.to_owned() }
    }

    #[test]
    fn a_refinement_is_a_query() {
        let field = |parent, name: &str| Field { parent, name: name.to_owned() };
        let refinement = Refinement {
            sorts: vec![Sort { column: 2, is_descending: true }, Sort { column: 7, is_descending: false }],
            filters: vec![
                filter(0, Test::Greater, "1,000", ""),
                filter(1, Test::Contains, "o'x\\", ""),
                filter(5, Test::IsNull, "", ""),
            ],
            fields: vec![field(3, "x"), field(3, "in"), field(6, "it's")],
        };
        assert_eq!(
            refinement.sql(&columns()).unwrap(),
            "SELECT c0, c1, c2, c3, c4, c3['x'] AS c5, c3['in'] AS c6, c3['in']['it''s'] AS c7 \
             FROM (SELECT *, row_number() OVER () AS place FROM __tarn.result) \
             WHERE (c0 > 1000) AND (contains(lower(c1), lower('o''x\\'))) AND (c3['x'] IS NULL) \
             ORDER BY c2 DESC, c3['in']['it''s'] ASC, place"
        );
        let shown = refinement.columns(&columns());
        let fields: Vec<(&str, &str)> =
            shown.iter().skip(5).map(|column| (column.name.as_str(), column.type_name.as_str())).collect();
        assert_eq!(
            fields,
            [("place.x", "DOUBLE"), ("place.in", "STRUCT<it's: DATE>"), ("place.in.it's", "DATE")]
        );
        assert_eq!(shown.last().unwrap().kind, ColumnKind::Temporal);
    }

    #[test]
    fn values_are_compared_as_their_columns_are() {
        let columns = columns();
        for (filter, sql, words) in [
            (filter(0, Test::Less, "1.5", ""), "x < CAST('1.5' AS DECIMAL(2,1))", "delay < 1.5"),
            (filter(1, Test::Equals, " a", ""), "x = ' a'", "name is “ a”"),
            (
                filter(2, Test::Between, "2024-01-01", "2024-02-01T00:00:00Z"),
                "x BETWEEN TIMESTAMP '2024-01-01' AND TIMESTAMP '2024-02-01T00:00:00Z'",
                "at between 2024-01-01 and 2024-02-01T00:00:00Z",
            ),
            (
                Filter::without(4, Some("1.20".to_owned())),
                "x IS DISTINCT FROM CAST('1.20' AS DECIMAL(3,2))",
                "amount is not 1.20",
            ),
            (Filter::only(4, None), "x IS NULL", "amount is null"),
        ] {
            let column = &columns[filter.column];
            assert_eq!(filter.sql("x", column).unwrap(), sql);
            assert_eq!(filter.words(column), words);
        }
        assert_eq!(
            filter(0, Test::Less, "ten", "").sql("x", &columns[0]).unwrap_err(),
            "“ten” is no number of up to 38 digits, but delay is BIGINT."
        );
        assert!(filter(2, Test::Less, "soon", "").sql("x", &columns[2]).is_err());
        assert_eq!(Test::of(&columns[3]), [Test::IsNull, Test::NotNull]);
    }

    #[test]
    fn a_head_turns_through_its_sorts() {
        let mut refinement = Refinement::default();
        let sorts = |refinement: &Refinement| -> Vec<(usize, bool)> {
            refinement.sorts.iter().map(|sort| (sort.column, sort.is_descending)).collect()
        };
        refinement.turn_sort(0, false);
        refinement.turn_sort(1, true);
        assert_eq!(sorts(&refinement), [(0, false), (1, false)]);
        refinement.turn_sort(0, true);
        assert_eq!(sorts(&refinement), [(0, true), (1, false)]);
        refinement.turn_sort(0, true);
        assert_eq!(sorts(&refinement), [(1, false)]);
        refinement.turn_sort(2, false);
        assert_eq!(sorts(&refinement), [(2, false)]);
        refinement.turn_sort(2, false);
        refinement.turn_sort(2, false);
        assert!(refinement.is_plain());
    }
}
