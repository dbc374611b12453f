//! Delta tables in queries: where they are, how they are scanned, and the statements that change them.

pub(crate) mod assign;
pub(crate) mod changes;
pub(crate) mod commit;
mod curve;
mod described;
pub(crate) mod dml;
pub(crate) mod evolve;
mod faults;
mod feed;
mod files_table;
mod fitting;
pub(crate) mod identity;
mod listed_scan;
mod mapping;
pub(crate) mod nested;
mod place;
pub(crate) mod qualifiers;
mod reader;
pub(crate) mod reads;
pub(crate) mod rewrite;
mod row_count;
mod row_ids;
pub(crate) mod rules;
mod sample;
pub(crate) mod scan;
mod skipping;
pub(crate) mod table;
pub(crate) mod whole_files;
pub(crate) mod written;

pub(crate) use described::DescribedTable;
pub(crate) use feed::{FeedBound, FeedTable};
pub(crate) use files_table::FilesTable;
pub(crate) use place::{Place, PlaceVersion};
pub(crate) use reader::OpenedFiles;
pub(crate) use table::DeltaTable;

use crate::{Error, Result};
use std::sync::Arc;
use tarn_delta::history::version_at;
use tarn_delta::snapshot::{At, Snapshot};
use tarn_delta::{FindStore, TableStore};
use tarn_storage::Stores;
use url::Url;

/// Whether the error says that there is no table.
pub(crate) fn is_absent(error: &Error) -> bool {
    matches!(cause(error), Some(tarn_delta::Error::NotATable { .. }))
}

/// Whether the error says that another writer made the table while this one did.
pub(crate) fn is_made_meanwhile(error: &Error) -> bool {
    matches!(cause(error), Some(tarn_delta::Error::AlreadyThere { .. }))
}

/// What the table's crate said.
fn cause(error: &Error) -> Option<&tarn_delta::Error> {
    error.source.as_ref().and_then(|source| source.downcast_ref())
}

/// The stores of the engine, as tables find them.
#[derive(Debug)]
struct Finder(Arc<Stores>);

impl FindStore for Finder {
    fn find(&self, url: &Url) -> tarn_delta::Result<Arc<dyn object_store::ObjectStore>> {
        self.0.get(url).map_err(|error| {
            let url = url.to_string();
            error.into_store_error("table", url).into()
        })
    }
}

/// The folder of a table.
pub(crate) fn table_store(stores: &Arc<Stores>, url: &Url) -> Result<TableStore> {
    let mounted = stores.mount(url).map_err(|error| crate::stores::from_storage(&error))?;
    TableStore::new(&mounted, Arc::new(Finder(Arc::clone(stores)))).map_err(Error::from)
}

/// Opens a version of a table.
pub(crate) async fn open(stores: &Arc<Stores>, place: &Place) -> Result<Arc<Snapshot>> {
    let table = table_store(stores, &place.url)?;
    let at = match place.version {
        PlaceVersion::Latest => At::Latest,
        PlaceVersion::Number(version) => At::Version(version),
        PlaceVersion::Time(millis) => At::Version(version_at(&table, millis).await?),
    };
    Ok(Snapshot::open(&table, at).await?)
}
