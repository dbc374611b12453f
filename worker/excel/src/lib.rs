//! Rows as an Excel file (.xlsx): a small program of its own, which the engine's worker fetches when a person first asks for
//! one, and whose memory goes with it.
#![cfg(target_arch = "wasm32")]

mod value;

use rust_xlsxwriter::{Format, FormatBorder, Workbook, XlsxError};
use serde::Deserialize;
use value::{Kind, Value};
use wasm_bindgen::prelude::*;

/// Rows of a sheet, the head among them. <https://support.microsoft.com/office/excel-specifications-and-limits>
const MAX_ROWS: u32 = 1_048_576;
const MAX_COLUMNS: usize = 16_384;
const SHEET: &str = "Rows";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Column {
    name: String,
    type_name: String,
}

/// A workbook of one sheet that is being filled.
#[wasm_bindgen]
pub struct Sheet {
    workbook: Workbook,
    columns: Vec<(String, Kind)>,
    /// The next row to write; 0 is the head.
    row: u32,
    date: Format,
    timestamp: Format,
}

#[wasm_bindgen]
impl Sheet {
    /// A sheet with a head. `columns` is JSON: `[{ "name": …, "typeName": "BIGINT" }, …]`.
    ///
    /// # Errors
    /// When there are more columns than a sheet has.
    #[wasm_bindgen(constructor)]
    pub fn new(columns: &str) -> Result<Sheet, JsError> {
        let columns: Vec<Column> = serde_json::from_str(columns)?;
        if columns.len() > MAX_COLUMNS {
            return Err(JsError::new(&format!(
                "A sheet of Excel has {MAX_COLUMNS} columns, and there are {}",
                columns.len()
            )));
        }
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        sheet.set_name(SHEET)?;
        sheet.set_freeze_panes(1, 0)?;
        let head = Format::new().set_bold().set_border_bottom(FormatBorder::Thin);
        for (at, column) in (0_u16..).zip(&columns) {
            sheet.write_string_with_format(0, at, &column.name, &head)?;
            let width = column.name.chars().count().clamp(10, 40) as f64 + 2.0;
            sheet.set_column_width(at, width)?;
        }
        Ok(Self {
            workbook,
            columns: columns.into_iter().map(|column| (column.name, Kind::of(&column.type_name))).collect(),
            row: 1,
            date: Format::new().set_num_format("yyyy-mm-dd"),
            timestamp: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss.000"),
        })
    }

    /// Adds rows: JSON, an array of arrays of texts, `null` for NULL.
    ///
    /// # Errors
    /// When there are more rows than a sheet has, or a text is longer than a cell holds.
    pub fn add(&mut self, rows: &str) -> Result<(), JsError> {
        let rows: Vec<Vec<Option<String>>> = serde_json::from_str(rows)?;
        for row in rows {
            if self.row >= MAX_ROWS {
                return Err(JsError::new(&format!(
                    "A sheet of Excel has {MAX_ROWS} rows, and there are more"
                )));
            }
            let sheet = self.workbook.worksheet_from_name(SHEET)?;
            for ((at, text), (name, kind)) in (0_u16..).zip(row).zip(&self.columns) {
                let Some(text) = text else { continue };
                let written = match Value::of(*kind, &text) {
                    Value::Number(number) => sheet.write_number(self.row, at, number),
                    Value::Boolean(value) => sheet.write_boolean(self.row, at, value),
                    Value::Date(date) => sheet.write_datetime_with_format(self.row, at, date, &self.date),
                    Value::Timestamp(time) => {
                        sheet.write_datetime_with_format(self.row, at, time, &self.timestamp)
                    }
                    Value::Text => sheet.write_string(self.row, at, &text),
                };
                match written {
                    Ok(_) => {}
                    Err(XlsxError::MaxStringLengthExceeded) => {
                        return Err(JsError::new(&format!(
                            "A cell of Excel holds 32,767 characters, and {name} in row {} has more",
                            self.row
                        )));
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            self.row += 1;
        }
        Ok(())
    }

    /// The file.
    ///
    /// # Errors
    /// When it cannot be put together.
    pub fn finish(mut self) -> Result<Vec<u8>, JsError> {
        let last_column = u16::try_from(self.columns.len().saturating_sub(1))?;
        if !self.columns.is_empty() && self.row > 1 {
            let sheet = self.workbook.worksheet_from_name(SHEET)?;
            sheet.autofilter(0, 0, self.row - 1, last_column)?;
        }
        Ok(self.workbook.save_to_buffer()?)
    }
}
