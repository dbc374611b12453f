//! A lakehouse over a folder of its own.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use tarn_lakehouse::format::JsonArrayWriter;
use tarn_lakehouse::{Error, Lakehouse, Options, Session, split};
use tarn_storage::Stores;
use tarn_storage_local::local_store;
use tempfile::TempDir;
use url::Url;

pub(crate) struct Home {
    pub(crate) folder: TempDir,
    pub(crate) lakehouse: Lakehouse,
    pub(crate) session: Session,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self::with_memory(1 << 30, false)
    }

    pub(crate) fn with_memory(memory_limit_bytes: usize, spills: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lakehouse = open(folder.path(), memory_limit_bytes, spills);
        let session = lakehouse.session();
        Self { folder, lakehouse, session }
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::File::create(path).unwrap().write_all(content.as_ref()).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// The rows of the script's last statement, as JSON text.
    pub(crate) async fn try_rows(&self, sql: &str) -> Result<String, Error> {
        // Boxed: a test of many statements would not fit a thread's stack.
        Box::pin(run(&self.lakehouse, &self.session, sql)).await
    }

    pub(crate) async fn rows(&self, sql: &str) -> String {
        match self.try_rows(sql).await {
            Ok(rows) => rows,
            Err(error) => panic!("{sql}: {error:?}"),
        }
    }

    pub(crate) async fn error(&self, sql: &str) -> Error {
        match self.try_rows(sql).await {
            Ok(rows) => panic!("{sql}: {rows}"),
            Err(error) => error,
        }
    }
}

pub(crate) fn open(folder: &Path, memory_limit_bytes: usize, spills: bool) -> Lakehouse {
    let stores = Stores::new(1 << 20);
    stores.register(&Url::parse("file:///").unwrap(), local_store());
    let base = Url::from_directory_path(folder).unwrap();
    let options = Options { base, memory_limit_bytes, partitions: 2, spills };
    Lakehouse::open(Arc::new(stores), options).unwrap()
}

pub(crate) async fn run(lakehouse: &Lakehouse, session: &Session, sql: &str) -> Result<String, Error> {
    let mut text = String::new();
    for statement in split(sql) {
        let mut running = session.start(&statement?, &lakehouse.control()).await?;
        let mut writer = JsonArrayWriter::new(running.schema());
        text = String::new();
        while let Some(batch) = running.next().await? {
            text.push_str(&writer.rows(&batch));
        }
        text.push_str(writer.finish());
    }
    Ok(text.replace(",\n", ",").trim_end().to_owned())
}
