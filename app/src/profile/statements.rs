//! The SQL of a profile. Each statement reads a column as `x`, from a sample that the engine holds or from all rows.

use super::{BINS, Scalars};
use crate::source::ColumnOf;
use crate::sql_literal;
use tarn_rpc::Over;

/// What can be asked of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Whole numbers.
    Integer,
    /// Floating point numbers.
    Real,
    /// Decimal numbers.
    Decimal,
    /// Days and points in time.
    Time,
    /// True and false.
    Boolean,
    /// Texts, whose lengths are counted.
    Text,
    /// Times of a day: they have an order.
    Ordered,
    /// Bytes, of which only lengths are shown.
    Binary,
    /// Lists and maps, of which only lengths are shown.
    List,
    /// What else there is: only nulls.
    Opaque,
}

impl Shape {
    /// Of a type.
    pub(crate) fn of(type_name: &str) -> Self {
        let word: String =
            type_name.chars().take_while(|char| char.is_ascii_alphabetic() || *char == '_').collect();
        match word.as_str() {
            "TINYINT" | "SMALLINT" | "INT" | "BIGINT" => Self::Integer,
            "FLOAT" | "DOUBLE" => Self::Real,
            "DECIMAL" => Self::Decimal,
            "DATE" | "TIMESTAMP" | "TIMESTAMP_NTZ" => Self::Time,
            "BOOLEAN" => Self::Boolean,
            "STRING" => Self::Text,
            "TIME" => Self::Ordered,
            "BINARY" => Self::Binary,
            "ARRAY" | "MAP" => Self::List,
            _ => Self::Opaque,
        }
    }

    /// Whether values have an order that means something to a person.
    pub(crate) fn has_bounds(self) -> bool {
        !matches!(self, Self::Binary | Self::List | Self::Opaque)
    }

    /// Whether values are counted one by one.
    pub(crate) fn has_distinct(self) -> bool {
        self.has_bounds() || self == Self::Binary
    }

    /// Whether values lie on a line.
    pub(crate) fn has_quantiles(self) -> bool {
        matches!(self, Self::Integer | Self::Real | Self::Decimal | Self::Time)
    }

    /// Whether values can be added up.
    pub(crate) fn has_mean(self) -> bool {
        matches!(self, Self::Integer | Self::Real | Self::Decimal)
    }

    /// Whether the histogram is of lengths.
    pub(crate) fn is_by_length(self) -> bool {
        matches!(self, Self::Text | Self::Binary | Self::List)
    }

    /// What the histogram counts, of a column; `None` where there is no histogram.
    fn key(self, x: &str) -> Option<String> {
        Some(match self {
            Self::Integer => x.to_owned(),
            Self::Real | Self::Decimal => format!("CAST({x} AS DOUBLE)"),
            Self::Time => format!("CAST({x} AS BIGINT)"),
            Self::Text => format!("length({x})"),
            // As there is no length of bytes, that of their digits.
            Self::Binary => format!("CAST(length(encode({x}, 'hex')) / 2 AS BIGINT)"),
            Self::List => format!("CAST(cardinality({x}) AS BIGINT)"),
            Self::Boolean | Self::Ordered | Self::Opaque => return None,
        })
    }
}

/// The rows of a column, as `x`, and how they are read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rows {
    from: String,
    shape: Shape,
    /// What the statement must see.
    pub(super) over: Over,
}

impl Rows {
    /// All rows of a column.
    pub(super) fn all(column: &ColumnOf) -> Self {
        Self {
            from: format!("(SELECT {} AS x FROM {})", column.sql(), column.source.sql()),
            shape: Shape::of(&column.type_name),
            over: column.source.over(),
        }
    }

    /// Those of a sample that the engine holds, where the column has this place.
    pub(super) fn held(result: u64, place: usize, column: &ColumnOf) -> Self {
        Self {
            from: format!("(SELECT c{place} AS x FROM __tarn.result)"),
            shape: Shape::of(&column.type_name),
            over: Over::Result { result },
        }
    }
}

/// A sample of columns of one source. Which rows it has is up to the engine, which reads several parts of a file at a time:
/// so it is taken once, and everything is asked of it.
pub(super) fn sample(columns: &[ColumnOf], rows: u64) -> Option<String> {
    let source = columns.first()?.source.sql();
    let read = columns.iter().enumerate().map(|(at, column)| format!("{} AS x{at}", column.sql()));
    Some(format!("SELECT {} FROM {source} LIMIT {rows}", read.collect::<Vec<_>>().join(", ")))
}

fn is_finite(key: &str) -> String {
    format!("({key} > CAST('-Infinity' AS DOUBLE) AND {key} < CAST('Infinity' AS DOUBLE))")
}

/// The figures that one pass over the values `x` and their keys `k` gives. `at` tells columns apart.
fn scalar_expressions(shape: Shape, at: usize) -> Vec<String> {
    let (x, k) = (format!("x{at}"), format!("k{at}"));
    let mut list = vec![format!("count({x}) AS filled_{at}")];
    if shape.has_bounds() {
        list.push(format!("min({x}) AS least_{at}"));
        list.push(format!("max({x}) AS greatest_{at}"));
    }
    if shape.has_mean() {
        // The sum of wide decimals does not fit a decimal: their keys are numbers.
        list.push(format!("avg({k}) AS mean_{at}"));
    }
    if shape.key(&x).is_some() {
        let only =
            if shape == Shape::Real { format!(" FILTER (WHERE {})", is_finite(&k)) } else { String::new() };
        list.push(format!("min({k}){only} AS low_{at}"));
        list.push(format!("max({k}){only} AS high_{at}"));
    }
    if shape == Shape::Real {
        list.push(format!("count({x}) FILTER (WHERE isnan({x})) AS nans_{at}"));
        list.push(format!(
            "count({x}) FILTER (WHERE abs({x}) = CAST('Infinity' AS DOUBLE)) AS infinities_{at}"
        ));
    }
    list
}

/// A value and its key. Keys are columns of a query within, as two expressions that differ by a cast have one name.
fn with_key(shape: Shape, x: &str, at: usize) -> String {
    match shape.key(x) {
        Some(key) => format!("{x} AS x{at}, {key} AS k{at}"),
        None => format!("{x} AS x{at}"),
    }
}

/// The figures of one column.
pub(super) fn scalars(rows: &Rows) -> String {
    let list = scalar_expressions(rows.shape, 0);
    let inner = with_key(rows.shape, "x", 0);
    format!("SELECT count(*) AS all_rows, {} FROM (SELECT {inner} FROM {})", list.join(", "), rows.from)
}

/// The figures of the columns of a sample that the engine holds.
pub(super) fn scalars_of_all(columns: &[ColumnOf]) -> String {
    let shapes = || columns.iter().map(|column| Shape::of(&column.type_name)).enumerate();
    let read = shapes().map(|(at, shape)| with_key(shape, &format!("c{at}"), at));
    let list = shapes().flat_map(|(at, shape)| scalar_expressions(shape, at));
    format!(
        "SELECT count(*) AS all_rows, {} FROM (SELECT {} FROM __tarn.result)",
        list.collect::<Vec<_>>().join(", "),
        read.collect::<Vec<_>>().join(", ")
    )
}

/// How many different values there are.
pub(super) fn distinct(rows: &Rows) -> String {
    format!("SELECT count(DISTINCT x) AS n FROM {}", rows.from)
}

/// The values that most rows have.
pub(super) fn top(rows: &Rows, count: usize) -> String {
    format!(
        "SELECT x, count(*) AS n FROM {} WHERE x IS NOT NULL GROUP BY x ORDER BY n DESC, x LIMIT {count}",
        rows.from
    )
}

/// The ranks of quantiles among so many values, from 1: the nearest rank, so that a quantile is a value that is there.
pub(super) fn ranks(filled: u64, percents: &[u32]) -> Vec<u64> {
    percents
        .iter()
        .map(|percent| (u128::from(filled) * u128::from(*percent)).div_ceil(100).max(1) as u64)
        .collect()
}

/// The values at these ranks. Values are counted before they are put in order, so few different ones are quick.
pub(super) fn at_ranks(rows: &Rows, ranks: &[u64]) -> String {
    let wanted =
        ranks.iter().map(|rank| format!("(c - n < {rank} AND c >= {rank})")).collect::<Vec<_>>().join(" OR ");
    format!(
        "SELECT x, c - n AS before, c AS upto FROM (SELECT x, n, sum(n) OVER (ORDER BY x) AS c FROM \
         (SELECT x, count(*) AS n FROM {} WHERE x IS NOT NULL GROUP BY x)) WHERE {wanted} ORDER BY c",
        rows.from
    )
}

/// The statement of a histogram and how many bins it has; `None` where there is nothing to count.
pub(super) fn histogram(rows: &Rows, scalars: &Scalars) -> Option<(String, usize)> {
    let shape = rows.shape;
    let key = shape.key("x")?;
    let (low, high) = (scalars.low.as_deref()?, scalars.high.as_deref()?);
    let (place, count, only) = match shape {
        Shape::Real | Shape::Decimal => {
            let (from, to) = (low.parse::<f64>().ok()?, high.parse::<f64>().ok()?);
            let only = if shape == Shape::Real { is_finite("k") } else { "k IS NOT NULL".to_owned() };
            if from == to {
                ("0".to_owned(), 1, only)
            } else {
                // Each bound is divided first: their difference may be too great for a number.
                let part = |text: &str| format!("CAST({} AS DOUBLE) / {BINS}", sql_literal::text(text));
                let place = format!(
                    "(k / {BINS} - {low}) / ({high} - {low}) * {BINS}",
                    low = part(low),
                    high = part(high)
                );
                (place, BINS, only)
            }
        }
        _ => {
            let (from, to) = (low.parse::<i128>().ok()?, high.parse::<i128>().ok()?);
            let range = to - from + 1;
            let width = (range + BINS as i128 - 1) / BINS as i128;
            let count = usize::try_from((range + width - 1) / width).ok()?;
            // Differences of whole numbers are exact, however large these are.
            let whole = |text: &str| format!("CAST({text} AS DECIMAL(20,0))");
            let shift = format!("{} - {}", whole("k"), whole(&sql_literal::text(low)));
            (format!("CAST({shift} AS DOUBLE) / {width}"), count.min(BINS), "k IS NOT NULL".to_owned())
        }
    };
    let last = count.saturating_sub(1);
    let shown = if shape.is_by_length() { "k" } else { "x" };
    Some((
        format!(
            "SELECT bin, count(*) AS n, min({shown}) AS least, max({shown}) AS greatest FROM \
             (SELECT x, k, least({last}, greatest(0, CAST(floor({place}) AS INT))) AS bin FROM \
             (SELECT x, {key} AS k FROM {}) WHERE {only}) GROUP BY bin ORDER BY bin",
            rows.from
        ),
        count,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Source, kind_of};

    fn column(type_name: &str) -> ColumnOf {
        ColumnOf {
            source: Source::of_path("a.parquet"),
            path: vec!["v".to_owned()],
            place: 0,
            type_name: type_name.to_owned(),
            kind: kind_of(type_name),
        }
    }

    fn within(low: &str, high: &str) -> Scalars {
        Scalars { low: Some(low.to_owned()), high: Some(high.to_owned()), ..Scalars::default() }
    }

    #[test]
    fn ranks_are_of_values_that_are_there() {
        assert_eq!(ranks(1, &[5, 50, 95]), [1, 1, 1]);
        assert_eq!(ranks(4, &[5, 25, 50, 75, 95]), [1, 1, 2, 3, 4]);
        assert_eq!(ranks(u64::MAX, &[100]), [u64::MAX]);
    }

    #[test]
    fn bins_of_whole_numbers_are_equal_and_exact() {
        let count = |type_name: &str, low: &str, high: &str| {
            histogram(&Rows::all(&column(type_name)), &within(low, high)).map(|(_, count)| count)
        };
        assert_eq!(count("INT", "7", "7"), Some(1));
        assert_eq!(count("INT", "1", "5"), Some(5));
        assert_eq!(count("INT", "1", "25"), Some(13));
        assert_eq!(count("BIGINT", "-9223372036854775808", "9223372036854775807"), Some(20));
        assert_eq!(count("DOUBLE", "0.5", "0.5"), Some(1));
        assert_eq!(count("DOUBLE", "-1.7976931348623157e308", "1.7976931348623157e308"), Some(20));
        assert_eq!(count("BOOLEAN", "0", "1"), None);
        assert_eq!(count("STRUCT<a: INT>", "0", "1"), None);
    }

    #[test]
    fn types_have_shapes() {
        for (type_name, shape) in [
            ("DECIMAL(38,2)", Shape::Decimal),
            ("TIMESTAMP_NTZ", Shape::Time),
            ("TIME(6)", Shape::Ordered),
            ("MAP<STRING, INT>", Shape::List),
            ("VOID", Shape::Opaque),
        ] {
            assert_eq!(Shape::of(type_name), shape);
        }
    }
}
