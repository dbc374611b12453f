//! The SQL of a profile. Each statement reads a column as `x`, from a sample or from all rows.

use super::{BINS, SAMPLE_ROWS, Scalars};
use crate::source::{ColumnOf, literal};

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

/// Which rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The first of them.
    Sample,
    /// All.
    All,
}

impl Extent {
    fn limit(self) -> String {
        match self {
            Self::Sample => format!(" LIMIT {SAMPLE_ROWS}"),
            Self::All => String::new(),
        }
    }
}

/// The rows of a column, as `x`.
fn rows_of(column: &ColumnOf, extent: Extent) -> String {
    format!("(SELECT {} AS x FROM {}{})", column.sql(), column.source.sql(), extent.limit())
}

fn is_finite(key: &str) -> String {
    format!("({key} > CAST('-Infinity' AS DOUBLE) AND {key} < CAST('Infinity' AS DOUBLE))")
}

/// The figures of a column that one pass over its values gives. `suffix` tells columns apart.
fn scalar_expressions(shape: Shape, x: &str, suffix: &str) -> Vec<String> {
    let mut list = vec![format!("count({x}) AS filled{suffix}")];
    if shape.has_bounds() {
        list.push(format!("min({x}) AS least{suffix}"));
        list.push(format!("max({x}) AS greatest{suffix}"));
    }
    if shape.has_mean() {
        // The sum of wide decimals does not fit a decimal.
        list.push(format!("avg(CAST({x} AS DOUBLE)) AS mean{suffix}"));
    }
    if let Some(key) = shape.key(x) {
        let only =
            if shape == Shape::Real { format!(" FILTER (WHERE {})", is_finite(&key)) } else { String::new() };
        list.push(format!("min({key}){only} AS low{suffix}"));
        list.push(format!("max({key}){only} AS high{suffix}"));
    }
    if shape == Shape::Real {
        list.push(format!("count({x}) FILTER (WHERE isnan({x})) AS nans{suffix}"));
        list.push(format!(
            "count({x}) FILTER (WHERE abs({x}) = CAST('Infinity' AS DOUBLE)) AS infinities{suffix}"
        ));
    }
    list
}

/// The figures of one column.
pub(super) fn scalars(column: &ColumnOf, extent: Extent) -> String {
    let list = scalar_expressions(Shape::of(&column.type_name), "x", "");
    format!("SELECT count(*) AS all_rows, {} FROM {}", list.join(", "), rows_of(column, extent))
}

/// The figures of several columns of one source, from a sample.
pub(super) fn scalars_of_all(columns: &[ColumnOf]) -> Option<String> {
    let source = columns.first()?.source.sql();
    let (mut read, mut list) = (Vec::new(), Vec::new());
    for (at, column) in columns.iter().enumerate() {
        read.push(format!("{} AS x{at}", column.sql()));
        list.extend(scalar_expressions(Shape::of(&column.type_name), &format!("x{at}"), &format!("_{at}")));
    }
    Some(format!(
        "SELECT count(*) AS all_rows, {} FROM (SELECT {} FROM {source}{})",
        list.join(", "),
        read.join(", "),
        Extent::Sample.limit()
    ))
}

/// How many different values there are.
pub(super) fn distinct(column: &ColumnOf, extent: Extent) -> String {
    format!("SELECT count(DISTINCT x) AS n FROM {}", rows_of(column, extent))
}

/// The values that most rows have.
pub(super) fn top(column: &ColumnOf, extent: Extent, count: usize) -> String {
    format!(
        "SELECT x, count(*) AS n FROM {} WHERE x IS NOT NULL GROUP BY x ORDER BY n DESC, x LIMIT {count}",
        rows_of(column, extent)
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
pub(super) fn at_ranks(column: &ColumnOf, extent: Extent, ranks: &[u64]) -> String {
    let wanted =
        ranks.iter().map(|rank| format!("(c - n < {rank} AND c >= {rank})")).collect::<Vec<_>>().join(" OR ");
    format!(
        "SELECT x, c - n AS before, c AS upto FROM (SELECT x, n, sum(n) OVER (ORDER BY x) AS c FROM \
         (SELECT x, count(*) AS n FROM {} WHERE x IS NOT NULL GROUP BY x)) WHERE {wanted} ORDER BY c",
        rows_of(column, extent)
    )
}

/// The statement of a histogram and how many bins it has; `None` where there is nothing to count.
pub(super) fn histogram(column: &ColumnOf, extent: Extent, scalars: &Scalars) -> Option<(String, usize)> {
    let shape = Shape::of(&column.type_name);
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
                let part = |text: &str| format!("CAST({} AS DOUBLE) / {BINS}", literal(text));
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
            let shift = format!("{} - {}", whole("k"), whole(&literal(low)));
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
            rows_of(column, extent)
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
            histogram(&column(type_name), Extent::All, &within(low, high)).map(|(_, count)| count)
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
