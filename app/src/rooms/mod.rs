//! The rooms of the page.

pub(crate) mod compute;
pub(crate) mod data;
pub(crate) mod home;
mod opening;
pub(crate) mod profile;
pub(crate) mod query;
mod rows_grid;
pub(crate) mod ui_parts;
mod value;
