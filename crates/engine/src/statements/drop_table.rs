//! DROP TABLE.

use super::done;
use super::open::TargetPlace;
use crate::query::Query;
use crate::session::Run;
use crate::{Error, ErrorKind, Result, names};
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectStore;
use tarn_delta::TableStore;
use tarn_dialect::DropTable;

pub(super) async fn run(run: &Run<'_>, drop: &DropTable) -> Result<Query> {
    let target = TargetPlace::of(run, &drop.name)?;
    if target.find(run).await?.is_none() {
        if drop.if_exists {
            return Ok(done(run));
        }
        let message = format!("There is no table {}", names::quoted(&drop.name.to_string()));
        return Err(Error::new(ErrorKind::NotFound, message)
            .hint("SHOW TABLES lists the tables")
            .at(target.position));
    }
    remove(&target.store(run)?).await?;
    Ok(done(run))
}

/// Removes a table's files.
pub(super) async fn remove(table: &TableStore) -> Result<()> {
    // The log goes first: without it there is no table, whatever is left of its files.
    let log = table.root.clone().join("_delta_log");
    for folder in [log, table.root.clone()] {
        let store = &table.store;
        let paths = store.list(Some(&folder)).map_ok(|meta| meta.location).boxed();
        store.delete_stream(paths).try_collect::<Vec<_>>().await?;
    }
    Ok(())
}
