//! A lake that is broken and mended: which statements are refused, with what, and that they change nothing.

use crate::home::{Home, open, run};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tarn_lakehouse::{Error, ErrorKind, Lakehouse, Session};

/// Files below a folder and what they hold.
pub(crate) type Files = BTreeMap<PathBuf, Vec<u8>>;

fn collect(folder: &Path, into: &mut Files) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else {
            into.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
}

/// A lake with the table `t`.
pub(crate) struct Lake {
    pub(crate) home: Home,
    pub(crate) good: Files,
}

/// How a table is broken.
pub(crate) type Damage = fn(&Lake);

/// What is broken, what errors say of it, and what still works: statements and their rows. `{data}` stands for the path of
/// the data file of version 2, `{vector}` for the name of the file of deletion vectors.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) damage: Damage,
    pub(crate) says: &'static [&'static str],
    pub(crate) works: &'static [(&'static str, &'static str)],
}

/// A lakehouse and its session.
struct Opened {
    lakehouse: Lakehouse,
    session: Session,
}

impl Opened {
    async fn try_rows(&self, sql: &str) -> Result<String, Error> {
        Box::pin(run(&self.lakehouse, &self.session, sql)).await
    }
}

impl Lake {
    pub(crate) async fn new(sql: &str) -> Self {
        let home = Home::new();
        home.rows(sql).await;
        let mut lake = Self { home, good: Files::new() };
        lake.good = lake.files();
        lake
    }

    /// Two partitions; one of the data files of the first is that of version 2.
    pub(crate) async fn of_three_versions() -> Self {
        Self::new(
            "CREATE TABLE t (id INT NOT NULL, v STRING, p DATE) PARTITIONED BY (p); \
             INSERT INTO t VALUES (1, 'a', DATE '2024-01-01'), (2, 'b', DATE '2024-01-02'); \
             INSERT INTO t VALUES (3, 'c', DATE '2024-01-01'); INSERT INTO t VALUES (4, 'd', DATE '2024-01-02')",
        )
        .await
    }

    pub(crate) fn files(&self) -> Files {
        let mut files = Files::new();
        collect(&self.home.path("main"), &mut files);
        files
    }

    /// Makes all files what they were, and takes others away.
    pub(crate) fn mend(&self) {
        for path in self.files().keys().filter(|path| !self.good.contains_key(*path)) {
            std::fs::remove_file(path).unwrap();
        }
        for (path, content) in &self.good {
            std::fs::write(path, content).unwrap();
        }
    }

    /// Another lakehouse over the files, whose caches know nothing of them.
    fn open(&self) -> Opened {
        let lakehouse = open(self.home.folder.path(), 1 << 30, false);
        let session = lakehouse.session();
        Opened { lakehouse, session }
    }

    pub(crate) fn in_table(&self, name: &str) -> PathBuf {
        self.home.path("main/default/t").join(name)
    }

    pub(crate) fn in_log(&self, name: &str) -> PathBuf {
        self.in_table("_delta_log").join(name)
    }

    pub(crate) fn commit(&self, version: u64) -> PathBuf {
        self.in_log(&format!("{version:020}.json"))
    }

    pub(crate) fn actions(&self, version: u64) -> Vec<Value> {
        let text = std::fs::read_to_string(self.commit(version)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn put_actions(&self, version: u64, actions: &[Value]) {
        let text: String = actions.iter().map(|action| format!("{action}\n")).collect();
        std::fs::write(self.commit(version), text).unwrap();
    }

    /// Changes the actions of a kind in a commit.
    pub(crate) fn edit(&self, version: u64, kind: &str, change: impl Fn(&mut Value)) {
        let mut actions = self.actions(version);
        let mut changed = 0;
        for action in actions.iter_mut().filter_map(|action| action.get_mut(kind)) {
            change(action);
            changed += 1;
        }
        assert!(changed > 0, "version {version} has no {kind}");
        self.put_actions(version, &actions);
    }

    /// Has the first action of a kind in a commit twice.
    pub(crate) fn repeat(&self, version: u64, kind: &str) {
        let mut actions = self.actions(version);
        let again = actions.iter().find(|action| action.get(kind).is_some()).unwrap().clone();
        actions.push(again);
        self.put_actions(version, &actions);
    }

    fn add(&self) -> Value {
        let actions = self.actions(2);
        actions.iter().find_map(|action| action.get("add")).unwrap().clone()
    }

    pub(crate) fn data(&self) -> String {
        self.add()["path"].as_str().unwrap().to_owned()
    }

    pub(crate) fn vector(&self) -> Option<String> {
        let mut files = self.good.keys().filter_map(|path| path.file_name()?.to_str());
        files.rfind(|name| name.starts_with("deletion_vector_")).map(str::to_owned)
    }

    /// Puts what a query gives in the place of the data file of version 2, and tells the log its size.
    pub(crate) fn replace_data(&self, file: &str) {
        let bytes = std::fs::read(self.home.path(file)).unwrap();
        self.edit(2, "add", |add| add["size"] = json!(bytes.len()));
        std::fs::write(self.in_table(&self.data()), bytes).unwrap();
    }

    pub(crate) async fn check(&self, case: &Case, refused: &[&str]) {
        let data = self.data();
        (case.damage)(self);
        let broken = self.files();
        let fresh = self.open();
        for sql in refused {
            let error = match fresh.try_rows(sql).await {
                Err(error) => error,
                Ok(rows) => panic!("{}: {sql}: {rows}", case.name),
            };
            for says in case.says {
                let says = says.replace("{data}", &data);
                let says = says.replace("{vector}", self.vector().as_deref().unwrap_or_default());
                assert!(error.message.contains(&says), "{}: {sql}: {says}: {error:?}", case.name);
            }
            assert!(error.hint.is_some(), "{}: {sql}: {error:?}", case.name);
            assert_ne!(error.kind, ErrorKind::Internal, "{}: {sql}: {error:?}", case.name);
            assert!(self.files() == broken, "{}: {sql} changed a file", case.name);
        }
        for (sql, rows) in case.works {
            assert_eq!(fresh.try_rows(sql).await.unwrap(), *rows, "{}: {sql}", case.name);
        }
        self.mend();
        let mended = self.open();
        let write = "INSERT INTO t SELECT * FROM t WHERE id = 1; DELETE FROM t WHERE id > 1";
        let sums = mended.try_rows(&format!("{write}; SELECT count(*) AS n, sum(id) AS s FROM t")).await;
        assert_eq!(sums.unwrap(), r#"[{"n":2,"s":2}]"#, "{}", case.name);
        self.mend();
    }
}
