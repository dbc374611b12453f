//! The rooms of the page.

pub(crate) mod query;
pub(crate) mod ui_parts;
