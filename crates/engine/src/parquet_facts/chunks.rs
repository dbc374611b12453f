//! Column chunks: one row for each column of each row group.

use super::bounds::{Bounds, arrow_schema};
use super::{Column, Footer, file_names, long, numbers, texts};
use crate::Result;
use datafusion::parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};

struct Chunk<'a> {
    footer: &'a Footer,
    group_id: usize,
    group: &'a RowGroupMetaData,
    column_id: usize,
    column: &'a ColumnChunkMetaData,
    bounds: (Option<String>, Option<String>),
}

pub(super) fn rows(footers: &[Footer]) -> Result<Vec<Column>> {
    let mut chunks = Vec::new();
    for footer in footers {
        let arrow = arrow_schema(&footer.metadata)?;
        let groups = footer.metadata.row_groups();
        let columns = footer.metadata.file_metadata().schema_descr().num_columns();
        let bounds: Vec<Bounds> =
            (0..columns).map(|column| Bounds::of_groups(&footer.metadata, &arrow, column)).collect();
        for (group_id, group) in groups.iter().enumerate() {
            for (column_id, column) in group.columns().iter().enumerate() {
                let bounds = bounds.get(column_id).map(|bounds| bounds.texts(group_id)).unwrap_or_default();
                chunks.push(Chunk { footer, group_id, group, column_id, column, bounds });
            }
        }
    }
    let all = || chunks.iter();
    let count = |number: Option<u64>| number.and_then(|number| i64::try_from(number).ok());
    Ok(vec![
        file_names(all().map(|chunk| chunk.footer)),
        numbers("row_group_id", all().map(|chunk| long(chunk.group_id))),
        numbers("row_group_num_rows", all().map(|chunk| Some(chunk.group.num_rows()))),
        numbers("row_group_bytes", all().map(|chunk| Some(chunk.group.total_byte_size()))),
        numbers("column_id", all().map(|chunk| long(chunk.column_id))),
        texts("path_in_schema", all().map(|chunk| Some(chunk.column.column_path().string()))),
        texts("type", all().map(|chunk| Some(chunk.column.column_type().to_string()))),
        numbers("num_values", all().map(|chunk| Some(chunk.column.num_values()))),
        numbers(
            "stats_null_count",
            all().map(|chunk| {
                count(chunk.column.statistics().and_then(|statistics| statistics.null_count_opt()))
            }),
        ),
        numbers(
            "stats_distinct_count",
            all().map(|chunk| {
                count(chunk.column.statistics().and_then(|statistics| statistics.distinct_count_opt()))
            }),
        ),
        texts("stats_min_value", all().map(|chunk| chunk.bounds.0.as_deref())),
        texts("stats_max_value", all().map(|chunk| chunk.bounds.1.as_deref())),
        texts("compression", all().map(|chunk| Some(chunk.column.compression_codec().to_string()))),
        texts(
            "encodings",
            all().map(|chunk| {
                let names: Vec<String> =
                    chunk.column.encodings().map(|encoding| encoding.to_string()).collect();
                Some(names.join(", "))
            }),
        ),
        numbers("dictionary_page_offset", all().map(|chunk| chunk.column.dictionary_page_offset())),
        numbers("data_page_offset", all().map(|chunk| Some(chunk.column.data_page_offset()))),
        numbers("total_compressed_size", all().map(|chunk| Some(chunk.column.compressed_size()))),
        numbers("total_uncompressed_size", all().map(|chunk| Some(chunk.column.uncompressed_size()))),
        numbers("bloom_filter_offset", all().map(|chunk| chunk.column.bloom_filter_offset())),
        numbers("bloom_filter_length", all().map(|chunk| chunk.column.bloom_filter_length().map(i64::from))),
        numbers("column_index_offset", all().map(|chunk| chunk.column.column_index_offset())),
        numbers("offset_index_offset", all().map(|chunk| chunk.column.offset_index_offset())),
    ])
}
