//! Profiles on the page: of one column in a sheet, of all columns of a source as lines.

mod bars;
mod columns;
mod sheet;

pub(crate) use bars::{Share, percent};
pub(crate) use columns::Columns;
pub(crate) use sheet::{ProfileSheet, SurveySheet};
