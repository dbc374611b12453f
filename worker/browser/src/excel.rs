//! Rows that go out as an Excel file, by a program of its own that is fetched when it is first needed.

use crate::export::{one_query, wanted_session};
use crate::run::{self, Shown};
use crate::tab::Tab;
use crate::{convert, post};
use js_sys::{Function, Promise, Reflect};
use object_store::path::Path;
use object_store::{ObjectStore, PutOptions};
use std::rc::Rc;
use tarn_lakehouse::{Error, ErrorKind, KeptResult, Result};
use tarn_rpc::ExportRows;
use tarn_storage_opfs::OutStore;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// The format's name.
pub(crate) const FORMAT: &str = "xlsx";
/// What fetches the program; `worker.js` has it.
const LOADER: &str = "loadExcel";
/// Rows that are handed over at once.
const ROWS_AT_ONCE: u32 = 2_000;
/// Rows of a sheet below its head.
const MAX_ROWS: u64 = 1_048_575;

#[wasm_bindgen]
extern "C" {
    type Program;

    #[wasm_bindgen(method, getter, js_name = Sheet)]
    fn sheet(this: &Program) -> Function;

    type Sheet;

    #[wasm_bindgen(method, catch)]
    fn add(this: &Sheet, rows: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn finish(this: &Sheet) -> Result<js_sys::Uint8Array, JsValue>;
}

/// Writes rows as a sheet.
pub(crate) async fn export(
    tab: &Rc<Tab>,
    id: u64,
    rows: ExportRows,
    name: &str,
    out: &OutStore,
) -> Result<u64> {
    match rows {
        ExportRows::Result { result } => {
            let shape = tab.with_result(result, |kept| (convert::columns(kept.schema()), kept.rows()))?;
            write(name, out, shape, |offset| tab.with_result(result, |kept| kept.texts(offset, ROWS_AT_ONCE)))
                .await
        }
        ExportRows::Query { sql, session, parameters } => {
            let open = tab.opened()?;
            let statement = one_query(&sql)?;
            let session = wanted_session(tab, session)?;
            let shown = Shown { tab, open: &open, id };
            let kept: KeptResult =
                run::gather(&shown, &session, &statement, &convert::parameters(parameters)?, MAX_ROWS)
                    .await?;
            let shape = (convert::columns(kept.schema()), kept.rows());
            write(name, out, shape, |offset| Ok(kept.texts(offset, ROWS_AT_ONCE))).await
        }
    }
}

async fn write(
    name: &str,
    out: &OutStore,
    (columns, rows): (Vec<tarn_rpc::Column>, u64),
    texts: impl Fn(u64) -> Result<Vec<Vec<Option<String>>>>,
) -> Result<u64> {
    if rows > MAX_ROWS {
        return Err(too_many());
    }
    let program = load().await.map_err(|error| failed(&error))?;
    let columns = serde_json::to_string(&columns)
        .map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
    let sheet = Reflect::construct(&program.sheet(), &js_sys::Array::of1(&columns.into()));
    let sheet: Sheet = sheet.map_err(|error| failed(&error))?.unchecked_into();
    let mut offset = 0;
    while offset < rows {
        let part = texts(offset)?;
        let text = serde_json::to_string(&part)
            .map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        sheet.add(&text).map_err(|error| failed(&error))?;
        offset += part.len().max(1) as u64;
        // The page is answered meanwhile.
        tarn_platform::yield_now().await;
    }
    let bytes = sheet.finish().map_err(|error| failed(&error))?.to_vec();
    out.put_opts(&Path::from(name), bytes.into(), PutOptions::default()).await?;
    Ok(rows)
}

/// More rows than a sheet has.
pub(crate) fn too_many() -> Error {
    Error::new(ErrorKind::Invalid, "A sheet of Excel has 1,048,576 rows, and there are more")
        .hint("Filter or aggregate the rows, or export CSV or Parquet")
}

async fn load() -> Result<Program, JsValue> {
    let loader: Function = Reflect::get(&post::scope(), &LOADER.into())?.dyn_into()?;
    let promise: Promise = loader.call0(&JsValue::UNDEFINED)?.dyn_into()?;
    Ok(JsFuture::from(promise).await?.unchecked_into())
}

fn failed(error: &JsValue) -> Error {
    let message = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
    Error::new(
        ErrorKind::Invalid,
        message.unwrap_or_else(|| "The Excel file could not be written".to_owned()),
    )
    .hint("CSV and Parquet have no such limits")
}
