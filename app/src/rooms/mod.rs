//! The rooms of the page.

pub(crate) mod data;
mod opening;
pub(crate) mod profile;
pub(crate) mod query;
mod rows_grid;
pub(crate) mod ui_parts;
mod value;
