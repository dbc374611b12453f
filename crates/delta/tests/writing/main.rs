//! Writing tables: data files, commits, conflicts, checkpoints, history.

mod checkpoints;
mod data_files;
mod support;
mod transactions;

/// Futures are `Send` from the stores up.
#[tokio::test]
async fn futures_are_send() {
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    let table = support::Table::create(support::plain_metadata()).await;
    let snapshot = table.newest().await;
    is_send(tarn_delta::checkpoint_writer::write_checkpoint(&snapshot)).await.unwrap();
    is_send(tarn_delta::maintenance::after_commit(&snapshot, 0)).await.unwrap();
    is_send(tarn_delta::maintenance::clean_log(&snapshot)).await.unwrap();
    is_send(tarn_delta::vacuum::unneeded_files(&snapshot, 0)).await.unwrap();
    let entries = is_send(tarn_delta::history::history(&snapshot, None)).await.unwrap();
    is_send(tarn_delta::history::version_at(&table.store, entries[0].timestamp_millis)).await.unwrap();
    is_send(tarn_delta::change_feed::changes(&snapshot, 0)).await.unwrap_err();
}
