//! The profile of a column: what its values are like, and what each figure is from.
//!
//! First comes what metadata knows, then what a sample shows; all rows are read only when a person asks for it.

mod ask;
mod known;
mod statements;

pub(crate) use ask::{Drawn, LinesOf, Profiler, Stage};
pub(crate) use known::{Known, read as read_known};
pub(crate) use statements::Shape;

use crate::asked::Answer;
use crate::display;
use tarn_rpc::ErrorReport;

/// A sample is so many rows.
pub(crate) const SAMPLE_ROWS: u64 = 100_000;
/// Of many columns it is fewer rows, as the engine holds them.
const SAMPLE_CELLS: u64 = 2_000_000;
/// The bins of a histogram, at most.
pub(crate) const BINS: usize = 20;
/// The shares of the rows that quantiles are of.
pub(crate) const QUANTILES: [(u32, &str); 5] =
    [(5, "5 %"), (25, "25 %"), (50, "median"), (75, "75 %"), (95, "95 %")];

/// What figures are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basis {
    /// Statistics that the file or table carries.
    Statistics {
        /// Whether they are as good as the values: bounds of long texts are cut, and those of numbers leave NaN out.
        is_exact: bool,
    },
    /// Some rows: those that the engine reads first, of several parts of a file at a time.
    Sample {
        /// How many.
        rows: u64,
        /// Of how many, where that is known.
        of: Option<u64>,
    },
    /// All rows.
    All {
        /// How many.
        rows: u64,
    },
}

impl Basis {
    /// In words, to follow a figure.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Statistics { is_exact: true } => "exact, from statistics".to_owned(),
            Self::Statistics { is_exact: false } => {
                "from statistics, which may be cut or leave NaN out".to_owned()
            }
            Self::Sample { rows, of: Some(of) } => {
                format!("from {} of {}", display::count(rows), display::counted(of, "row"))
            }
            Self::Sample { rows, of: None } => format!("from {}, not all", display::counted(rows, "row")),
            Self::All { rows } => format!("from all {}", display::counted(rows, "row")),
        }
    }

    /// The same in a word or two.
    pub(crate) fn short(self) -> &'static str {
        match self {
            Self::Statistics { .. } => "statistics",
            Self::Sample { .. } => "sample",
            Self::All { .. } => "all rows",
        }
    }
}

/// A part of a profile with what it is from, or why it is not there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part<T> {
    /// What it is from.
    pub(crate) basis: Basis,
    /// It.
    pub(crate) found: Result<T, ErrorReport>,
}

/// The figures of a column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scalars {
    /// Rows.
    pub(crate) rows: u64,
    /// Rows that are not null.
    pub(crate) filled: u64,
    /// The least value.
    pub(crate) least: Option<String>,
    /// The greatest value.
    pub(crate) greatest: Option<String>,
    /// The mean, of numbers.
    pub(crate) mean: Option<String>,
    /// The least of what the histogram counts: values, points in time as numbers, or lengths.
    pub(crate) low: Option<String>,
    /// The greatest of that.
    pub(crate) high: Option<String>,
    /// Rows that are NaN.
    pub(crate) nans: u64,
    /// Rows that are infinite.
    pub(crate) infinities: u64,
}

/// A bin of a histogram. It is described by what is in it, so nothing is rounded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bin {
    /// Rows in it.
    pub(crate) rows: u64,
    /// The least value in it.
    pub(crate) least: Option<String>,
    /// The greatest value in it.
    pub(crate) greatest: Option<String>,
}

/// A value and how many rows have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counted {
    /// The value.
    pub(crate) value: Option<String>,
    /// The rows.
    pub(crate) rows: u64,
}

impl Scalars {
    /// Rows that are null.
    pub(crate) fn nulls(&self) -> u64 {
        self.rows.saturating_sub(self.filled)
    }

    /// Those of a column in an answer; `at` tells columns apart.
    fn read(answer: &Answer, at: usize) -> Self {
        let name = |name: &str| format!("{name}_{at}");
        let text = |of: &str| answer.value(0, &name(of)).map(str::to_owned);
        let number = |of: &str| answer.number(0, &name(of)).unwrap_or_default();
        Self {
            rows: answer.number(0, "all_rows").unwrap_or_default(),
            filled: number("filled"),
            least: text("least"),
            greatest: text("greatest"),
            mean: text("mean"),
            low: text("low"),
            high: text("high"),
            nans: number("nans"),
            infinities: number("infinities"),
        }
    }
}

/// The bins of an answer; those that it does not name are empty.
fn bins(answer: &Answer, count: usize) -> Vec<Bin> {
    let mut bins = vec![Bin::default(); count];
    for row in 0..answer.rows.len() {
        let at = answer.number(row, "bin").and_then(|at| usize::try_from(at).ok());
        if let Some(bin) = at.and_then(|at| bins.get_mut(at)) {
            *bin = Bin {
                rows: answer.number(row, "n").unwrap_or_default(),
                least: answer.value(row, "least").map(str::to_owned),
                greatest: answer.value(row, "greatest").map(str::to_owned),
            };
        }
    }
    bins
}

fn counted(answer: &Answer) -> Vec<Counted> {
    let of = |row: usize| Counted {
        value: answer.value(row, "x").map(str::to_owned),
        rows: answer.number(row, "n").unwrap_or_default(),
    };
    (0..answer.rows.len()).map(of).collect()
}

/// The value at each rank, of rows that say which ranks a value has.
fn at_ranks(answer: &Answer, ranks: &[u64]) -> Vec<Option<String>> {
    let at = |rank: u64| {
        let has = |row: &usize| {
            answer.number(*row, "before").is_some_and(|before| before < rank)
                && answer.number(*row, "upto").is_some_and(|upto| upto >= rank)
        };
        let row = (0..answer.rows.len()).find(has)?;
        answer.value(row, "x").map(str::to_owned)
    };
    ranks.iter().map(|rank| at(*rank)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tarn_rpc::{Column, ColumnKind};

    fn answer(names: &[&str], rows: &[&[&str]]) -> Answer {
        let column = |name: &&str| Column {
            name: (*name).to_owned(),
            type_name: "STRING".to_owned(),
            kind: ColumnKind::Text,
            nullable: true,
        };
        let row = |row: &&[&str]| row.iter().map(|value| Some((*value).to_owned())).collect();
        Answer { columns: names.iter().map(column).collect(), rows: rows.iter().map(row).collect() }
    }

    #[test]
    fn quantiles_are_values_that_are_there() {
        let answer =
            answer(&["x", "before", "upto"], &[&["a", "0", "3"], &["b", "3", "4"], &["c", "9", "10"]]);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(at_ranks(&answer, &[1, 3, 4, 10]), [some("a"), some("a"), some("b"), some("c")]);
        assert_eq!(at_ranks(&answer, &[5]), [None]);
    }

    #[test]
    fn bins_without_rows_are_empty() {
        let answer =
            answer(&["bin", "n", "least", "greatest"], &[&["2", "7", "-1", "4"], &["9", "1", "0", "0"]]);
        let found = bins(&answer, 3);
        assert_eq!(found.iter().map(|bin| bin.rows).collect::<Vec<_>>(), [0, 0, 7]);
        assert_eq!(found[2].greatest.as_deref(), Some("4"));
    }

    #[test]
    fn figures_say_what_they_are_from() {
        let sample = Basis::Sample { rows: 100_000, of: Some(3_000_000) };
        assert_eq!(sample.words(), "from 100,000 of 3,000,000 rows");
        assert_eq!(Basis::All { rows: 1 }.words(), "from all 1 row");
    }
}
