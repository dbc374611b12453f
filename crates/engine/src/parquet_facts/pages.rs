//! Data pages, for files that have page indexes: one row a page.

use super::bounds::{Bounds, arrow_schema};
use super::{Column, Footer, file_names, long, numbers, texts};
use crate::Result;

struct Page<'a> {
    footer: &'a Footer,
    group: usize,
    column: usize,
    path: String,
    page: usize,
    first_row: i64,
    rows: i64,
    offset: i64,
    compressed_size: i64,
    nulls: Option<i64>,
    bounds: (Option<String>, Option<String>),
}

pub(super) fn rows(footers: &[Footer]) -> Result<Vec<Column>> {
    let mut pages = Vec::new();
    for footer in footers {
        let Some(offsets) = footer.metadata.offset_index() else { continue };
        let arrow = arrow_schema(&footer.metadata)?;
        for (group, of_group) in footer.metadata.row_groups().iter().enumerate() {
            for (column, chunk) in of_group.columns().iter().enumerate() {
                let Some(index) = offsets.get(group).and_then(|columns| columns.get(column)) else {
                    continue;
                };
                let bounds = Bounds::of_pages(&footer.metadata, &arrow, group, column);
                let nulls = footer.metadata.column_index().and_then(|index| index.get(group)?.get(column));
                let locations = index.page_locations();
                for (page, location) in locations.iter().enumerate() {
                    let next =
                        locations.get(page + 1).map_or(of_group.num_rows(), |next| next.first_row_index);
                    pages.push(Page {
                        footer,
                        group,
                        column,
                        path: chunk.column_path().string(),
                        page,
                        first_row: location.first_row_index,
                        rows: next - location.first_row_index,
                        offset: location.offset,
                        compressed_size: location.compressed_page_size.into(),
                        nulls: nulls
                            .filter(|index| index.null_counts().is_some())
                            .and_then(|index| index.null_count(page)),
                        bounds: bounds.texts(page),
                    });
                }
            }
        }
    }
    let all = || pages.iter();
    Ok(vec![
        file_names(all().map(|page| page.footer)),
        numbers("row_group_id", all().map(|page| long(page.group))),
        numbers("column_id", all().map(|page| long(page.column))),
        texts("path_in_schema", all().map(|page| Some(page.path.as_str()))),
        numbers("page_id", all().map(|page| long(page.page))),
        numbers("first_row", all().map(|page| Some(page.first_row))),
        numbers("num_rows", all().map(|page| Some(page.rows))),
        numbers("page_offset", all().map(|page| Some(page.offset))),
        numbers("compressed_size", all().map(|page| Some(page.compressed_size))),
        numbers("null_count", all().map(|page| page.nulls)),
        texts("min_value", all().map(|page| page.bounds.0.as_deref())),
        texts("max_value", all().map(|page| page.bounds.1.as_deref())),
    ])
}
